"""P5 to P7: what was signed names an object that does not exist yet; an update delivers it as something harmless."""

from __future__ import annotations

from kyso_pki.asn1 import der
from kyso_pki.pdf.reader import Reader
from kyso_pki.scheme import digest
from tests.pki.pdf.samples import AT, BODIES, WORLD, raw, signed, stream, table_pdf

from .attack import FORM, RANGES, Attack, attack, hand_signed, prepared
from .sealing import NOWHERE, SIGNATURE, truly_sealed

ATTACKS: list[Attack] = []
STRAY = "is used by what was signed before"
PAY = b"BT /F1 12 Tf 72 720 Td (Pay %s) Tj ET"
OTHER = stream(
    b"1 1 1 rg 0 0 595 842 re f 0 g " + PAY % b"999999",
    b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>",
)


def _waiting(number: int, key: bytes) -> dict[int, bytes]:
    """A page that takes its XObjects from object `number`, and draws the one that is called `key`."""
    page = BODIES[3].replace(b"/F1 5 0 R>>", b"/F1 5 0 R>>/XObject %d 0 R" % number)
    return {**BODIES, 3: page, 4: stream(PAY % b"100" + b" /%s Do" % key)}


def _promised(number: int, key: bytes) -> bytes:
    return signed(table_pdf(_waiting(number, key)))


@attack(ATTACKS, change="content", words=STRAY)
def a_new_field_is_the_resources_of_the_signed_page() -> bytes:
    """P6: "an object that did not exist may not have been referred to"; the field's /MK is the picture."""
    return truly_sealed(_promised(30, b"MK"), NOWHERE, look=None, more=b"/MK 40 0 R", extra={40: OTHER})


@attack(ATTACKS, change="content", words=STRAY)
def a_new_field_is_the_resources_by_an_entry_that_may_be_an_object() -> bytes:
    """P6: the same through /Lock, which may be indirect."""
    return truly_sealed(_promised(30, b"Lock"), NOWHERE, look=None, more=b"/Lock 40 0 R", extra={40: OTHER})


@attack(ATTACKS, change="content", words=STRAY)
def a_new_signature_is_the_resources_of_the_signed_page() -> bytes:
    """P6: the signature dictionary itself; its /Prop_Build is the picture."""
    dictionary = SIGNATURE.replace(b"%s", b"/Prop_Build 40 0 R%s")
    pdf = _promised(32, b"Prop_Build")
    return truly_sealed(pdf, NOWHERE, look=None, extra={40: OTHER}, dictionary=dictionary)


@attack(ATTACKS, change="content", words=STRAY)
def a_new_kid_is_the_resources_of_the_signed_page() -> bytes:
    """P6: the widget below a new field."""
    kid = b"<</Type/Annot/Subtype/Widget/Rect[0 0 0 0]/P 3 0 R/F 132/Parent 30 0 R/MK 40 0 R>>"
    pdf = _promised(41, b"MK")
    return truly_sealed(pdf, NOWHERE, look=None, more=b"/Kids[41 0 R]", extra={40: OTHER, 41: kid})


@attack(ATTACKS, change="form", words="a stream or objects")
def a_new_field_carries_a_stream_in_its_characteristics() -> bytes:
    """P9: /MK may name no objects here; nobody waits for it, and still it is refused."""
    return truly_sealed(signed(table_pdf()), NOWHERE, look=None, more=b"/MK<</I 40 0 R>>", extra={40: OTHER})


@attack(ATTACKS, change="signature", words="objects that it has no use for")
def a_new_signature_carries_a_stream_in_its_build_properties() -> bytes:
    """P9: below /Prop_Build there are direct values only."""
    dictionary = SIGNATURE.replace(b"%s", b"/Prop_Build<</App 40 0 R>>%s")
    return truly_sealed(signed(table_pdf()), NOWHERE, look=None, extra={40: OTHER}, dictionary=dictionary)


@attack(ATTACKS, change="content", words=STRAY)
def a_document_timestamp_is_the_resources_of_a_certified_page() -> bytes:
    """P6, P7: certified with P 1: nothing may change, but a timestamp may come; its field is the resources."""
    certified = SIGNATURE.replace(
        b"%s",
        b"/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]%s",
    )
    form = {**FORM, 1: FORM[1].replace(b"/Pages 2 0 R", b"/Pages 2 0 R/Perms<</DocMDP 6 0 R>>")}
    pdf = hand_signed(prepared(certified, base=table_pdf(_waiting(30, b"MK")), bodies=form))
    bodies = {
        1: raw(pdf, 1).replace(b"/Fields[7 0 R]", b"/Fields[7 0 R 30 0 R]"),
        3: raw(pdf, 3)[:-2] + b"/Annots [30 0 R]>>",
        30: b"<</Type/Annot/Subtype/Widget/FT/Sig/T(Stamp)/Rect[0 0 0 0]/F 132/P 3 0 R/V 32 0 R/MK 40 0 R>>",
        40: OTHER,
    }
    stamp = b"<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161%s>>"
    out = prepared(stamp, base=pdf, bodies=bodies, number=32)
    at = out.rindex(b"/Contents <") + len(b"/Contents ")
    end = out.index(b">", at) + 1
    out = out.replace(RANGES, (b"[0 %d %d %d]" % (at, end, len(out) - end)).ljust(len(RANGES)))
    token = WORLD.timestamper(AT).timestamp(digest("sha256", out[:at] + out[end:]), "sha256")
    return out[: at + 1] + token.hex().encode().ljust(end - at - 2, b"0") + out[end - 1 :]


def _evidence(size: int) -> bytes:
    """A stream of one DER structure that takes up `size` bytes as object 60 or 62, in whatever way that works."""
    for octets in range(size - 120, size):
        for spaces in range(4):  # where one more octet makes the lengths longer by two
            body = stream(der.sequence(der.octet_string(b"A" * octets)), b" " * spaces)
            if len(body) + len(b"60 0 obj\n\nendobj\n") == size:
                return body
    raise ValueError(f"{size} bytes cannot be filled")


@attack(ATTACKS, change="content", words=STRAY)
def a_cross_reference_stream_is_the_content_of_the_signed_page() -> bytes:
    """P5, P6: its rows, offsets of three bytes, spell an operator: objects stand at "/I " and at "Do "."""
    page = BODIES[3].replace(b"/F1 5 0 R>>", b"/F1 5 0 R>>/XObject<</I 6 0 R>>")
    page = page.replace(b"/Contents 4 0 R", b"/Contents 50 0 R")
    pdf = signed(table_pdf({**BODIES, 3: page, 6: OTHER}))
    out, offsets = bytearray(pdf), {}

    def put(number: int, body: bytes) -> None:
        offsets[number] = len(out)
        out.extend(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    put(1, raw(pdf, 1)[:-2] + b"/DSS<</Certs[60 0 R 61 0 R 62 0 R]>>>>")
    put(62, _evidence(int.from_bytes(b"/I ", "big") - len(out)))
    put(60, _evidence(int.from_bytes(b"Do ", "big") - len(out)))
    put(61, stream(b"\x30\x00"))
    offsets[50] = len(out)
    order = (60, 61, 1, 62, 50)
    rows = b"".join(offsets[n].to_bytes(3, "big") for n in order)
    index = b" ".join(b"%d 1" % n for n in order)
    entries = b"/Type/XRef/Size 63/W[0 3 0]/Index[%s]/Root 1 0 R/Prev %d/ID[<00><00>]"
    body = stream(rows, entries % (index, Reader(pdf).startxref))
    out.extend(b"50 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (body, offsets[50]))
    return bytes(out)
