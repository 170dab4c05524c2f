"""Whatever stands around the place of a signature: it is found, and every other octet stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from kyso_pki.document import Intent
from kyso_pki.errors import FormatError
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.insertion import before, inside
from kyso_pki.xml.profiles import read_profile

from .made import AT, SEAL, Form

PROFILE = read_profile(
    b'form = "xmldsig"\ncanonicalization = "inclusive"\nprefix = ""\n[place]\npath = "k/s"\n'
    b'[[reference]]\npart = "d"\ntransforms = ["enveloped-signature"]\n'
    b'[[reference]]\nown = "signing-time"\n[signing_time]\n',
    "own",
)
SPACE = st.sampled_from(["", " ", "\n", "\r\n", "\t", "\r"])
DECLARED = st.sampled_from(
    ["", ' xmlns="urn:d"', ' xmlns=""', " xmlns:p='urn:p'", ' xml:lang="vi"', ' a="/>" b=\'>"\'']
)
LOOKALIKES = st.sampled_from(
    [
        "<!-- <s></s> </k> -->",
        "<![CDATA[<s/></s>]]>",
        "<?s <s/> ?>",
        "<s/>",
        "<s><s/></s>",
        "<s >x</s\n>",
        "<ss/>",
        "<s.a></s.a>",
        "<p:s xmlns:p='urn:p'/>",
        "<x a=\"/s>\" b='/>'/>",
        "&#60;s&gt;",
        "đ😀",
    ]
)
NOISE = st.lists(LOOKALIKES, max_size=3).map("".join)
BESIDE = st.lists(st.sampled_from(["<!-- <s></s> -->", "<?s <s/> ?>", "<t><s/></t>", "x", "<ss/>"]), max_size=3).map(
    "".join
)


@st.composite
def a_document(draw: st.DrawFn) -> str:
    """`r/{d, k/s}` and what only looks like a place anywhere around it; `\\x00` marks where the signature must go."""
    head = draw(st.sampled_from(["", "<?xml version='1.0'?>\r\n", "<?xml version='1.0'?><!-- <r> --><?s </r>?>"]))
    tail = draw(st.sampled_from(["", "\n", "<!-- </r> -->", " <?r </r>?>\n"]))
    root = draw(DECLARED.filter(lambda d: d != ' xmlns=""'))
    signed = f'<d{draw(DECLARED)} Id="x1"{draw(SPACE)}>{draw(NOISE)}</d{draw(SPACE)}>'
    empty = draw(st.booleans())
    place = draw(DECLARED)
    inner = f"<s{place}{draw(SPACE)}/>" if empty else f"<s{place}>{draw(NOISE)}\x00</s{draw(SPACE)}>"
    holder = f"<k{draw(DECLARED)}>{draw(BESIDE)}{inner}{draw(BESIDE)}</k>"
    return f"{head}<r{root}>{draw(BESIDE)}{signed}{draw(BESIDE)}{holder}{draw(BESIDE)}</r>{tail}"


@given(a_document(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]))
@settings(max_examples=250, deadline=None)
def test_the_signature_goes_into_its_place_and_every_other_octet_stays(text: str, encoding: str) -> None:
    plain = text.replace("\x00", "")
    data = plain.encode(encoding)
    if encoding == "utf-16-be":
        data = b"\xfe\xff" + data
    pending = XmlDocument(data).prepare(Intent(AT, profile=PROFILE), SEAL.chain, SEAL.scheme)
    octets = pending.finish(SEAL.sign([pending.imprint])[0])
    signed = octets.decode("utf-16" if "16" in encoding else encoding)
    made = re.search(r"<Signature xmlns=.*?</Signature>", signed, re.DOTALL)
    assert made is not None
    left = signed[: made.start()] + "\x00" + signed[made.end() :]
    if "\x00" in text:
        assert left == text
    else:  # an empty place was opened, and nothing else
        assert re.sub(r"(?<!/)>\x00</s>", "/>", left, count=1) == plain
    assert octets.startswith(data[: len(data) // 4])
    assert octets.endswith(data[-2:])
    [facts] = XmlDocument(octets).signatures()
    assert facts.references_intact, facts.findings
    assert facts.signature_intact


@given(a_document())
@settings(max_examples=150, deadline=None)
def test_every_element_is_found_where_the_parser_found_it(document: str) -> None:
    """What is inserted into the octets stands, for the parser, where it was meant to."""
    octets = document.replace("\x00", "").encode()
    root = etree.fromstring(octets)
    for number, element in enumerate(root.iter("*")):
        where = inside(octets, element)
        new = (
            octets[: where.at] + f"{where.opening}<new/>{where.closing}".encode() + octets[where.at + where.skipped :]
        )
        [added] = etree.fromstring(new).iter("{*}new")
        above = added.getparent()
        assert above is not None
        assert above[-1] is added
        assert list(above.getroottree().getroot().iter("*")).index(above) == number
        if number:
            at = before(octets, element).at
            [added] = etree.fromstring(octets[:at] + b"<new/>" + octets[at:]).iter("{*}new")
            assert list(added.getroottree().getroot().iter("*")).index(added) == number


LEGACY = {
    "windows-1258": '<?xml version="1.0" encoding="windows-1258"?><a>cong van</a>'.encode("cp1258"),
    "iso-8859-1": '<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>'.encode("latin-1"),
    "us-ascii": b'<?xml version="1.0" encoding="US-ASCII"?><a/>',
    "utf-16 without a mark": '<?xml version="1.0" encoding="UTF-16"?><a/>'.encode("utf-16-le"),
    "utf-32": '<?xml version="1.0" encoding="UTF-32"?><a/>'.encode("utf-32"),
    "utf-7": b'<?xml version="1.0" encoding="UTF-7"?><a/>',
    "utf-8 that says utf-16": b'<?xml version="1.0" encoding="UTF-16"?><a/>',
    "utf-16 that says utf-8": '<?xml version="1.0" encoding="UTF-8"?><a/>'.encode("utf-16"),
    "octets that are no utf-8": b"<a>\xff</a>",
    "half of a character at the end": "<a/>".encode("utf-16") + b"\x0a",
}


@pytest.mark.parametrize("name", list(LEGACY))
def test_other_encodings_are_refused_and_never_coded_anew(name: str) -> None:
    with pytest.raises(FormatError):
        Form(SEAL).sign(LEGACY[name])
