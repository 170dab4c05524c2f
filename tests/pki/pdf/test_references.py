"""P6, P7: the data of a stream refer to nothing, unless a cross-reference says that objects are there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.pdf.large import LARGE, large_streams
from kyso_pki.pdf.reader import Reader
from kyso_pki.pdf.references import SKIPPED, Private, StreamData, search_for, stray_references
from tests.attacks.pdf.judged import verdict
from tests.pki.pdf.samples import BODIES, SIGNATURE_BOX, WORLD, append, deflated, pike, signed, stream, table_pdf

EVERYTHING = table_pdf({**BODIES, **{n: b"<</Annots %d 0 R/Fields %d 0 R>>" % (n, n) for n in range(6, 40)}})


def with_attachment(attached: bytes, *, form: bool) -> bytes:
    """A page whose /Annots is an object of its own, which each new signature rewrites."""
    look = SIGNATURE_BOX % (b"B", b"300 300 400 350", b"") if form else b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]>>"
    catalog = b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>%s>>"
    return table_pdf(
        {
            **BODIES,
            1: catalog % (b"/AcroForm 10 0 R" if form else b""),
            3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots 8 0 R"),
            6: b"<</Type/Filespec/F(a)/EF<</F 7 0 R>>>>",
            7: attached,
            8: b"[9 0 R]",
            9: look,
            10: b"<</Fields 11 0 R>>" if form else b"null",
            11: b"[9 0 R]",
        }
    )


@pytest.mark.parametrize("form", [False, True])
@pytest.mark.parametrize(
    "attached",
    [stream(EVERYTHING, b"/Type/EmbeddedFile"), deflated(EVERYTHING), stream(pike(object_streams=True, many=50))],
    ids=["raw", "compressed", "raw with object streams"],
)
def test_two_signatures_beside_a_pdf_that_is_attached_pass(attached: bytes, form: bool) -> None:
    once = signed(with_attachment(attached, form=form))
    assert verdict(once) == "passed"
    assert verdict(signed(once, WORLD.seal_signer)) == "passed"
    assert verdict(signed(signed(once, WORLD.seal_signer))) == "passed"


def stray(pdf: bytes) -> set[tuple[int, int]]:
    return stray_references(Reader(pdf), [Private(20, 1, frozenset())])


def test_only_what_is_outside_of_the_data_of_a_stream_refers() -> None:
    assert stray(append(table_pdf({**BODIES, 6: stream(b"x 20 0 R y")}), {20: b"null"})) == set()
    assert stray(append(table_pdf({**BODIES, 6: stream(b"x", b"/Y 20 0 R")}), {20: b"null"})) == {(20, 1)}
    assert stray(append(table_pdf({**BODIES, 6: b"[(x 20 0 R y)]"}), {20: b"null"})) == {(20, 1)}


def test_an_object_in_use_within_the_data_of_a_stream_refers() -> None:
    """The update lists, as object 7, what stands inside of stream 6."""
    first = table_pdf({**BODIES, 6: stream(b"a 20 0 R\n7 0 obj\n<</Y 20 0 R>>\nendobj\nb"), 7: b"null"})
    update = append(first, {20: b"null"})
    entry = b"7 1\n%010d 00000 n \n" % first.index(b"7 0 obj\n<</Y")
    update = update.replace(b"xref\n20 1", b"xref\n" + entry + b"20 1")
    streams = StreamData(Reader(update))
    assert first.index(b"20 0 R") in streams
    assert first.index(b"20 0 R>>") not in streams
    assert stray(update) == {(20, 1)}


def test_a_table_within_the_data_of_a_stream_is_no_data() -> None:
    pdf = table_pdf()
    assert pdf.rindex(b"1 0 R") not in StreamData(Reader(pdf))


PIECES = st.sampled_from(
    [b"20 0 R", b"1 20 0 R", b" ", b"\n", b"R", b"20", b"0 R", b"endstream", b"7 0 obj\n[20 0 R]\nendobj\n"]
)


@given(st.lists(PIECES, max_size=6), st.lists(PIECES, max_size=3), st.sampled_from([0, 7]), st.booleans())
@settings(deadline=None, max_examples=150)
def test_passing_over_large_streams_changes_nothing(
    inside: Sequence[bytes], behind: Sequence[bytes], listed: int, indirect: bool
) -> None:
    """Also where an update lists what stands within the stream, and where an object gives its length."""
    data = b"".join(inside) + b" " * LARGE + b"".join(inside)
    large = b"<</Length 8 0 R>>stream\n%s\nendstream" % data if indirect else stream(data)
    first = table_pdf({**BODIES, 6: large, 7: b"(%s)" % b" ".join(behind), 8: b"%d" % len(data)})
    update = append(first, {20: b"null"})
    place = first.find(b"7 0 obj\n[", first.index(b"stream\n"))
    if listed and place > 0:
        update = update.replace(b"xref\n20 1", b"xref\n7 1\n%010d 00000 n \n20 1" % place)
    reader = Reader(update)
    assert any(large_streams(reader)) is not (listed and place > 0 and place < first.index(b"7 0 obj\n("))
    private = [Private(20, 1, frozenset())]
    assert stray_references(reader, private, large_streams(reader)) == stray_references(reader, private)


@given(
    st.sampled_from([b"a", b" ", b"1 ", b"(x)"]),
    st.integers(-24, 8),
    st.sampled_from([b"20 0 R", b"20\n0\nR", b"20 0 %c\nR", b"020 %c\n0 R"]),
    st.sampled_from([b"", b"R", b"%"]),
)
@settings(deadline=None, max_examples=120)
def test_a_reference_is_found_wherever_it_stands(filler: bytes, shift: int, reference: bytes, near: bytes) -> None:
    """Also across the ends of the windows that are passed over where nothing in them ends a reference."""
    before = (near + b" x" + filler * SKIPPED)[: SKIPPED + shift - 2] + b"x "
    data = before + reference + b" " + filler * SKIPPED
    at = len(before) + reference.index(b"20")
    assert list(search_for({20: None})(data, ((0, len(data)),))) == [(20, at)]
