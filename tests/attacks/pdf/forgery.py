"""P1 universal signature forgery and P2 the shape of the byte range."""

from __future__ import annotations

import re

from kyso_pki.asn1 import der
from kyso_pki.pdf.reader import Reader

from .attack import (
    FIELD,
    FORM,
    RANGES,
    Attack,
    attack,
    gap_of,
    hand_signed,
    overwritten,
    prepared,
    second_victim,
    victim,
    with_contents,
    with_ranges,
)

ATTACKS: list[Attack] = []

# P1: /Contents --------------------------------------------------------------------------------------------------


@attack(ATTACKS, finding="CONTENTS", words="no CMS structure")
def contents_empty() -> bytes:
    """P1: "anything but a direct hex string /Contents that decodes to one complete CMS ContentInfo" fails."""
    return hand_padded(b"<>")


@attack(ATTACKS, finding="CONTENTS", words="no CMS structure")
def contents_one_zero_byte() -> bytes:
    """P1: `<00>` is no CMS structure, though it is a hex string."""
    return hand_padded(b"<00>")


def hand_padded(token: bytes) -> bytes:
    """The victim with another token and a byte range that fits it, as an attacker would write it."""
    pdf = with_contents(victim(), token)
    gap = gap_of(pdf)
    return with_ranges(pdf, b"[0 %d %d %d]" % (gap.start, gap.end, len(pdf) - gap.end))


@attack(ATTACKS, finding="CONTENTS", words="direct string")
def contents_null() -> bytes:
    """P1: /Contents null is the same as no /Contents."""
    return with_contents(victim(), b"null")


@attack(ATTACKS, finding="FORMAT", words="key without a value")
def contents_without_value() -> bytes:
    """P1: "An exception in parsing is a failed signature, never a skipped one." """
    return with_contents(victim(), b"")


@attack(ATTACKS, finding="CONTENTS", words="direct string")
def contents_absent() -> bytes:
    """P1: a signature dictionary without /Contents still yields one verdict."""
    gap = gap_of(victim())
    return victim()[: gap.start - 10] + b" " * (gap.end - gap.start + 10) + victim()[gap.end :]


@attack(ATTACKS, finding="CONTENTS", words="no hexadecimal string")
def contents_as_literal_string() -> bytes:
    """P1: /Contents must be a hexadecimal string: in a literal one a gap of the same length can hold more."""
    return with_contents(victim(), b"(0\\202)")


@attack(ATTACKS, finding="CONTENTS", words="direct string")
def contents_as_reference() -> bytes:
    """P1: /Contents must be direct: the gap could not be this dictionary's value."""
    return with_contents(victim(), b"4 0 R")


@attack(ATTACKS, finding="FORMAT", words="not hexadecimal")
def contents_with_other_letters() -> bytes:
    """P2: the gap holds [0-9A-Fa-f] only."""
    gap = gap_of(victim())
    return victim()[: gap.end - 9] + b"xyz" + victim()[gap.end - 6 :]


@attack(ATTACKS, finding="CONTENTS", words="pairs of hexadecimal digits")
def contents_with_white_space() -> bytes:
    """P2: white space in the gap is not covered and not allowed."""
    gap = gap_of(victim())
    return victim()[: gap.end - 9] + b" \n  " + victim()[gap.end - 5 :]


@attack(ATTACKS, finding="CONTENTS", words="pairs of hexadecimal digits")
def contents_with_one_null_byte() -> bytes:
    """P2: one white-space byte: a reader that completes the odd digit with a zero gets the same octets."""
    gap = gap_of(victim())
    return victim()[: gap.end - 9] + b"\x00" + victim()[gap.end - 8 :]


@attack(ATTACKS, finding="CONTENTS", words="zero padding")
def contents_followed_by_more_than_zeros() -> bytes:
    """P1: a ContentInfo "followed only by zero padding"."""
    return hand_signed(prepared(), padding=b"00000001")


@attack(ATTACKS, finding="CONTENTS", words="no CMS structure")
def contents_of_indefinite_length_without_an_end() -> bytes:
    """C9: a BER structure that goes on to the end of the slot."""
    gap = gap_of(victim())
    return victim()[: gap.start + 3] + b"80" + victim()[gap.start + 5 :]


