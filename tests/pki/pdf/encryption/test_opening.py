"""Reading encrypted files: every version and revision, every password, and what is refused by its name."""

from __future__ import annotations

import io
import re

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.crypt import (
    SecurityHandlerVersion,
    StandardSecurityHandler,
    StandardSecuritySettingsRevision,
)
from pyhanko.pdf_utils.generic import ByteStringObject

from kyso_pki.errors import EncryptedDocument, FormatError, KysoError
from kyso_pki.pdf.encryption.ciphers import _rc4, rc4
from kyso_pki.pdf.encryption.handler import Handler
from kyso_pki.pdf.encryption.passwords import saslprep
from kyso_pki.pdf.filters import decode
from kyso_pki.pdf.objects import Stream, decode_text
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, append, raw, table_pdf

from .locked import CONTENT, REVISIONS, TITLE, XMP, Revision, locked, with_encryption


def handler(reader: Reader) -> Handler:
    assert reader.handler is not None
    return reader.handler


def title(reader: Reader) -> str:
    info = reader.dictionary(reader.trailer["Info"])
    value = reader.resolve(info["Title"])
    assert isinstance(value, bytes)
    return decode_text(value)


def streams(reader: Reader) -> list[bytes]:
    """The decoded bytes of every stream of the file, cross-reference streams aside."""
    found = []
    for number, _ in reader.revisions[0].entries():
        holder = reader.fetch(number)
        if holder is not None and isinstance(holder.value, Stream) and holder.value.dictionary.get("Type") != "XRef":
            found.append(decode(holder.value, reader.budget))
    return found


@pytest.mark.parametrize("object_streams", [False, True])
@pytest.mark.parametrize("revision", REVISIONS)
def test_strings_and_streams_of_every_revision_are_read(revision: Revision, object_streams: bool) -> None:
    reader = Reader(locked(revision, object_streams=object_streams and revision > 2))
    assert title(reader) == TITLE
    found = streams(reader)
    assert {CONTENT, b"Phu luc"} <= set(found)
    assert any(XMP in data for data in found)
    assert handler(reader).revision == revision


@pytest.mark.parametrize("revision", REVISIONS)
def test_user_and_owner_password_open_the_file_each_with_its_rights(revision: Revision) -> None:
    pdf = locked(revision, owner="chu", user="nguoi dung")
    as_user = Reader(pdf, lambda: "nguoi dung")
    as_owner = Reader(pdf, lambda: "chu")
    assert title(as_user) == title(as_owner) == TITLE
    assert not handler(as_user).as_owner
    assert handler(as_owner).as_owner
    assert handler(as_user).key == handler(as_owner).key


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_wrong_or_missing_password_is_refused_with_a_remedy(revision: Revision) -> None:
    pdf = locked(revision, user="dung")
    with pytest.raises(EncryptedDocument, match="only with a password") as missing:
        Reader(pdf)
    with pytest.raises(EncryptedDocument, match="does not open") as wrong:
        Reader(pdf, lambda: "sai mat khau")
    assert missing.value.remedy == wrong.value.remedy
    assert "password" in (wrong.value.remedy or "")
    assert "sai mat khau" not in str(wrong.value)


def test_a_password_is_asked_for_once_and_only_for_an_encrypted_file() -> None:
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        return "dung"

    Reader(pikepdf_plain(), ask)
    assert not asked
    Reader(locked(6, user="dung"), ask)
    assert len(asked) == 1


def pikepdf_plain() -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out)
    return out.getvalue()


def test_a_file_with_the_empty_user_password_opens_although_another_was_given() -> None:
    assert title(Reader(locked(6), lambda: "for other files of the batch")) == TITLE


@pytest.mark.parametrize("revision", [4, 5, 6])
def test_metadata_in_the_clear_are_read_as_they_are(revision: Revision) -> None:
    pdf = locked(revision, metadata=False)
    assert XMP in pdf
    assert any(XMP in data for data in streams(Reader(pdf)))


@pytest.mark.parametrize("revision", [4, 5, 6])
def test_no_key_and_no_password_stands_in_a_representation(revision: Revision) -> None:
    reader = Reader(locked(revision, user="bi mat"), lambda: "bi mat")
    assert handler(reader).key.hex() not in repr(reader.handler)
    assert "bi mat" not in repr(reader.handler)


# Key derivations against qpdf and pyHanko -----------------------------------------------------------------------

_DOC_TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)
_ANY_TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn")), min_size=1, max_size=30
)  # 127 octets of UTF-8 count


@settings(max_examples=25, deadline=None)
@given(user=_DOC_TEXT, owner=_DOC_TEXT, revision=st.sampled_from(REVISIONS))
def test_the_key_is_the_one_that_qpdf_derives(user: str, owner: str, revision: Revision) -> None:
    pdf = locked(revision, user=user, owner=owner)
    with pikepdf.open(io.BytesIO(pdf), password=user) as opened:
        expected = bytes(opened.encryption.encryption_key)
    assert handler(Reader(pdf, lambda: user)).key == expected
    assert handler(Reader(pdf, lambda: owner)).key == expected


