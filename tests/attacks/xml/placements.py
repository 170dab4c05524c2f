"""X1: signature wrapping as a product: where the evil twin stands, where the signed original, where the Signature.

Published attacks (XSW 1 to 8) are points of this space. The signed Assertion, its identifier and its Signature stay
as they are; the twin has its name and is signed by nobody. The harmless twin of the attack has another name.
"""

from __future__ import annotations

from tests.pki.xml.made import SEAL

from .attack import Attack, Generator, variant
from .forge import DS, Ref, signature, true_value

ATTACKS: dict[str, Generator] = {}
ORIGINAL = '<Assertion Id="a"><Ten>Nguyễn Văn Mẫu</Ten></Assertion>'
REASONS = "XML_WRAPPING|UNSIGNED_OBJECT|must hold|not accepted|leads to its own"
RULE = "X1: What has the name of signed content and is not signed is reported, wherever it stands."

EVIL = {
    "plain": '<{0} Id="b"><Ten>Kẻ giả mạo</Ten></{0}>',
    "without_an_id": "<{0}><Ten>Kẻ giả mạo</Ten></{0}>",
    "in_a_namespace": '<{0} xmlns="urn:gia"><Ten>Kẻ giả mạo</Ten></{0}>',
    "with_a_prefix": '<p:{0} xmlns:p="urn:gia"><Ten>Kẻ giả mạo</Ten></p:{0}>',
    "named_as_xmldsig": f'<p:{{0}} xmlns:p="{DS}"><Ten>Kẻ giả mạo</Ten></p:{{0}}>',
    "empty": "<{0}/>",
}
"""How the twin is written; `{0}` is its name."""

FRAMES = {
    # O: the original with or without the Signature in it, E: the twin, S: the Signature where it is not in O
    "before": "<R>EOS</R>",
    "after": "<R>OES</R>",
    "last": "<R>OSE</R>",
    "around_original": "<R>(O)S</R>",
    "around_both": "<R>(OS)</R>",
    "around_the_signature": "<R>O(S)</R>",
    "in_extensions": "<R><Extensions>E</Extensions>OS</R>",
    "in_extensions_after": "<R>OS<Extensions>E</Extensions></R>",
    "original_in_extensions": "<R>E<Extensions>O</Extensions>S</R>",
    "original_deep": "<R>E<x><y><z>O</z></y></x>S</R>",
    "twin_deep": "<R><x><y><z>E</z></y></x>OS</R>",
    "as_root": "(<R>OS</R>)",
    "beside_in_an_object": f'<R><d:Object xmlns:d="{DS}">E</d:Object>OS</R>',
    "original_in_an_object": f'<R>E<d:Object xmlns:d="{DS}">O</d:Object>S</R>',
    "original_in_a_foreign_signature": f'<R>E<d:SignatureProperties xmlns:d="{DS}">O</d:SignatureProperties>S</R>',
    "twice": "<R>EOES</R>",
}


def _filled(frame: str, evil: str, inside: bool) -> bytes:
    made = signature([Ref("#a", ORIGINAL.encode(), envelope=True)])
    original = ORIGINAL.replace("</Assertion>", made + "</Assertion>") if inside else ORIGINAL
    start, end = (
        (evil[:-2] + ">", "</" + evil.split()[0].strip("</>") + ">")
        if evil.endswith("/>")
        else (
            evil[: evil.rindex("</")],
            evil[evil.rindex("</") :],
        )
    )
    parts = {"O": original, "E": evil, "S": "" if inside else made, "(": start, ")": end}
    out = []
    depth = 0
    for letter in frame:  # letters inside tags are no places
        depth += (letter == "<") - (letter == ">")
        out.append(letter if depth or letter == ">" else parts.get(letter, letter))
    return "".join(out).encode()


def _add(frame: str, evil: str, *, inside: bool) -> None:
    shape, written = FRAMES[frame], EVIL[evil]
    name = f"{evil}_{frame}_{'enveloped' if inside else 'beside'}"
    variant(
        ATTACKS,
        name,
        RULE,
        lambda: Attack(
            _filled(shape, written.format("Assertion"), inside),
            REASONS,
            hashes=True,
            twin=_filled(shape, written.format("Khac"), inside),
        ),
    )


for _frame in FRAMES:
    for _evil in EVIL:
        for _inside in (True, False):
            if _evil == "in_a_namespace" and "(" in FRAMES[_frame]:
                continue  # what stands inside would inherit the namespace, so the digest would not match
            _add(_frame, _evil, inside=_inside)


# Enveloping signatures: the signed Object leaves its Signature ----------------------------------------------

OBJECT = f'<d:Object xmlns:d="{DS}" Id="o"><CongVan>thật</CongVan></d:Object>'
_MOVED = {
    "before_its_signature": "<Goi>{O}<X/>{S}</Goi>",
    "after_its_signature": "<Goi>{S}<X/>{O}</Goi>",
    "into_another_element": "<Goi>{S}<X><Y>{O}</Y></X></Goi>",
}


def _moved(frame: str, payload: str) -> bytes:
    made = signature([Ref("#o", OBJECT.encode())], objects=payload)
    return frame.format(S=made, O=OBJECT).encode()


def _enveloping(payload: str) -> bytes:
    """The honest form, in an element of its own."""
    made = signature([Ref("#o", OBJECT.encode())], objects=OBJECT + payload)
    return f"<Goi>{made}</Goi>".encode()