@attack(ATTACKS, finding="CONTENTS", words="zero padding")
def contents_of_indefinite_length_followed_by_more_than_zeros() -> bytes:
    """C9: after the two zeros that end a BER structure, only zeros may follow it, too."""
    return _indefinite(b"\x00\x00\x01")


@attack(ATTACKS, finding="FORMAT", words="unexpected element")
def contents_of_indefinite_length_with_two_structures() -> bytes:
    """C9: a second structure hides behind the first, inside the shell."""
    return _indefinite(b"\x05\x00\x00\x00")


def _indefinite(tail: bytes) -> bytes:
    """The victim with the outermost shell of its CMS of indefinite length, and this behind the shell's content."""
    gap = gap_of(victim())
    inside = der.read_prefix(bytes.fromhex(victim()[gap.start + 1 : gap.end - 1].decode())).content
    contents = (b"\x30\x80" + inside + tail).hex().encode()
    return victim()[: gap.start + 1] + contents.ljust(gap.end - gap.start - 2, b"0") + victim()[gap.end - 1 :]


# P1: /ByteRange -------------------------------------------------------------------------------------------------


def ranges(name: str, text: bytes, words: str) -> None:
    def make() -> bytes:
        return with_ranges(victim(), text)

    make.__name__ = f"byte_range_{name}"
    make.__doc__ = 'P1: "ByteRange of exactly four non-negative integers" that fit the file.'
    attack(ATTACKS, finding="BYTE_RANGE", words=words)(make)


FOUR = "four whole numbers"
ranges("null", b"null", FOUR)
ranges("empty", b"[]", FOUR)
ranges("zeros", b"[0 0 0 0]", "does not fit")
ranges("two_numbers", b"[0 100]", FOUR)
ranges("six_numbers", b"[0 100 200 300 400 500]", FOUR)
ranges("negative", b"[0 100 -1 50]", "does not fit")
ranges("negative_start", b"[-1 100 200 50]", "does not fit")
ranges("not_from_zero", b"[1 100 200 50]", "does not fit")
ranges("beyond_the_file", b"[0 100 200 99999999]", "does not fit")
ranges("two_to_31", b"[0 2147483648 2147483649 2147483648]", "does not fit")
ranges("two_to_63", b"[0 9223372036854775808 9223372036854775809 1]", "does not fit")
ranges("wraps_around", b"[0 100 200 18446744073709551516]", "does not fit")
ranges("reals", b"[0.0 100.0 200.0 50.0]", FOUR)
ranges("reference", b"4 0 R", FOUR)
ranges("with_references", b"[0 4 0 R 200 50]", FOUR)
ranges("overlapping", b"[0 300 200 50]", "does not fit")
ranges("strings", b"[(0) (1) (2) (3)]", FOUR)
ranges("booleans", b"[false true true true]", FOUR)


@attack(ATTACKS, finding="BYTE_RANGE", words=FOUR)
def byte_range_absent() -> bytes:
    """P1: no /ByteRange."""
    return overwritten(victim(), b"/ByteRange", b"/BiteRange")


@attack(ATTACKS, finding="BYTE_RANGE", words=FOUR)
def byte_range_under_an_escaped_name_twice() -> bytes:
    """P5: names are compared after #-decoding: `/#42yteRange` is /ByteRange."""
    start, end = gap_of(victim()).ranges
    old = victim()[start - 11 : end]
    return victim().replace(old, b"/#42yteRange null".ljust(len(old)))


@attack(ATTACKS, finding="FORMAT", words="same key twice")
def byte_range_twice() -> bytes:
    """P3: "Duplicate keys in a dictionary (two /ByteRange) = malformed." """
    start, end = gap_of(victim()).ranges
    shorter = re.sub(rb" +\]", b"]", victim()[start:end])
    return with_ranges(victim(), shorter + b"/ByteRange [0 1 2 3]"[: end - start - len(shorter)])


# P1: the dictionary and its field ---------------------------------------------------------------------------------


@attack(ATTACKS, finding="SUBFILTER", words="is missing")
def subfilter_absent() -> bytes:
    """P1: /SubFilter missing: the format of the value is not known."""
    return hand_signed(prepared(b"<</Type/Sig/Filter/Adobe.PPKLite%s>>"))


