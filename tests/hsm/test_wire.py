from __future__ import annotations

import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_hsm import wire

requests = st.one_of(*[st.from_type(c) for c in typing.get_args(wire.Request)])
replies = st.one_of(*[st.from_type(c) for c in typing.get_args(wire.Reply)])


@given(requests, st.integers(0, 2**32 - 1))
def test_a_request_arrives_as_it_was_sent(request: wire.Request, call: int) -> None:
    frame = wire.frame(call, request)
    length, number = wire.read_header(frame[: wire.HEADER.size])
    assert (length, number) == (len(frame) - wire.HEADER.size, call)
    assert wire.decode_request(frame[wire.HEADER.size :]) == request


@given(replies)
def test_a_reply_arrives_as_it_was_sent(reply: wire.Reply) -> None:
    assert wire.decode_reply(wire.encode(reply)) == reply


@given(st.binary())
def test_octets_that_are_no_message_are_refused(body: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode_reply(body)


@pytest.mark.parametrize(
    "body",
    [
        b'["Nothing",{}]',
        b'["Load",{}]',
        b'["Load",{"path":1}]',
        b'["Load",{"path":"x","more":1}]',
        b'["Sign",{"key":{"label":"a","id":"AA=="},"mechanism":"ecdsa","hash_name":"sha256","imprints":"AA=="}]',
        b'["Bind",{"label":"a","serial":null}]',
        b'["Done",{}]',
        b"[" * 100_000,
        b'{"Load":{"path":"x"}}',
    ],
)
def test_a_message_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode_request(body)


def test_a_refused_message_is_not_quoted() -> None:
    with pytest.raises(wire.WireError) as e:
        wire.decode_request(b'["Login",{"pin":["9917"]}]')
    assert "9917" not in str(e.value) and e.value.__cause__ is None


def test_a_runaway_length_is_refused() -> None:
    with pytest.raises(wire.WireError, match="at most"):
        wire.read_header(wire.HEADER.pack(wire.MAX_FRAME + 1, 1))
