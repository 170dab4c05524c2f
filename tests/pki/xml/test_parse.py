"""Octets become a tree only when they are safe; whatever they are, nothing but a KysoError comes out."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kyso_pki.document import Intent
from kyso_pki.errors import EmptyInput, FormatError, KysoError, LimitExceeded
from kyso_pki.xml import parse as parsing
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.parse import attributes, elements, octets_of, parse, required, text_of

from .made import AT, LETTER, SEAL, Form, intact

ACCEPTED = {
    "utf-8": ("<a>đ</a>".encode(), "đ"),
    "declared utf-8": ('<?xml version="1.0" encoding="Utf-8" standalone=\'yes\'?><a>đ</a>'.encode(), "đ"),
    "byte order mark": ("\ufeff<a>đ</a>".encode(), "đ"),
    "utf-16": ("<a>đ</a>".encode("utf-16"), "đ"),
    "declared utf-16": ('<?xml version="1.0" encoding="utf-16"?><a>đ</a>'.encode("utf-16"), "đ"),
    "misc before the root": (b"<!-- <!DOCTYPE a> --><?p <!DOCTYPE a> ?>\n<a>x</a>", "x"),
    "predefined entities": (b"<a>&lt;&#x111;</a>", "<đ"),
}
REFUSED = {
    "nothing but space": (b"  \n", "no element"),
    "text": (b"hello", "no element"),
    "cut off": (b"<a><b></a>", "well-formed"),
    "two roots": (b"<a/><b/>", "well-formed"),
    "unbound prefix": (b"<p:a/>", "well-formed"),
    "unknown entity": (b"<a>&x;</a>", "well-formed"),
    "latin-1 declared": (b'<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>', "iso-8859-1"),
    "windows-1258 declared": (b'<?xml version="1.0" encoding="windows-1258"?><a/>', "windows-1258"),
    "utf-7 declared": (b'<?xml version="1.0" encoding="utf-7"?><a>+AGE</a>', "utf-7"),
    "utf-16 declared in utf-8": (b'<?xml version="1.0" encoding="utf-16"?><a/>', "utf-16"),
    "utf-8 declared in utf-16": ('<?xml version="1.0" encoding="utf-8"?><a/>'.encode("utf-16"), "utf-8"),
    "utf-16 without mark": ("<a/>".encode("utf-16-le"), "well-formed"),
    "utf-32": ("<a/>".encode("utf-32"), "no element|well-formed"),
    "odd utf-16": (b"\xff\xfe<\x00a\x00/\x00>", "valid UTF-16"),
    "lone surrogate in utf-16": (b"\xff\xfe\x00\xd8<\x00", "valid UTF-16"),
    "invalid utf-8": (b"<a>\xff</a>", "well-formed"),
    "overlong utf-8": (b"<a>\xc0\xaf</a>", "well-formed"),
    "surrogate in utf-8": (b"<a>\xed\xa0\x80</a>", "well-formed"),
    "nul": (b"<a>\x00</a>", "well-formed"),
    "xml 1.1": (b'<?xml version="1.1"?><a/>', "XML 1.1 is not accepted"),
    "xml 1.9": (b'<?xml version="1.9"?><a/>', "XML 1.9 is not accepted"),
    "broken declaration": (b"<?xml version=1.0?><a/>", "declaration cannot be read"),
    "endless comment": (b"<!-- <a/>", "never ends"),
    "too deep": (b"<a>" * 300 + b"</a>" * 300, "limits"),
    "too much text": (b"<a>" + b"x" * 10_000_100 + b"</a>", "limits"),
}


@pytest.mark.parametrize("name", list(ACCEPTED))
def test_accepted_documents_keep_their_text(name: str) -> None:
    data, text = ACCEPTED[name]
    assert parse(data).text == text


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_is_not_plain_xml_1_0_is_refused_with_its_reason(name: str) -> None:
    data, reason = REFUSED[name]
    with pytest.raises(FormatError, match=reason):
        parse(data)


def test_no_bytes_are_empty_input() -> None:
    with pytest.raises(EmptyInput):
        parse(b"")


def test_the_size_limit_holds_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MAX_BYTES", 100)
    with pytest.raises(LimitExceeded, match="at most 100"):
        parse(b"<a>" + b" " * 100 + b"</a>")


def test_the_number_of_tags_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MAX_TAGS", 100)
    with pytest.raises(LimitExceeded, match="102 tags"):
        parse(b"<a>" + b"<b/>" * 100 + b"</a>")


@pytest.mark.parametrize(
    "inner",
    [
        "<!-- -->",
        "<?p?>",
        "<![CDATA[QQ==]]>",
        "<b/>",
        "QQ==<!-- -->",
        "QR==",
        "QQ=",
        "Q Q = = =",
        "đ",
        "QQ==\x85",
        "-_",
    ],
)
def test_base64_has_one_spelling_and_nothing_beside_it(inner: str) -> None:
    with pytest.raises(FormatError):
        octets_of(parse(f"<a>{inner}</a>".encode()))


def test_base64_may_be_broken_into_lines() -> None:
    assert octets_of(parse(b"<a>\n Q\tQ=\r\n=\n</a>")) == b"A"


@pytest.mark.parametrize("xml", [b"<a>x<b/></a>", b"<a><b/>x</a>", b"<a><!-- --><b/></a>", b"<a><?p?></a>"])
def test_a_structure_has_nothing_but_elements(xml: bytes) -> None:
    with pytest.raises(FormatError):
        elements(parse(xml))


def test_text_and_attributes_are_read_strictly() -> None:
    assert text_of(parse(b"<a> x </a>")) == " x "
    assert text_of(parse(b"<a/>")) == ""
    assert attributes(parse(b'<a b="1"/>'), {"b"}) == {"b": "1"}
    with pytest.raises(FormatError, match="not accepted"):
        attributes(parse(b'<a b="1" c="2"/>'), {"b"})
    with pytest.raises(FormatError, match="no attribute c"):
        required(parse(b"<a/>"), "c")


SIGNED = [LETTER, Form(SEAL).sign(), Form(SEAL, "xmldsig").sign(), Form(SEAL, level="B-T").sign()]


def everything(data: bytes) -> None:
    """Opens, looks at every signature, signs."""
    with contextlib.suppress(KysoError):
        document = XmlDocument(data)
        said = [finding.text for facts in document.signatures() for finding in facts.findings]
        assert not any("unexpected" in text for text in said), said
        document.prepare(Intent(AT), SEAL.chain, SEAL.scheme)


@given(st.binary(max_size=200))
@example(b"\xff\xfe")
@example(b"<\x00")
@example(b"<?xml")
@example(b"<?xml ?><a/>")
@example(b"<!--")
@settings(max_examples=300, deadline=None)
def test_arbitrary_bytes_give_a_document_or_a_kyso_error(data: bytes) -> None:
    everything(data)
    everything(b"<a>" + data + b"</a>")


@given(st.text(alphabet="<>/!?-[]&;:= \"'aA1\n\r#xmlnsIdđ", max_size=120))
@settings(max_examples=300, deadline=None)
def test_arbitrary_markup_gives_a_document_or_a_kyso_error(text: str) -> None:
    everything(text.encode())
    everything(f"<a>{text}</a>".encode())


@given(st.sampled_from(SIGNED), st.integers(0, 1 << 20), st.binary(max_size=4), st.integers(0, 40))
@settings(max_examples=400, deadline=None)
def test_damaged_signed_documents_give_facts_or_a_kyso_error(data: bytes, at: int, new: bytes, cut: int) -> None:
    at %= len(data)
    everything(data[:at] + new + data[at + cut :])


@given(st.sampled_from(SIGNED[1:]), st.lists(st.integers(0, 60), min_size=2, max_size=2, unique=True))
@settings(max_examples=200, deadline=None)
def test_tags_moved_around_in_a_signed_document_never_leave_it_intact(data: bytes, which: list[int]) -> None:
    pieces = data.split(b"<")
    one, two = (w % (len(pieces) - 1) + 1 for w in which)
    if pieces[one] == pieces[two]:
        return
    pieces[one], pieces[two] = pieces[two], pieces[one]
    with contextlib.suppress(KysoError):
        document = XmlDocument(b"<".join(pieces))
        for facts in document.signatures():
            original = XmlDocument(data)
            assert not intact(facts) or document.signed_content(facts.id) == original.signed_content(facts.id)


def _name(number: int) -> str:
    """Names as short as can be, so that many attributes take as little room as they can."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
    return letters[number % 53] + ("" if number < 53 else letters[number // 53 - 1])


@given(
    count=st.integers(250, 262),
    blank=st.sampled_from([" ", "\n", "\t\t"]),
    value=st.sampled_from(['""', "''", '"="', '"a > b"']),
    equals=st.sampled_from(["=", " = "]),
    before=st.sampled_from(["", "<c/>" * 500, "<c d='1'>=</c>" * 400, "<!-- " + "x" * 3000 + "-->", "x" * 1281]),
    after=st.sampled_from(["", "<c/>", "=" * 2000]),
)
def test_attributes_are_counted_for_each_element_wherever_it_stands(
    count: int, blank: str, value: str, equals: str, before: str, after: str
) -> None:
    listed = "".join(f"{blank}{_name(number)}{equals}{value}" for number in range(count))
    octets = f"<a>{before}<b{listed}/>{after}</a>".encode()
    if count > parsing.MAX_ATTRIBUTES:
        with pytest.raises(LimitExceeded, match=f"more than {parsing.MAX_ATTRIBUTES} attributes"):
            parse(octets)
    else:
        assert len(next(parse(octets).iter("b")).attrib) == count
