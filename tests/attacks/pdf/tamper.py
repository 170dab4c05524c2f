"""P0: octets inside the byte range, or the digest and the value that speak of them, are changed."""

from __future__ import annotations

from collections.abc import Callable

from kyso_pki.scheme import digest
from tests.pki.pdf.samples import WORLD

from .attack import Attack, attack, gap_of, variant, victim

ATTACKS: list[Attack] = []
RULE = 'P0: "Flip a byte in range 1 or 2": "H(range1||range2) == messageDigest".'
SHA256, SHA512 = b"608648016503040201", b"608648016503040203"  # object identifiers without tag and length, in hex


def _exchanged(old: bytes, new: bytes) -> Callable[[], bytes]:
    """The victim with the last `old` replaced by as many octets."""

    def make() -> bytes:
        pdf = victim()
        at = pdf.rindex(old)
        return pdf[:at] + new + pdf[at + len(old) :]

    return make


for _name, _old, _new in (
    ("the_amount_on_the_page", b"Pay 100", b"Pay 900"),
    ("a_bit_of_the_header_comment", b"%\xe2\xe3", b"%\xe2\xe2"),
    ("the_size_of_the_page", b"595 842", b"595 841"),
    ("the_name_of_the_field", b"(Signature1)", b"(Signature2)"),
    ("the_claimed_time", b"/M (D:2", b"/M (D:1"),
    ("white_space_between_objects", b"endobj\n", b"endobj\r"),
    ("the_identifier_in_the_trailer", b"/ID [<00>", b"/ID [<01>"),
    ("the_last_octet_of_the_file", b"%%EOF\n", b"%%EOF\r"),
    ("the_form_flags", b"/SigFlags 3", b"/SigFlags 1"),
):
    variant(
        ATTACKS, f"changed_{_name}", RULE, _exchanged(_old, _new), reported="CONTENT_CHANGED", words="does not match"
    )


@attack(ATTACKS, reported="CONTENT_CHANGED", words="does not match")
def digits_of_the_amount_in_another_order() -> bytes:
    """P0: octets of the same sum and length in another order are other octets."""
    pdf = victim()
    return pdf.replace(b"Pay 100 to Mau", b"Pay 001 to Mau")


def _in_contents(pdf: bytes, old: bytes, new: bytes, *, last: bool = False) -> bytes:
    """The hexadecimal /Contents with one piece replaced by as many digits."""
    gap = gap_of(pdf)
    text = pdf[gap.start : gap.end]
    at = (text.rindex if last else text.index)(old)
    return pdf[: gap.start + at] + new + pdf[gap.start + at + len(old) :]


@attack(ATTACKS, reported="VALUE_INVALID", words="does not verify")
def message_digest_made_to_fit() -> bytes:
    """P0: the message-digest attribute is itself signed: one that fits the changed octets breaks the value."""
    pdf = victim().replace(b"Pay 100", b"Pay 900")
    gap = gap_of(pdf)
    name = WORLD.person_signer.scheme.hash_name
    old = digest(name, victim()[: gap.start] + victim()[gap.end :]).hex().encode()
    new = digest(name, pdf[: gap.start] + pdf[gap.end :]).hex().encode()
    return _in_contents(pdf, old, new)


@attack(ATTACKS, reported="VALUE_INVALID", words="does not verify")
def signature_value_flipped() -> bytes:
    """P0: the last octet of the signature value."""
    gap = gap_of(victim())
    digits = victim()[gap.start + 1 : gap.end - 1].rstrip(b"0")
    digits += b"0" * (len(digits) % 2)
    at = gap.start + len(digits)
    other = b"1" if victim()[at : at + 1] != b"1" else b"2"
    return victim()[:at] + other + victim()[at + 1 :]


@attack(ATTACKS, finding="DIGEST_NOT_LISTED", words="not among")
def digest_algorithm_not_listed() -> bytes:
    """P0, C2: "digest algorithm taken from the SignerInfo, which must be in digestAlgorithms"."""
    return _in_contents(victim(), SHA256, SHA512)


@attack(ATTACKS, finding="ALGORITHM_PROTECTION", words="differ")
def protected_algorithm_exchanged() -> bytes:
    """P0, C2: "CMSAlgorithmProtection, if there, equals them"."""
    return _in_contents(victim(), SHA256, SHA512, last=True)


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def gap_slid_by_ten_octets() -> bytes:
    """P0, P2: the same octets in the same order, with the gap ten octets earlier, are another file."""
    gap = gap_of(victim())
    pdf = victim()
    moved = pdf[gap.start - 10 : gap.start]  # `/Contents `: the token then stands before its key
    start, end = gap.start - 10, gap.end - 10
    text = pdf[:start] + moved + pdf[gap.start : gap.end]
    fewer = b"[0 %d %d %d]" % (start, end, len(pdf) - end)
    first, last = gap.ranges
    return text[:first] + fewer.ljust(last - first) + text[last:] + pdf[gap.end :]