@attack(ATTACKS, finding="SUBFILTER", words="not known")
def subfilter_unknown() -> bytes:
    """P1: a signature with an unknown /SubFilter is a verdict, it is not left out of the list."""
    return hand_signed(prepared(b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/vn.mau.detached%s>>"))


@attack(ATTACKS, finding="FORMAT", words="must carry its content")
def subfilter_pkcs7_sha1() -> bytes:
    """P1: adbe.pkcs7.sha1 signs a digest inside the CMS structure (12.8.3.3.1); a detached one is none."""
    return hand_signed(prepared(b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.sha1%s>>"))


@attack(ATTACKS, finding="FORMAT", words="DER")
def subfilter_x509_rsa_sha1() -> bytes:
    """P1: adbe.x509.rsa_sha1 is a bare value in an OCTET STRING (12.8.3.2); a CMS structure is none."""
    return hand_signed(prepared(b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.x509.rsa_sha1%s>>"))


@attack(ATTACKS, finding="FILTER", words="no /Filter")
def filter_absent() -> bytes:
    """P1: /Filter missing."""
    return hand_signed(prepared(b"<</Type/Sig/SubFilter/ETSI.CAdES.detached%s>>"))


@attack(ATTACKS, finding="TYPE", words="Sigg")
def type_changed() -> bytes:
    """P1: /Type changed to hide the dictionary."""
    return hand_signed(prepared(b"<</Type/Sigg/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached%s>>"))


@attack(ATTACKS, finding="UNATTACHED", words="no signature field")
def value_null() -> bytes:
    """P1: /V of the field null: the file is not signed, and the dictionary left behind is named."""
    return overwritten(victim(), b"/V 6 0 R", b"/V null")


@attack(ATTACKS, finding="VALUE", words="reference to nothing")
def value_refers_to_nothing() -> bytes:
    """P1: "a field of FT /Sig whose /V is not null yields exactly one verdict"."""
    return overwritten(victim(), b"/V 6 0 R", b"/V 6 9 R")


@attack(ATTACKS, finding="VALUE", words="no dictionary")
def value_is_no_dictionary() -> bytes:
    """P1: /V pointing to a non-dictionary."""
    return overwritten(victim(), b"/V 6 0 R", b"/V (six)")


@attack(ATTACKS, finding="VALUE", words="no dictionary")
def value_is_a_stream() -> bytes:
    """P1: /V pointing to a non-dictionary: a page's content stream."""
    return overwritten(victim(), b"/V 6 0 R", b"/V 4 0 R")


@attack(ATTACKS, finding="FIELD_TYPE", words="not /Sig")
def field_type_changed() -> bytes:
    """P9: "even with /Type or /FT garbled so that the panel does not list it": the value is still judged."""
    return hand_signed(prepared(bodies={**FORM, 7: FIELD.replace(b"/FT/Sig", b"/FT/Sgi")}))


@attack(ATTACKS, finding="FIELD_TYPE", words="not /Sig")
def field_type_absent() -> bytes:
    """P1: a field without /FT whose value is a dictionary is judged as a signature."""
    return hand_signed(prepared(bodies={**FORM, 7: FIELD.replace(b"/FT/Sig", b"")}))


@attack(ATTACKS, finding="VALUE", words="field above")
def value_handed_down() -> bytes:
    """P11: "one /V, one field": a value inherited by several kids belongs to none of them."""
    parent = b"<</T(P)/V[6]/Kids[8 0 R]>>"
    kid = FIELD.replace(b"/V 6 0 R", b"/Parent 7 0 R")
    return hand_signed(prepared(bodies={**FORM, 7: parent, 8: kid}))


@attack(ATTACKS, finding="FORMAT", words="same key twice")
def field_malformed() -> bytes:
    """P1: a field that cannot be parsed is a failed signature."""
    return overwritten(victim(), b"/F 132", b"/T (x)")


# P2: signed anew, so that only the shape is wrong -------------------------------------------------------------------


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def gap_wider_than_contents() -> bytes:
    """P2: "the token between them is precisely the /Contents value of *this* dictionary"."""
    return hand_signed(prepared(), lambda s, e, n: (0, s - 9, e, n - e))


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def gap_reaches_behind_contents() -> bytes:
    """P2: byte b-1 is `>` of the token; what stands behind it must be covered."""
    return hand_signed(prepared(), lambda s, e, n: (0, s, e + 8, n - e - 8))


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def gap_without_brackets() -> bytes:
    """P2: byte a is `<`, byte b-1 is `>`: the brackets are not covered."""
    return hand_signed(prepared(), lambda s, e, n: (0, s + 1, e - 1, n - e + 1))


@attack(ATTACKS, finding="BYTE_RANGE", words="no revision of the file ends")
def range_ends_early() -> bytes:
    """P2: b+c is the end of a revision."""
    return hand_signed(prepared(), lambda s, e, n: (0, s, e, n - e - 20))


@attack(ATTACKS, finding="BYTE_RANGE", words="no revision of the file ends")
def range_ends_inside_the_end_mark() -> bytes:
    """P2: b+c is the end of a revision: after `%%EOF`, not in it."""
    return hand_signed(prepared(), lambda s, e, n: (0, s, e, n - e - 3))


@attack(ATTACKS, finding="BYTE_RANGE", words="no revision of the file ends")
def range_ends_in_an_earlier_revision() -> bytes:
    """P2: the dictionary, its ByteRange and its Contents lie inside the revision they sign."""
    return hand_signed(prepared(), lambda s, e, n: (0, s, e, 1))


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def range_of_another_signature() -> bytes:
    """P2: compare offsets from the parser with the ByteRange: this one is that of the first signature."""
    pdf = second_victim()
    first = Reader(pdf).revisions[1]
    text = re.findall(rb"/ByteRange (\[[^]]*\])", pdf[first.start : first.end])[0]
    return with_ranges(pdf, text.replace(b"  ", b""))


@attack(ATTACKS, finding="TWO_FIELDS", words="object 6")
def value_shared_by_two_fields() -> bytes:
    """P11: a second field reuses /V: "one /V, one field"."""
    form = {1: FORM[1].replace(b"[7 0 R]", b"[7 0 R 8 0 R]"), 7: FIELD, 8: FIELD.replace(b"(S)", b"(Z)")}
    return hand_signed(prepared(bodies=form))


@attack(ATTACKS, finding="SAME_REVISION", words="same revision")
def two_signatures_over_one_revision() -> bytes:
    """P2: "no two signatures' ranges overlap except by containment of the earlier revision"."""
    slot = b"/ByteRange " + RANGES + b"/Contents <" + b"0" * 400 + b">"
    bodies = {
        1: FORM[1].replace(b"[7 0 R]", b"[7 0 R 9 0 R]"),
        7: FIELD,
        8: b"<</Type/Sig/Filter/X/SubFilter/ETSI.CAdES.detached" + slot + b">>",
        9: FIELD.replace(b"(S)", b"(Z)").replace(b"6 0 R", b"8 0 R"),
    }
    return _filled(_filled(prepared(bodies=bodies)))


def _filled(pdf: bytes) -> bytes:
    """The first empty signature gets its byte range and the smallest structure."""
    at = pdf.index(b"/Contents <", pdf.index(RANGES)) + len(b"/Contents ")
    end = pdf.index(b">", at) + 1
    text = b"[0 %d %d %d]" % (at, end, len(pdf) - end)
    pdf = pdf.replace(RANGES, text.ljust(len(RANGES)), 1)
    return pdf[: at + 1] + b"3003020100".ljust(end - at - 2, b"0") + pdf[end - 1 :]


@attack(ATTACKS, words="no `startxref`")
def dictionary_after_the_cross_reference() -> bytes:
    """P2: the signature dictionary lies inside the revision that it signs: nothing follows the cross-reference."""
    pdf = prepared()
    at = pdf.index(b"6 0 obj", Reader(pdf).revisions[0].end)
    end = pdf.index(b"endobj\n", at) + 7
    body, rest = pdf[at:end], pdf[:at] + pdf[end:]
    start = rest.rindex(b"xref\n", 0, rest.rindex(b"startxref"))
    rest = rest.replace(b"startxref\n%d" % Reader(pdf).startxref, b"startxref\n%d" % start)
    cut = rest.rindex(b"startxref")
    entry = rest.index(b"\n6 1\n", start) + 5
    return hand_signed(rest[:entry] + b"%010d" % cut + rest[entry + 10 : cut] + body + rest[cut:])
