"""X10: octets that one parser reads as one document and another as another, or that no parser should read."""

from __future__ import annotations

import codecs

from .attack import Attack, Generator, variant
from .forge import Ref, enveloped, signature
from .structure import honest

ATTACKS: dict[str, Generator] = {}
RULE = "X10: UTF-8, or UTF-16 with its mark; the declaration agrees; XML 1.0; no DOCTYPE; well-formed as it stands."
REASONS = (
    "encoding|UTF-16|XML 1.|Not well-formed|DOCTYPE|declaration|Not an XML document|not accepted|Neither|Not readable"
)
TEXT = '<CongVan Id="cv"><NoiDung Id="nd">Kính gửi</NoiDung></CongVan>'


def _declared(encoding: str, text: str = "") -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>{text or honest().decode()}'


def _signed(xml: str) -> str:
    """A document with a declaration, its letter signed as a whole."""
    return enveloped(xml.encode(), lambda _: signature([Ref("", xml.encode(), envelope=True)])).decode()


UTF_16 = codecs.BOM_UTF16_LE + _declared("UTF-16").encode("utf-16-le")

OCTETS: dict[str, tuple[bytes, bytes]] = {
    # name: what is refused, what passes
    "utf_16_le_without_mark": (_declared("UTF-16").encode("utf-16-le"), UTF_16),
    "utf_16_be_without_mark": (
        _declared("UTF-16").encode("utf-16-be"),
        codecs.BOM_UTF16_BE + _declared("UTF-16").encode("utf-16-be"),
    ),
    "utf_16_le_without_mark_and_declaration": (
        honest().decode().encode("utf-16-le"),
        "\ufeff".encode("utf-16-le") + honest().decode().encode("utf-16-le"),
    ),
    "utf_32": (honest().decode().encode("utf-32"), UTF_16),
    "utf_32_le": (_declared("UTF-32").encode("utf-32-le"), UTF_16),
    "utf_32_be": (_declared("UTF-32").encode("utf-32-be"), UTF_16),
    "utf_7": (_declared("UTF-7", honest().decode()).encode("utf-7"), _declared("UTF-8").encode()),
    "utf_7_declared_over_ascii": (_declared("UTF-7").encode(), _declared("utf-8").encode()),
    "ebcdic": (_declared("cp037", TEXT).encode("cp1140", "replace"), _declared("UTF-8").encode()),
    "windows_1258": (_declared("windows-1258", TEXT).encode("cp1258", "replace"), _declared("UTF-8").encode()),
    "latin_1": (_declared("ISO-8859-1", TEXT).encode("latin-1", "replace"), _declared("UTF-8").encode()),
    "ascii": (_declared("US-ASCII").encode(), _declared("UTF-8").encode()),
    "shift_jis": (_declared("Shift_JIS").encode(), _declared("UTF-8").encode()),
    "utf_16_declared_over_utf_8": (_declared("UTF-16").encode(), _declared("UTF-8").encode()),
    "utf_8_declared_over_utf_16": (_declared("UTF-8").encode("utf-16"), UTF_16),
    "utf_16_be_declared_over_le": (codecs.BOM_UTF16_LE + _declared("UTF-16BE").encode("utf-16-le"), UTF_16),
    "utf_8_mark_and_utf_16_declared": (
        codecs.BOM_UTF8 + _declared("UTF-16").encode(),
        codecs.BOM_UTF8 + _declared("UTF-8").encode(),
    ),
    "utf_16_mark_over_utf_8": (codecs.BOM_UTF16_LE + _declared("UTF-8").encode(), UTF_16),
    "two_marks": (codecs.BOM_UTF8 * 2 + honest(), codecs.BOM_UTF8 + honest()),
    "half_a_mark": (codecs.BOM_UTF8[:2] + honest(), codecs.BOM_UTF8 + honest()),
    "a_mark_after_the_declaration": (
        b'<?xml version="1.0"?>' + codecs.BOM_UTF8 + honest(),
        codecs.BOM_UTF8 + honest(),
    ),
    "an_odd_utf_16": (UTF_16 + b"\x00", UTF_16),
    "half_a_surrogate": (UTF_16[:-2] + b"\x00\xd8" + UTF_16[-2:], UTF_16),
    "unknown_encoding": (_declared("x-mau").encode(), _declared("UTF-8").encode()),
    "an_empty_encoding": (_declared("").encode(), _declared("UTF-8").encode()),
    "a_long_encoding": (_declared("UTF-8" + "8" * 5000).encode(), _declared("UTF-8").encode()),
    "an_overlong_letter": (honest().replace("í".encode(), b"\xe0\x83\xad"), honest()),
    "an_overlong_bracket": (honest().replace(b"</NoiDung>", b"\xc0\xbc/NoiDung>"), honest()),
    "a_surrogate_in_utf_8": (honest().replace("í".encode(), b"\xed\xa0\x80\xed\xb0\x80"), honest()),
    "a_letter_beyond_unicode": (honest().replace("í".encode(), b"\xf4\x90\x80\x80"), honest()),
    "half_a_letter": (honest().replace("í".encode(), b"\xc3"), honest()),
    "a_lonely_octet": (honest().replace("í".encode(), b"\x80"), honest()),
}
MARKUP: dict[str, tuple[str, str]] = {
    "a_nul": ("K\x00ính", "Kính"),
    "a_nul_reference": ("K&#0;ính", "K&#237;nh"),
    "a_control_character": ("K\x01ính", "Kính"),
    "a_control_reference": ("K&#1;ính", "K&#xED;nh"),
    "a_bell_reference": ("K&#x7;ính", "K&#xED;nh"),
    "a_noncharacter": ("K\ufffeính", "Kính"),
    "a_surrogate_reference": ("K&#xD800;ính", "Kính"),
    "a_reference_beyond_unicode": ("K&#x110000;ính", "Kính"),
    "a_huge_reference": ("K&#99999999999999999999;ính", "Kính"),
    "a_negative_reference": ("K&#-1;ính", "Kính"),
    "an_open_reference": ("K&#237 ính", "Kính"),
    "an_entity_of_html": ("K&iacute;nh", "Kính"),
    "an_entity_of_nobody": ("K&x;ính", "Kính"),
    "a_bare_ampersand": ("K & ính", "Kính"),
    "the_end_of_cdata": ("K]]>ính", "Kính"),
    "an_open_cdata": ("<![CDATA[Kính", "<![CDATA[Kính]]>"),
    "a_double_hyphen_in_a_comment": ("<!-- -- -->Kính gửi", "Kính"),
    "an_open_comment": ("<!-- Kính", "Kính"),
    "a_declaration_inside": ('<?xml version="1.0"?>Kính', "Kính"),
    "a_doctype_inside": ("<!DOCTYPE a>Kính", "<![CDATA[]]>Kính"),
    "an_entity_declaration_inside": ('<!ENTITY x "y">Kính', "Kính"),
    "an_element_never_closed": ("<b>Kính", "Kính"),
    "an_element_closed_twice": ("<b/></b>Kính", "Kính"),
    "elements_that_overlap": ("<b><c></b></c>Kính", "Kính"),
    "a_prefix_of_nobody": ("<q:b/>Kính", "Kính"),
    "an_attribute_prefix_of_nobody": ('<b q:c=""/>Kính', "Kính"),
    "an_attribute_twice": ('<b c="1" c="2"/>Kính', "Kính"),
    "an_attribute_twice_by_namespace": ('<b xmlns:p="u" xmlns:q="u" p:c="1" q:c="2"/>Kính', "Kính"),
    "an_attribute_without_quotes": ("<b c=1/>Kính", "Kính"),
    "an_attribute_without_value": ("<b c/>Kính", "Kính"),
    "a_bracket_in_an_attribute": ('<b c="<"/>Kính', "Kính"),
    "attributes_without_space": ('<b c="1"d="2"/>Kính', "Kính"),
    "a_prefix_undeclared": ('<b xmlns:p="u"><c xmlns:p=""/></b>Kính', "Kính"),
    "xmlns_declared": ('<b xmlns:xmlns="u"/>Kính', "Kính"),
    "xml_declared_otherwise": ('<b xmlns:xml="u"/>Kính', "Kính"),
    "the_xmlns_namespace": ('<b xmlns:p="http://www.w3.org/2000/xmlns/"/>Kính', "Kính"),
    "two_colons": ("<a:b:c/>Kính", "Kính"),
    "a_name_of_a_digit": ("<1/>Kính", "Kính"),
    "an_empty_name": ("<>Kính</>", "Kính"),
    "an_instruction_named_xml": ("<?xml x?>Kính", "Kính"),
    "an_open_instruction": ("<?x Kính", "Kính"),
}
# lxml forgets what is wrong with a prefix when a warning comes after it.
WARNINGS = {"relative": '<w xmlns="x/y"/>', "language": '<w xml:lang="?"/>', "space": '<w xml:space="x"/>'}
MARKUP |= {
    f"{name}_and_a_{warning}": (text.replace("Kính", after + "Kính"), "Kính")
    for name, (text, _) in list(MARKUP.items())
    if "prefix" in name or "by_namespace" in name or "colons" in name
    for warning, after in WARNINGS.items()
}
PROLOGS: dict[str, tuple[str, str]] = {
    "xml_1_1": ('<?xml version="1.1"?>', '<?xml version="1.0"?>'),
    "xml_2_0": ('<?xml version="2.0"?>', '<?xml version="1.0"?>'),
    "no_version": ('<?xml encoding="UTF-8"?>', "<?xml version='1.0' encoding='UTF-8'?>"),
    "an_odd_version": ('<?xml version="1.0 "?>', '<?xml version="1.0" ?>'),
    "the_order_of_the_declaration": (
        '<?xml encoding="UTF-8" version="1.0"?>',
        '<?xml version="1.0" encoding="UTF-8"?>',
    ),
    "an_odd_standalone": ('<?xml version="1.0" standalone="maybe"?>', '<?xml version="1.0" standalone="yes"?>'),
    "a_declaration_never_closed": ('<?xml version="1.0">', '<?xml version="1.0"?>'),
    "a_declaration_twice": ('<?xml version="1.0"?><?xml version="1.0"?>', '<?xml version="1.0"?>'),
    "a_declaration_after_a_space": (' <?xml version="1.0"?>', '<?xml version="1.0"?> '),
    "a_declaration_after_a_comment": ('<!-- x --><?xml version="1.0"?>', '<?xml version="1.0"?><!-- x -->'),
    "quotes_that_differ": ("<?xml version=\"1.0'?>", '<?xml version="1.0"?>'),
    "upper_case": ('<?XML version="1.0"?>', '<?xml version="1.0"?>'),
    "text": ("x", "\n"),
    "a_nul_first": ("\x00", "\n"),
    "cdata_first": ("<![CDATA[x]]>", "<!-- <![CDATA[x]]> -->"),
    "a_reference_first": ("&#32;", " "),
    "a_doctype": ("<!DOCTYPE CongVan>", "<!-- <!DOCTYPE CongVan> -->"),
    "a_doctype_after_white_space": ("\n\n<!DOCTYPE CongVan>", "\n\n"),
    "a_doctype_with_a_public_id": ('<!DOCTYPE CongVan PUBLIC "-//X" "http://127.0.0.1:9/">', "\n"),
    "a_doctype_in_mixed_case": ("<!DocType CongVan>", "\n"),
    "a_doctype_after_an_instruction_with_brackets": ("<?x <!-- ?><!DOCTYPE CongVan>", "<!-- <?x ?> -->"),
    "a_doctype_after_a_comment_with_an_instruction": ("<!-- <?x --><!DOCTYPE a>", "<!-- <?x -->"),
    "an_element_before": ("<a/>", "\n"),
    "a_comment_never_closed": ("<!-- ", "<!-- -->"),
    "an_instruction_never_closed": ("<?x ", "<!-- -->"),
}
TAILS: dict[str, tuple[str, str]] = {
    "another_element": ("<a/>", "\n"),
    "another_document": ('<?xml version="1.0"?><a/>', "\n"),
    "text": ("x", "<!-- x -->"),
    "cdata": ("<![CDATA[ ]]>", " "),
    "a_reference": ("&#32;", " "),
    "a_nul": ("\x00", "\n"),
    "a_doctype": ("<!DOCTYPE a>", "\n"),
    "a_closing_tag": ("</a>", "\n"),
    "an_open_comment": ("<!-- x", "<!-- x -->"),
}


def _add(name: str, bad: bytes, good: bytes) -> None:
    variant(ATTACKS, name, RULE, lambda: Attack(bad, REASONS, twin=good))


for _name, (_bad, _good) in OCTETS.items():
    _add(f"octets_{_name}", _bad, _good)
for _name, (_text, _plain) in MARKUP.items():
    _add(
        f"markup_{_name}",
        honest().replace("Kính".encode(), _text.encode()),
        honest().replace("Kính".encode(), _plain.encode()),
    )
for _name, (_text, _plain) in PROLOGS.items():
    _add(f"prolog_{_name}", _text.encode() + honest(), _plain.encode() + honest())
for _name, (_text, _plain) in TAILS.items():
    _add(f"tail_{_name}", honest() + _text.encode(), honest() + _plain.encode())