@settings(max_examples=15, deadline=None)
@given(password=_ANY_TEXT)
def test_any_unicode_password_opens_what_pyhanko_and_qpdf_encrypt_with_it(password: str) -> None:
    assert title(Reader(locked(6, user=password), lambda: password)) == TITLE
    if saslprep(password):
        made = StandardSecurityHandler.build_from_pw(desired_owner_pass="o", desired_user_pass=password)
        again = StandardSecurityHandler.build_from_pw(desired_owner_pass=password, desired_user_pass="u")
        for one in (made, again):
            assert one.authenticate(password).status.name in ("USER", "OWNER")


@given(key=st.binary(min_size=5, max_size=16), data=st.binary(max_size=200))
def test_rc4_is_the_same_with_and_without_openssl(key: bytes, data: bytes) -> None:
    assert rc4(key, data) == _rc4(key, data)


def test_rc4_gives_the_published_values() -> None:
    assert rc4(b"Key", b"Plaintext").hex() == "bbf316e8d940af0ad3"
    assert rc4(b"Secret", b"Attack at dawn").hex() == "45a01f645fc35b383552544b9bf5"


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("\u0007", None),
        ("\u0627\u0031", None),
    ],
)
def test_passwords_are_prepared_as_the_examples_of_rfc_4013(text: str, prepared: str | None) -> None:
    assert saslprep(text) == prepared


@pytest.mark.parametrize("bits", [40, 64, 80, 128])
def test_version_2_takes_its_key_length_from_the_file(bits: int) -> None:
    """By pyHanko; it cannot make the lengths (48, 88 …) for which OpenSSL has no RC4."""
    made = StandardSecurityHandler.build_from_pw_legacy(
        rev=StandardSecuritySettingsRevision.RC4_EXTENDED,
        id1=b"0" * 16,
        desired_owner_pass="o",
        desired_user_pass="",
        keylen_bytes=bits // 8,
    )
    assert made.version == SecurityHandlerVersion.RC4_LONGER_KEYS
    dictionary = made.as_pdf_object()
    values = {k: bytes(ByteStringObject(dictionary["/" + k])) for k in ("O", "U")}
    text = b"<</Filter/Standard/V 2/R 3/Length %d/P %d/O<%s>/U<%s>>>" % (
        bits,
        dictionary["/P"],
        values["O"].hex().encode(),
        values["U"].hex().encode(),
    )
    pdf = table_pdf(BODIES, b"/Root 1 0 R/ID[<%s><00>]/Encrypt %s" % ((b"0" * 16).hex().encode(), text))
    found = handler(Reader(pdf))
    assert len(found.key) == bits // 8
    assert found.name == "RC4, V2 R3"


# What is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"/Filter /Standard", b"/Filter /Adobe.PubSec", "by certificates"),
        (b"/Filter /Standard", b"/Filter /Unknown.One", "Unknown.One"),
        (b"/V 5", b"/V 3", "version 3"),
        (b"/V 5", b"/V 6", "version 6"),
        (b"/R 6", b"/R 7", "revision 7"),
        (b"/CFM /AESV3", b"/CFM /AESV4", "AESV4"),
        (b"/CFM /AESV3", b"/CFM [/AESV3]", "method ['AESV3']"),
        (b"/CFM /AESV3", b"/CFM /V2", "'V2' in version 5"),
    ],
)
def test_what_is_not_the_standard_handler_is_refused_by_its_name(old: bytes, new: bytes, words: str) -> None:
    pdf = with_encryption(locked(6), old, new)
    with pytest.raises(EncryptedDocument, match=re.escape(words)):
        Reader(pdf)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"/P -4", b"/P -8", "permissions .* were changed"),
        (b"/StmF /StdCF", b"/StmF /Other", "does not define"),
        (b"/StmF /StdCF", b"/StmF 7", "does not define"),
        (b"/R 6", b"/R 6 /EncryptMetadata false", "permissions .* were changed"),
        (b"/R 6", b"/R 6 /EncryptMetadata 0", "neither true nor false"),
        (b"/UE <", b"/UX <", "/UE of the encryption"),
    ],
)
def test_a_malformed_or_changed_encryption_dictionary_is_refused(old: bytes, new: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        Reader(with_encryption(locked(6), old, new))


def test_an_update_without_encrypt_in_its_trailer_is_refused() -> None:
    pdf = locked(6)
    with pytest.raises(FormatError, match="do not agree on whether"):
        Reader(append(pdf, {30: b"<</New true>>"}))


def test_an_update_that_replaces_the_encryption_dictionary_is_refused() -> None:
    pdf = locked(6)
    reader = Reader(pdf)
    number = handler(reader).number or 0
    identity = reader.trailer["ID"]
    assert isinstance(identity, list)
    trailer = b"/Encrypt %d 0 R/ID[<%s><00>]" % (number, bytes(identity[0]).hex().encode())  # type: ignore[arg-type]  # a string
    with pytest.raises(FormatError, match="was replaced by an update"):
        Reader(append(pdf, {number: raw(pdf, number)}, trailer=trailer))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_damaged_encrypted_file_is_read_or_refused_but_nothing_else(data: st.DataObject) -> None:
    pdf = bytearray(_SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        pdf[data.draw(st.integers(0, len(pdf) - 1))] = data.draw(st.integers(0, 255))
    try:
        reader = Reader(bytes(pdf))
        title(reader)
        streams(reader)
    except (KysoError, AssertionError, KeyError):
        return


_SMALL = locked(4)
