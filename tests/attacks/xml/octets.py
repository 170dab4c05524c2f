"""X11 and X13: documents that look alike and are not, and those that look different and are the same.

The digest is over canonical octets without comments. A change that canonicalisation keeps breaks the signature; its
twin is written otherwise and canonicalises to the same, so it must pass.
"""

from __future__ import annotations

import hashlib

from lxml import etree

from .attack import Attack, Generator, variant
from .forge import ENVELOPED, EXCLUSIVE, Ref, b64, enveloped, signature

ATTACKS: dict[str, Generator] = {}
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
INCLUSIVE_1_1 = "http://www.w3.org/2006/12/xml-c14n11"
CHANGED = "CONTENT_CHANGED"

# X13 --------------------------------------------------------------------------------------------------------

LETTER = (
    '<CongVan Id="cv" so="01 &#9; 02" xmlns:x="urn:x" x:loai="thường">'
    "<NoiDung>Kính gửi\n UBND &#13;tỉnh Mẫu</NoiDung>"
    '<Tien>10.000.000</Tien><x:Ghi a="1" b="2"></x:Ghi></CongVan>'
).encode()


def signed() -> bytes:
    """Signed as a whole with exclusive canonicalisation: passes."""
    return enveloped(LETTER, lambda _: signature([Ref("", LETTER, envelope=True)]))


CHANGES: dict[str, tuple[str, str, str]] = {
    # name: what stands there, what the attack makes of it, what the twin makes of it
    "a_space_in_a_text": ("10.000.000", "10.000.000 ", "&#49;0.000.000"),
    "a_line_end_in_a_text": ("gửi\n", "gửi", "gửi\r\n"),
    "a_carriage_return_by_itself": ("gửi\n", "gửi&#13;\n", "gửi\r"),
    "a_carriage_return_less": ("&#13;", "", "&#xD;"),
    "a_carriage_return_that_was_written_as_such": ("&#13;", "\r", "&#x00D;"),
    "a_line_end_between_elements": ("</NoiDung><", "</NoiDung>\n<", "</NoiDung ><"),
    "indentation": ("<Tien>", "\n  <Tien>", "<Tien\n>"),
    "a_digit": ("10.000.000", "20.000.000", "10.0&#x30;0.000"),
    "a_tab_in_an_attribute": ("&#9;", " ", "&#x9;"),
    "a_tab_for_a_space_reference": ("01 ", "01&#9;", "01\t"),
    "a_line_end_in_an_attribute": ("01 ", "01&#10;", "01\n"),
    "two_spaces_in_an_attribute": ("01 ", "01  ", "01&#32;"),
    "an_attribute_more": ('so="', 'them="" so="', 'so\n=\n"'),
    "an_attribute_less": (' b="2"', "", " b='2'"),
    "attributes_exchanged": ('a="1" b="2"', 'a="2" b="1"', 'b="2" a="1"'),
    "an_attribute_in_a_namespace": (' a="1"', ' x:a="1"', '\n a="1"'),
    "a_prefix": (
        '<x:Ghi a="1" b="2"></x:Ghi>',
        '<y:Ghi xmlns:y="urn:x" a="1" b="2"/>',
        '<x:Ghi xmlns:y="urn:y" a="1" b="2"/>',
    ),
    "a_namespace": ("urn:x", "urn:y", "urn:&#120;"),
    "a_default_namespace": ("<Tien>", '<Tien xmlns="urn:x">', '<Tien xmlns="">'),
    "a_language": ("<Tien>", '<Tien xml:lang="en">', "<Tien >"),
    "a_base": ('Id="cv"', 'Id="cv" xml:base="http://127.0.0.1:9/"', 'Id="&#99;v"'),
    "composed_letters_taken_apart": ("ử", "ư\u0309", "&#x1EED;"),
    "a_letter_of_another_script": ("Mẫu", "\u041cẫu", "&#77;ẫu"),
    "a_space_that_does_not_break": ("UBND ", "UBND\u00a0", "UBND&#32;"),
    "a_space_without_width": ("UBND", "UB\u200bND", "UB<![CDATA[ND]]>"),
    "writing_from_the_right": ("10.000.000", "\u202e000.000.01", "<![CDATA[10.000.000]]>"),
    "an_instruction_inside": ("<Tien>", "<?x?><Tien>", "<!-- x --><Tien>"),
    "an_element_renamed": ("Tien>", "tien>", "Tien >"),
    "an_element_repeated": (
        "<Tien>10.000.000</Tien>",
        "<Tien>10.000.000</Tien><Tien>1</Tien>",
        "<Tien >10.000.000</Tien >",
    ),
    "elements_exchanged": (
        "<Tien>10.000.000</Tien><x",
        "<x:y/><Tien>10.000.000</Tien><x",
        "<Tien>10.000.000</Tien><!----><x",
    ),
    "text_made_an_element": ("10.000.000", "<b/>10.000.000", "<![CDATA[]]>10.000.000"),
    "an_entity_written_out": ("&#13;", "&amp;#13;", "&#0013;"),
    "an_empty_element_filled": ("></x:Ghi>", "> </x:Ghi>", "/>"),
}


