"""X10: input that is dangerous to read. Refused before a tree is built, or bounded."""

from __future__ import annotations

from .attack import Attack, collected
from .forge import DS, EXCLUSIVE, Ref, signature
from .structure import honest


def _before(text: str, word: str = "DOCTYPE") -> Attack:
    return Attack(text.encode() + honest(), word)


def an_empty_doctype() -> Attack:
    """X10: Any DOCTYPE is refused."""
    return _before("<!DOCTYPE CongVan>")


def a_doctype_with_default_attributes() -> Attack:
    """X10: Defaults change what is signed against what is seen."""
    return _before('<!DOCTYPE CongVan [<!ATTLIST CongVan xml:id CDATA "x">]>')


def a_doctype_that_declares_identifiers() -> Attack:
    """X10: A doctype that declares identifiers."""
    return _before("<!DOCTYPE CongVan [<!ATTLIST CongVan ma ID #IMPLIED>]>")


def an_external_doctype() -> Attack:
    """X10: An external doctype."""
    return _before('<!DOCTYPE CongVan SYSTEM "http://127.0.0.1:9/x.dtd">')


def an_external_entity() -> Attack:
    """X10: An external entity."""
    xml = b'<!DOCTYPE CongVan [<!ENTITY x SYSTEM "file:///etc/hostname">]><CongVan>&x;</CongVan>'
    return Attack(xml, "DOCTYPE")


def a_parameter_entity() -> Attack:
    """X10: A parameter entity."""
    return _before('<!DOCTYPE CongVan [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>')


def billion_laughs() -> Attack:
    """X10 R1: Billion laughs."""
    declared = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "' + f"&a{n - 1};" * 10 + '">' for n in range(1, 10))
    return Attack(f"<!DOCTYPE a [{declared}]><a>&a9;</a>".encode(), "DOCTYPE")


def quadratic_blow_up() -> Attack:
    """X10 R1: Quadratic blow up."""
    return Attack(
        ('<!DOCTYPE a [<!ENTITY x "' + "x" * 50_000 + '">]><a>' + "&x;" * 50_000 + "</a>").encode(), "DOCTYPE"
    )


def a_doctype_after_a_comment_and_an_instruction() -> Attack:
    """X10: A doctype after a comment and an instruction."""
    return _before("<!-- x --><?y z?>\n<!DOCTYPE CongVan>")


def a_doctype_in_utf_16() -> Attack:
    """X10: A doctype in utf 16."""
    return Attack(("<!DOCTYPE CongVan>" + honest().decode()).encode("utf-16"), "DOCTYPE")


def a_doctype_in_utf_7() -> Attack:
    """X10: UTF-7 hides the mark-up from scanners of ASCII."""
    return _before('<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-', "utf-7")


def a_doctype_in_lower_case() -> Attack:
    """X10: A doctype in lower case."""
    return _before("<!doctype CongVan>", "DOCTYPE")


def xml_1_1() -> Attack:
    """X10: XML 1.1 has other line ends and control characters."""
    return _before('<?xml version="1.1"?>', "XML 1.1")


def latin_1() -> Attack:
    """X10: Latin 1."""
    return _before('<?xml version="1.0" encoding="ISO-8859-1"?>', "iso-8859-1")


def very_deep() -> Attack:
    """R1: Very deep."""
    return Attack(b"<a>" * 100_000, "limits")


def very_many_attributes() -> Attack:
    """R1: C14N sorts attributes by insertion: their number is bounded (50,000 take 4 s otherwise)."""
    listed = " ".join(f'a{n}=""' for n in range(50_000))
    return Attack(f"<a {listed}/>".encode(), "attributes")


def very_many_namespaces() -> Attack:
    """R1: Inclusive C14N walks all namespaces in scope per element (5,000 by 1,000 take over a minute otherwise)."""
    listed = " ".join(f'xmlns:a{n}="urn:{n}"' for n in range(5_000))
    return Attack(f"<a {listed}>{'<b/>' * 1_000}</a>".encode(), "prefixes")


def very_many_signatures_over_very_much() -> Attack:
    """R1: Hashing is bounded by the size of the document, not by how often its signatures point at it."""
    part = f'<p Id="p">{"x" * 200_000}</p>'
    one = signature([Ref("#p", part.encode())])
    return Attack(f"<a>{part}{one * 120}</a>".encode(), "more hashing than is allowed")


def very_many_references() -> Attack:
    """R1: References are counted over the whole document."""
    parts = "".join(f'<p Id="p{n}">x</p>' for n in range(100))
    one = signature([Ref(f"#p{n}", f'<p Id="p{n}">x</p>'.encode()) for n in range(100)])
    return Attack(f"<a>{parts}{one * 52}</a>".encode(), "More than 5000 references")


def signatures_inside_each_other() -> Attack:
    """R1: What stands inside many Signatures is not read once for each of them."""
    start = f'<Signature xmlns="{DS}"><SignedInfo><CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
    payload = "<p>x</p>" * 100_000
    return Attack(f"<a>{start * 60}{payload}{'</SignedInfo></Signature>' * 60}</a>".encode(), "must hold")


def a_very_large_signed_info() -> Attack:
    """R1: A very large signed info."""
    return Attack(honest().replace(b"<ds:DigestValue>", b"<ds:DigestValue>" + b" " * 1_500_000), "octets")


def xinclude_is_not_followed() -> Attack:
    """X7 X10: An include is an element like any other; nothing is fetched, and the signature is broken by it."""
    include = b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>'
    return Attack(honest().replace(b"<NoiDung", include + b"<NoiDung"), "CONTENT_CHANGED")


ATTACKS = collected(globals())