for _name, _shape in _MOVED.items():
    for _payload, _text in {
        "content": "<ds:Object><CongVan>giả</CongVan></ds:Object>",
        "content_in_a_namespace": '<ds:Object><CongVan xmlns="urn:x">giả</CongVan></ds:Object>',
        "text": "<ds:Object>giả</ds:Object>",
        "two_objects": "<ds:Object/><ds:Object><CongVan>giả</CongVan></ds:Object>",
    }.items():
        variant(
            ATTACKS,
            f"object_moved_{_name}_{_payload}_in_its_place",
            RULE,
            lambda shape=_shape, text=_text: Attack(_moved(shape, text), REASONS, hashes=True, twin=_enveloping("")),  # type: ignore[misc] # bound in the loop
        )


TEXT = f'<d:Object xmlns:d="{DS}" Id="o">thật</d:Object>'
for _name, _frame in {
    "alone": "<Goi>{O}{S}</Goi>",
    "beside_text": "<Goi>giả{O}{S}</Goi>",
    "beside_another": '<Goi><d:Object xmlns:d="http://www.w3.org/2000/09/xmldsig#">giả</d:Object>{O}{S}</Goi>',
    "in_an_element": "<Goi><X>{O}</X>{S}</Goi>",
}.items():
    variant(
        ATTACKS,
        f"an_object_of_text_moved_out_{_name}",
        "X1: Text has no name that could be looked for: a ds:Object stays in the Signature that it was signed in.",
        lambda frame=_frame: Attack(  # type: ignore[misc] # bound in the loop
            frame.format(O=TEXT, S=signature([Ref("#o", TEXT.encode())])).encode(),
            "XML_WRAPPING",
            hashes=True,
            twin=f"<Goi>{signature([Ref('#o', TEXT.encode())], objects=TEXT)}</Goi>".encode(),
        ),
    )

# E-invoices: several signers, each over its part ------------------------------------------------------------


def _invoice(data: str, more: str, seller: str) -> bytes:
    return f"<HDon>{more}{data}<DSCKS><NBan>{seller}</NBan></DSCKS></HDon>".encode()


_DATA = '<DLHDon Id="d"><Tien>1</Tien></DLHDon>'
_EVIL_DATA = "<DLHDon><Tien>9</Tien></DLHDon>"
for _name, _more in {
    "in_front": _EVIL_DATA,
    "in_ttkhac": f"<TTKhac>{_EVIL_DATA}</TTKhac>",
    "with_another_id": _EVIL_DATA.replace("<DLHDon>", '<DLHDon Id="data">'),
    "with_an_attribute_only": '<DLHDon Tien="9"/>',
    "in_a_tax_code": f"<MCCQT>{_EVIL_DATA}</MCCQT>",
}.items():
    variant(
        ATTACKS,
        f"an_invoice_s_data_{_name}",
        RULE,
        lambda more=_more: Attack(  # type: ignore[misc] # bound in the loop
            _invoice(_DATA, more, signature([Ref("#d", _DATA.encode(), envelope=True)])),
            REASONS,
            hashes=True,
            twin=_invoice(_DATA, "<MCCQT>1</MCCQT>", signature([Ref("#d", _DATA.encode(), envelope=True)])),
        ),
    )

# A signature in the place of another signer ---------------------------------------------------------------------


def _copied(places: str, uri: str = "#d") -> bytes:
    """The seller's signature where `S` stands."""
    made = signature([Ref(uri, _DATA.encode())])
    return f"<HDon>{_DATA}<DSCKS>{places.replace('S', made)}</DSCKS></HDon>".encode()


def _turned() -> bytes:
    """An ECDSA signature in the seller's place, and in the buyer's with s turned into n - s."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    values: list[bytes] = []

    def kept(octets: bytes) -> bytes:
        if not values:
            values.append(true_value(SEAL, octets))
        return values[0]

    def turned(octets: bytes) -> bytes:
        value = kept(octets)
        return value[:32] + (order - int.from_bytes(value[32:])).to_bytes(32)

    first, second = (signature([Ref("#d", _DATA.encode())], signer=SEAL, value_of=v) for v in (kept, turned))
    return f"<HDon>{_DATA}<DSCKS><NBan>{first}</NBan><NMua>{second}</NMua></DSCKS></HDon>".encode()


variant(
    ATTACKS,
    "a_signature_copied_with_another_value",
    "X1, X12: Of an ECDSA value anybody makes another that verifies; a copy with it is nobody's signature either.",
    lambda: Attack(_turned(), "SIGNATURE_COPIED", twin=_copied("<NBan>S</NBan><NMua/>")),
)

for _name, _places in {
    "in_the_buyers_place": "<NBan>S</NBan><NMua>S</NMua>",
    "in_the_authoritys_place_first": "<CQT>S</CQT><NBan>S</NBan>",
    "beside_itself": "<NBan>SS</NBan>",
    "everywhere": "<NBan>S</NBan><NMua>S</NMua><CQT>S</CQT>",
}.items():
    variant(
        ATTACKS,
        f"a_signature_copied_{_name}",
        "X1: Where a detached Signature stands is not signed: a copy in another's place is nobody's signature.",
        lambda places=_places: Attack(  # type: ignore[misc] # bound in the loop
            _copied(places), "SIGNATURE_COPIED", twin=_copied("<NBan>S</NBan><NMua/>")
        ),
    )
