"""R3: "error messages not leaking file paths; logs not holding document bytes", and words that pose as places."""

from __future__ import annotations

from urllib.parse import quote

from tests.pki.ades.inputs import PDF, XML
from tests.pki.pdf.encryption.locked import locked

from .attack import (
    AT,
    CONTENT,
    SECRET,
    TOKEN,
    Attack,
    Generator,
    Request,
    collected,
    csc,
    parameters,
    sign,
    signed,
    variant,
    verify,
)

ATTACKS: dict[str, Generator] = {}
LIST = Request("/v1/credentials", method="GET")

# Words that pose as places on a disk ---------------------------------------------------------------------------

OUTSIDE = {
    "up": "../kyso.db",
    "up_encoded": "..%2Fkyso.db",
    "up_encoded_twice": "..%252Fkyso.db",
    "up_with_backslash": "..%5Ckyso.db",
    "absolute": "%2Fetc%2Fpasswd",
    "nul": "root%00",
    "a_scheme": "file:%2F%2F%2Fetc%2Fpasswd",
    "overlong_utf8": "%C0%AE%C0%AE%2Fkyso.db",
}
for _name, _word in OUTSIDE.items():
    for _place in ("ca/{}.crt", "crl/{}.crl"):
        variant(
            ATTACKS,
            f"{_name}_in_{_place.partition('/')[0]}",
            "A name in an address is looked up in a table, never on a disk.",
            lambda _, place=_place, w=_word: Attack(  # type: ignore[misc] # bound in the loop
                Request(f"/{place.format(w)}", method="GET"), 404, "http.not_found", LIST
            ),
        )
    variant(
        ATTACKS,
        f"{_name}_as_a_credential",
        "The id of a credential is no address of a key.",
        lambda _, w=_word: Attack(sign(query=f"credential={w}"), 404, "http.unknown_credential", sign()),  # type: ignore[misc] # bound in the loop
    )
    variant(
        ATTACKS,
        f"{_name}_as_a_profile",
        "A profile is named, never a file of one.",
        lambda _, w=_word: Attack(sign(XML, f"credential=mem&profile={w}"), 400, "usage", sign(XML)),  # type: ignore[misc] # bound in the loop
    )


def key_address_as_a_credential(_: int) -> Attack:
    """R3: "file:" and "pkcs11:" are words of the settings."""
    address = quote("file:/srv/khoa.pfx", safe="")
    return Attack(sign(query=f"credential={address}"), 404, "http.unknown_credential", sign())


def half_a_character_as_a_credential(_: int) -> Attack:
    """R3: a lone surrogate is a string in JSON and nothing that a database can be asked for."""
    body = b'{"credentialID": "\\ud800"}'
    return Attack(
        csc("credentials/info", body), 400, "invalid_request", csc("credentials/info", b'{"credentialID": "mem"}')
    )


def half_a_character_as_an_approval(_: int) -> Attack:
    """R3: the same where the approval is looked up."""
    body = b'{"credentialID":"mem","SAD":"\\ud800","hash":["%s"],"signAlgo":"1.2.840.113549.1.1.11"}' % (
        b"A" * 43 + b"="
    )
    return Attack(csc("signatures/signHash", body), 400, "invalid_request", csc("info", b"{}"))


def half_a_character_as_a_pin(_: int) -> Attack:
    """R3: the same where the PIN goes."""
    body = b'{"credentialID":"mem","numSignatures":1,"PIN":"\\udcff","hash":["%s"]}' % (b"A" * 43 + b"=")
    good = body.replace(b'"PIN":"\\udcff",', b"")
    return Attack(csc("credentials/authorize", body), 400, "invalid_request", csc("credentials/authorize", good))


# What is nobody's business ------------------------------------------------------------------------------------


def damaged_document_with_a_secret(_: int) -> Attack:
    """R3: an error about a document puts nothing of it into a log."""
    return Attack(sign(PDF[:600] + CONTENT.encode() + PDF[700:2000]), 422, "format", sign())


def xml_that_ends_in_a_secret(_: int) -> Attack:
    """R3: a parser's own message quotes the name it stumbled over."""
    return Attack(sign(f"<a><{CONTENT}></a>".encode()), 422, "format", sign(XML))


def xml_with_a_secret_entity(_: int) -> Attack:
    """R3: nor the name of an entity."""
    return Attack(sign(f"<a>&{CONTENT};</a>".encode()), 422, "format", sign(XML))


def unsigned_document_with_a_secret(_: int) -> Attack:
    """R3: a report names what was found, not what stands in the document."""
    return Attack(
        verify(XML.replace(b">", f"><!--{CONTENT}-->".encode(), 2)), 200, '"verdict": "failed"', verify(signed("xml"))
    )


def secret_in_the_address(_: int) -> Attack:
    """R3: addresses are logged on their way; a password there is refused and not repeated."""
    return Attack(sign(query=f"credential=mem&password={SECRET}"), 400, "usage", sign())