def _changed(old: str, new: str) -> bytes:
    xml = signed().decode()
    assert old in xml
    return xml.replace(old, new).encode()


for _name, (_old, _bad, _good) in CHANGES.items():
    variant(
        ATTACKS,
        _name,
        "X13: Digests are over canonical octets: what they keep is signed, what they drop is not content.",
        lambda old=_old, bad=_bad, good=_good: Attack(_changed(old, bad), CHANGED, twin=_changed(old, good)),  # type: ignore[misc] # bound in the loop
    )


def _value_written(change: str) -> bytes:
    """The SignatureValue with something between its letters."""
    xml = signed().decode()
    at = xml.index("<ds:SignatureValue>") + len("<ds:SignatureValue>") + 20
    return (xml[:at] + change + xml[at:]).encode()


for _name, _text in {
    "a_no_break_space": "\u00a0",
    "a_wide_space": "\u2003",
    "a_letter_outside_base64": "*",
    "a_minus": "-",
    "padding_in_the_middle": "==",
    "a_zero_width_space": "\u200b",
    "a_form_feed_name": "\\f",
    "a_fullwidth_letter": "\uff21",
}.items():
    variant(
        ATTACKS,
        f"{_name}_in_the_value",
        "X13: base64 allows XML white space and nothing else.",
        lambda text=_text: Attack(_value_written(text), "base64", twin=_value_written("\n\t &#13;&#10;")),  # type: ignore[misc] # bound in the loop
    )

# X11 --------------------------------------------------------------------------------------------------------

PART = '<NoiDung Id="nd">Kính gửi <!-- không --><b/> UBND<!-- cuối --></NoiDung>'
WITH_COMMENTS = f'<CongVan Id="cv"><!-- đầu -->{PART}</CongVan>'.encode()


def _canonical(xml: bytes, method: str, *, comments: bool) -> bytes:
    """As a verifier that keeps comments would see it; `method` without its #WithComments."""
    tree = etree.fromstring(xml).getroottree()
    if method == INCLUSIVE_1_1:  # the same octets here: there is no xml:id and no xml:base
        method = INCLUSIVE
    return bytes(etree.tostring(tree, method="c14n", exclusive=method == EXCLUSIVE, with_comments=comments))


def _with_comments(method: str, suffix: str, uri: str, *, kept: bool, own: str) -> bytes:
    covered = _canonical(PART.encode() if uri.startswith("#nd") else WITH_COMMENTS, method, comments=kept)
    steps = f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{method}{suffix}"/>'
    digest = b64(hashlib.sha256(covered).digest())
    made = signature([Ref(uri, b"", raw=True, transforms=steps, value=digest)], c14n=own)
    return enveloped(WITH_COMMENTS, lambda _: made)


for _method, _suffix in ((INCLUSIVE, "#WithComments"), (INCLUSIVE_1_1, "#WithComments"), (EXCLUSIVE, "WithComments")):
    for _uri in ("", "#cv", "#nd"):
        for _ending in ("", _suffix):
            variant(
                ATTACKS,
                f"comments_hashed_{_uri or 'whole'}_{_method.rpartition('/')[2]}{_ending}",
                'X11: URI="" and "#id" drop comments before any transform; a digest that counts them is another one.',
                lambda m=_method, e=_ending, u=_uri: Attack(  # type: ignore[misc] # bound in the loop
                    _with_comments(m, e, u, kept=True, own=EXCLUSIVE), CHANGED, twin=_commented(m, e, u)
                ),
            )


def _commented(method: str, ending: str, uri: str) -> bytes:
    """The twin: hashed as it must be. The comment that splits text is taken out, which the signature does not see."""
    return _with_comments(method, ending, uri, kept=False, own=EXCLUSIVE).replace("<!-- không -->".encode(), b"")


for _pointer in (
    "#xpointer(/)",
    "#xpointer(id('nd'))",
    "#xpointer(id(&quot;nd&quot;))",
    "#xpointer(//NoiDung)",
    "#xmlns(a=urn:a)xpointer(/)",
    "#element(/1)",
    "#element(nd)",
    "#xpath1(/)",
    "#xpointer(/)#nd",
    "#nd()",
):
    variant(
        ATTACKS,
        f"pointer_{_pointer}",
        "X11: XPointers keep comments; they are not implemented, and refused.",
        lambda u=_pointer: Attack(  # type: ignore[misc] # bound in the loop
            _with_comments(EXCLUSIVE, "", u, kept=True, own=EXCLUSIVE),
            "XPointer",
            twin=_commented(EXCLUSIVE, "", "#nd"),
        ),
    )
