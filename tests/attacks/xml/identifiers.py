"""X2: identifiers that lead to two places, in every spelling and place; and identifiers that lead nowhere.

The reader of the forged document finds another element by the identifier than the verifier did. The twin has the
same element with an identifier of its own.
"""

from __future__ import annotations

from .attack import Attack, Generator, variant
from .forge import DS, Ref, signature

ATTACKS: dict[str, Generator] = {}
ORIGINAL = '<Phan Id="a"><Ten>Nguyễn Văn Mẫu</Ten></Phan>'
RULE = "X2: A referenced identifier stands once over all attributes that anybody takes for one; else it is refused."

SPELLINGS = {
    "Id": 'Id="{}"',
    "ID": 'ID="{}"',
    "id": 'id="{}"',
    "iD": 'iD="{}"',
    "xml_id": 'xml:id="{}"',
    "wsu_Id": 'w:Id="{}" xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"',
    "any_ID": 'w:ID="{}" xmlns:w="urn:w"',
    "any_id": 'w:id="{}" xmlns:w="urn:w"',
    "any_iD": 'w:iD="{}" xmlns:w="urn:w"',
    "ds_Id": f'w:Id="{{}}" xmlns:w="{DS}"',
    "in_single_quotes": "Id='{}'",
    "spread_over_lines": 'Id\n=\n"{}"',
}
PLACES = {
    "before": "<R><Khac {}>giả</Khac>OS</R>",
    "after": "<R>OS<Khac {}>giả</Khac></R>",
    "around": "<R><Khac {}>OS</Khac></R>",
    "on_the_root": "<R {}>OS</R>",
    "deep": "<R>OS<x><y><z {}/></y></x></R>",
    "in_extensions": "<R><Extensions><Khac {}/></Extensions>OS</R>",
}


def _document(frame: str, attribute: str, original: str = ORIGINAL, uri: str = "#a") -> bytes:
    made = signature([Ref(uri, original.encode(), envelope=True)])
    return (
        frame.replace("O", original, 1)
        .replace("S</", made + "</", 1)
        .replace("S<K", made + "<K")
        .replace("S<x", made + "<x")
        .replace("{}", attribute)
        .encode()
    )


for _spelling, _attribute in SPELLINGS.items():
    for _place, _frame in PLACES.items():
        variant(
            ATTACKS,
            f"again_as_{_spelling}_{_place}",
            RULE,
            lambda f=_frame, a=_attribute: Attack(  # type: ignore[misc] # bound in the loop
                _document(f, a.format("a")), "stands 2 times", twin=_document(f, a.format("b"))
            ),
        )

for _name, _written in {
    "as_a_decimal_reference": "&#97;",
    "as_a_hexadecimal_reference": "&#x61;",
    "with_zeros": "&#x0000061;",
}.items():
    variant(
        ATTACKS,
        f"again_{_name}",
        RULE,
        lambda w=_written: Attack(  # type: ignore[misc] # bound in the loop
            _document(PLACES["before"], f'Id="{w}"'), "stands 2 times", twin=_document(PLACES["before"], f'Id="{w}x"')
        ),
    )

# Inside the Signature: what the schema lets carry an Id -----------------------------------------------------

for _name, _old, _new in (
    ("the_signature", "<ds:Signature ", '<ds:Signature Id="{}" '),
    ("the_value", "<ds:SignatureValue>", '<ds:SignatureValue Id="{}">'),
    ("key_info", "<ds:KeyInfo>", '<ds:KeyInfo Id="{}">'),
    ("an_object", "</ds:Signature>", '<ds:Object Id="{}"/></ds:Signature>'),
    (
        "signature_properties",
        "</ds:Signature>",
        '<ds:Object><ds:SignatureProperties Id="{}"/></ds:Object></ds:Signature>',
    ),
):
    variant(
        ATTACKS,
        f"again_on_{_name}",
        RULE,
        lambda o=_old, n=_new: Attack(  # type: ignore[misc] # bound in the loop
            _document("<R>OS</R>", "").replace(o.encode(), n.format("a").encode()),
            "stands 2 times",
            twin=_document("<R>OS</R>", "").replace(o.encode(), n.format("b").encode()),
        ),
    )

for _name, _attribute in {
    "xml_id": 'xml:id=" a"',
    "xml_id_after": 'xml:id="a  "',
    "id": 'Id=" a "',
    "a_tab": 'xml:id="&#9;a"',
    "a_line_end": 'xml:id="a&#10;"',
    "a_line_in_the_text": 'ID="\n a"',
    "another_prefix": 'w:id=" a" xmlns:w="urn:w"',
}.items():
    variant(
        ATTACKS,
        f"the_same_with_white_space_as_{_name}",
        "X2: Readers of xml:id take white space away (xml:id 1.0, 4), so an identifier with some is the same one.",
        lambda a=_attribute: Attack(  # type: ignore[misc] # bound in the loop
            _document(f"<R {a}>OS</R>", ""), "stands 2", twin=_document('<R Id="b a">OS</R>', "")
        ),
    )
    variant(
        ATTACKS,
        f"only_with_white_space_as_{_name}",
        "X2: and no reference leads to it, because other readers leave the white space where it is.",
        lambda a=_attribute: Attack(  # type: ignore[misc] # bound in the loop
            _document("<R>OS</R>", "", ORIGINAL.replace('Id="a"', a)),
            "No element with the identifier",
            twin=_document("<R>OS</R>", ""),
        ),
    )

# Attributes that are no identifiers, and fragments that are no names ----------------------------------------

for _name, _attribute in {
    "Ma": 'Ma="a"',
    "AssertionID": 'AssertionID="a"',
    "name": 'name="a"',
    "wsu_only": 'w:Id="a" xmlns:w="urn:w"',
    "ds_only": f'w:Id="a" xmlns:w="{DS}"',
    "iD_only": 'iD="a"',
    "ref": 'xlink:href="#a" xmlns:xlink="urn:xlink"',
}.items():
    variant(
        ATTACKS,
        f"no_identifier_{_name}",
        "X2: Only Id, ID, id and xml:id are identifiers: no DTD, no schema, no guess.",
        lambda a=_attribute: Attack(  # type: ignore[misc] # bound in the loop
            _document("<R>OS</R>", "", ORIGINAL.replace('Id="a"', a)),
            "No element with the identifier",
            twin=_document("<R>OS</R>", ""),
        ),
    )
for _name, _uri in {
    "upper_case": "#A",
    "a_space_before": "# a",
    "a_space_after": "#a ",
    "percent": "#%61",
    "two_marks": "##a",
    "a_mark_after": "#a#",
    "a_comma": "#a,b",
    "a_slash": "#/a",
    "nothing": "#",
    "a_line_end": "#a&#10;",
    "a_soft_hyphen": "#a\u00ad",
    "another_script": "#\u0430",
    "a_nul_written_out": "#a%00",
    "a_quote": "#a'or'1",
    "an_xpath": "#a']|//*[@Id='a",
}.items():
    variant(
        ATTACKS,
        f"a_fragment_with_{_name}",
        "X2: A fragment is compared with identifiers letter by letter.",
        lambda u=_uri: Attack(  # type: ignore[misc] # bound in the loop
            _document("<R>OS</R>", "", uri=u),
            "No element with the identifier",
            twin=_document("<R>OS</R>", ""),
        ),
    )
