"""Whatever an operator signs, reading it ends with a list or with an error of ours; what it says is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from kyso_pki.errors import KysoError, LimitExceeded
from kyso_pki.trust.tsl.anchors import anchors_of
from kyso_pki.trust.tsl.reading import MAX_HISTORY, MAX_LIST_BYTES, read_list

from .lists import LOTL, OPERATOR_PIN, QUALIFIED, YEAR, Made, Pointer, State, sign
from .made import AT, DAY, WORLD

SKI = WORLD.issuing.subject_key_identifier or b""
FULL = Made(
    (
        (
            State(certificates=(WORLD.issuing,), additional=("ForeSignatures",), extensions=QUALIFIED),
            State("undersupervision", AT - 5 * YEAR, key_identifiers=(SKI,)),
        ),
        (State("withdrawn", service_type="TSA/QTST", certificates=(WORLD.tsa,)),),
    ),
    (Pointer("https://mau.example/vn"),),
    list_type=LOTL,
).xml()
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=12)


@given(st.integers(0, 10**6), st.sampled_from(["text", "gone", "twice", "moved", "child"]), TEXT)
def test_a_list_with_any_element_otherwise_is_read_or_refused(number: int, what: str, text: str) -> None:
    root = etree.fromstring(FULL)
    every = [e for e in root.iter() if e is not root]
    element = every[number % len(every)]
    parent = element.getparent()
    assert parent is not None
    if what == "text":
        element.text = text
    elif what == "gone":
        parent.remove(element)
    elif what == "twice":
        parent.append(etree.fromstring(etree.tostring(element)))
    elif what == "moved":
        root.append(element)
    else:
        etree.SubElement(element, element.tag).text = text
    try:
        found = read_list(sign(etree.tostring(root)), [OPERATOR_PIN])
    except KysoError:
        return
    listed = anchors_of(found, "list")
    assert {a.certificate for a in listed.anchors} <= {WORLD.issuing, WORLD.tsa}
    assert all(a.trusted_from is not None for a in listed.anchors)


@given(st.binary(max_size=80), st.integers(0, 1 << 16))
def test_a_file_with_foreign_octets_is_refused_or_says_the_same(octets: bytes, place: int) -> None:
    place %= len(SIGNED)
    changed = SIGNED[:place] + octets + SIGNED[place + len(octets) :]
    try:
        found = read_list(changed, [OPERATOR_PIN])
    except KysoError:
        return
    assert found == read_list(SIGNED, [OPERATOR_PIN])


SIGNED = sign(FULL)


def test_a_list_beyond_the_limits_is_refused_before_it_is_read() -> None:
    with pytest.raises(LimitExceeded):
        read_list(b" " * (MAX_LIST_BYTES + 1), [OPERATOR_PIN])


def test_a_service_with_too_long_a_past_is_left_out() -> None:
    past = tuple(State(start=AT - n * DAY, key_identifiers=(SKI,)) for n in range(1, MAX_HISTORY + 2))
    made = Made(((State(start=AT, certificates=(WORLD.issuing,)), *past),))
    assert "at most 200" in read_list(made.signed(), [OPERATOR_PIN]).left_out[0]