def secret_password_of_another_document(_: int) -> Attack:
    """R3: a wrong password is refused without being repeated."""
    password = (("Kyso-Document-Password", SECRET),)
    return Attack(sign(locked(6, user="dung"), headers=password), 422, "format.encrypted", sign())


def secret_pin_in_the_header(_: int) -> Attack:
    """R3: a PIN that nobody asked for stands in no log."""
    return Attack(sign(b"%PDF-1.7\n", headers=(("Kyso-PIN", SECRET),)), 422, "format", sign())


def secret_as_a_token(_: int) -> Attack:
    """R3: a token that is refused may be that of another service."""
    headers = (("Authorization", f"Bearer {SECRET}"),)
    return Attack(Request("/v1/verify", signed(), headers, token=False), 401, "auth.refused")


def secret_as_a_password_of_basic(_: int) -> Attack:
    """R3: nor is another scheme's."""
    headers = (("Authorization", f"Basic {SECRET}"),)
    return Attack(Request("/v1/verify", signed(), headers, token=False), 400, "auth.malformed")


def token_in_the_address(_: int) -> Attack:
    """R3: a token is taken from its header alone."""
    return Attack(Request(f"/v1/verify?access_token={TOKEN}", signed(), token=False), 401, "auth.refused")


def two_tokens(_: int) -> Attack:
    """R3: two callers at once are nobody."""
    return Attack(Request("/v1/verify", signed(), (("Authorization", f"Bearer {SECRET}"),)), 400, "auth.malformed")


def secret_in_json_that_is_none(_: int) -> Attack:
    """R3: nor does a message about JSON quote it."""
    body = f'{{"credentialID": "mem", "PIN": "{SECRET}"'.encode()
    return Attack(csc("credentials/authorize", body), 400, "invalid_request", csc("info", b"{}"))


def secret_as_an_approval(_: int) -> Attack:
    """R3: an approval that is unknown may be another server's."""
    body = (
        f'{{"credentialID":"mem","SAD":"{SECRET}","hash":["{"A" * 43}="],"signAlgo":"1.2.840.113549.1.1.11"}}'
    ).encode()
    return Attack(csc("signatures/signHash", body), 400, "Invalid parameter SAD", csc("info", b"{}"))


# Words that pose as lines -------------------------------------------------------------------------------------

LINE = "%0d%0aX-Injected:%20ja%0d%0a"


def line_end_in_a_path(_: int) -> Attack:
    """R3: a log line is one line, and a header's value has no end in it."""
    return Attack(Request(f"/v1/{LINE}", method="GET"), 404, "http.not_found", LIST)


def line_end_in_a_credential(_: int) -> Attack:
    """R3: the same in a word that the answer repeats."""
    return Attack(sign(query=f"credential={LINE}"), 404, "http.unknown_credential", sign())


def line_end_in_a_parameter(_: int) -> Attack:
    """R3: the same in the name of a parameter."""
    return Attack(sign(query=f"credential=mem&{LINE}=1"), 400, "usage", sign())


def path_of_fifty_thousand_characters(_: int) -> Attack:
    """R3: a log line has an end."""
    return Attack(Request("/v1/" + "a" * 50_000, method="GET"), 404, "http.not_found", LIST)


def two_thousand_parameters(_: int) -> Attack:
    """R3: each is read once, and the answer names no more than fit in a line."""
    many = parameters([(f"p{n}", "1") for n in range(2_000)])
    return Attack(sign(query=f"credential=mem&{many}"), 400, "usage", sign())


def four_thousand_wishes(_: int) -> Attack:
    """R3: a header with more choices than are read gets what everybody gets."""
    wishes = ",".join(f"a/{n}" for n in range(4_000))
    return Attack(verify(XML, (("Accept", wishes),)), 200, '"verdict": "failed"', verify(signed("xml")))


def _signed_after(reason: str) -> Attack:
    return Attack(sign(query=f"credential=mem&{reason}"), 400, "usage", sign())


def parameter_given_twice(_: int) -> Attack:
    """R3: two readers take two values; which one was approved?"""
    return _signed_after("credential=khac")


def parameter_that_nobody_reads(_: int) -> Attack:
    """R3: what is ignored in silence signs something else than was meant."""
    return _signed_after(f"signing_time={quote(AT.isoformat())}")


def method_that_is_not_offered(_: int) -> Attack:
    """R3: a question by another method does nothing."""
    return Attack(Request("/v1/sign?credential=mem", method="PUT"), 405, "http.method", sign())


def parameter_that_stands_twice_in_json(_: int) -> Attack:
    """R3: the same in JSON (RFC 8259 section 4)."""
    body = b'{"credentialID":"khac","credentialID":"mem"}'
    return Attack(
        csc("credentials/info", body), 400, "invalid_request", csc("credentials/info", b'{"credentialID": "mem"}')
    )


ATTACKS |= collected(globals())
