from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_hsm.module import TokenInfo
from kyso_hsm.uri import FileUri, Pkcs11Uri, absolute, parse, token_address
from kyso_pki.errors import UsageError

texts = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["kyso tỉnh Mẫu", "Nguyễn Văn Mẫu", "a;b?c&d=e%f#g", ""]
)
uris = st.builds(
    Pkcs11Uri,
    token=st.none() | texts,
    serial=st.none() | texts,
    manufacturer=st.none() | texts,
    model=st.none() | texts,
    object=st.none() | texts,
    id=st.none() | st.binary(max_size=20),
    type=st.sampled_from([None, "private", "cert", "public"]),
    module_path=st.none() | texts,
)


@given(uris)
def test_a_uri_written_and_parsed_is_the_same(uri: Pkcs11Uri) -> None:
    text = str(uri)
    assert text.isascii() and " " not in text
    assert parse(text) == uri


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX: on Windows a backslash separates folders")
def test_a_file_uri_written_and_parsed_is_the_same(path: str) -> None:
    assert parse(str(FileUri(path))) == FileUri(path)


def test_vietnamese_labels_are_utf8_percent_encoded() -> None:
    uri = Pkcs11Uri(token="tỉnh Mẫu", id=b"\x01\xab")
    assert str(uri) == "pkcs11:token=t%E1%BB%89nh%20M%E1%BA%ABu;id=%01%AB"


@pytest.mark.parametrize("mark", ["'", '"'])
def test_quotes_that_a_command_prompt_passes_on_are_no_part_of_an_address(mark: str) -> None:
    """cmd.exe takes a single quote for a letter."""
    for address in ("pkcs11:token=kyso-tinh-mau;object=nguyen-van-mau", "file:khoa.p12"):
        assert parse(f"{mark}{address}{mark}") == parse(address)
    assert token_address(f"{mark}pkcs11:token=kyso-tinh-mau{mark}") == token_address("kyso-tinh-mau")
    assert parse(f"{mark}khoa.p12{mark}") == FileUri(f"{mark}khoa.p12{mark}")


def test_letters_outside_ascii_may_be_typed_raw() -> None:
    assert parse("pkcs11:token=tỉnh Mẫu;object=con dấu") == Pkcs11Uri(token="tỉnh Mẫu", object="con dấu")


def test_addresses_as_p11tool_prints_them_are_understood() -> None:
    printed = (
        "pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=5f02;token=t;id=%01;object=k;type=private"
    )
    uri = parse(printed)
    assert uri == Pkcs11Uri("t", "5f02", "SoftHSM project", "SoftHSM v2", "k", b"\x01", "private")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pkcs11:token=t;colour=red", "colour"),
        ("pkcs11:token=t?module-name=softhsm", "module-name"),
        ("pkcs11:token=a;token=b", "twice"),
        ("pkcs11:token", "name=value"),
        ("pkcs11:token=%4", "hexadecimal"),
        ("pkcs11:token=%zz", "hexadecimal"),
        ("pkcs11:token=%C3", "UTF-8"),
        ("pkcs11:type=secret-key", "type"),
        ("https://example.org/key", "https"),
        ("file://server/key.p12", "another machine"),
        ("file:", "empty"),
        ("", "empty"),
    ],
)
def test_what_is_no_address_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse(text)


@pytest.mark.parametrize("attribute", ["pin-value=9917", "pin-source=file:/pin-9917"])
def test_a_pin_in_an_address_is_refused_and_not_repeated(attribute: str) -> None:
    with pytest.raises(UsageError) as e:
        parse(f"pkcs11:token=t?{attribute}")
    assert attribute.split("=")[0] in str(e.value)
    assert "9917" not in str(e.value)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("keys/a b.p12", "keys/a b.p12"),
        ("file:keys/a%20b.p12", "keys/a b.p12"),
        ("file:///srv/kh%C3%B3a.p12", "/srv/khóa.p12"),
        ("file://localhost/srv/a.p12", "/srv/a.p12"),
        ("file:/srv/a.p12", "/srv/a.p12"),
        (r"C:\keys\a.p12", r"C:\keys\a.p12"),
        ("100%.p12", "100%.p12"),
    ],
)
def test_files_are_addressed_by_uri_or_plain_path(text: str, path: str) -> None:
    assert parse(text) == FileUri(path)


def test_a_relative_file_is_made_absolute_and_a_token_left_alone(tmp_path: Path) -> None:
    assert parse(absolute("file:keys/a.p12", tmp_path)) == FileUri(str(tmp_path.resolve() / "keys/a.p12"))
    assert absolute("pkcs11:token=t", tmp_path) == "pkcs11:token=t"


def test_a_bare_label_addresses_a_token() -> None:
    assert token_address("kyso-ca") == Pkcs11Uri(token="kyso-ca")
    assert token_address("pkcs11:token=kyso-ca;serial=1") == Pkcs11Uri(token="kyso-ca", serial="1")


def test_labels_match_in_either_unicode_form() -> None:
    composed, decomposed = "Mẫu", "Mâ\u0303u"
    assert composed != decomposed
    info = TokenInfo(composed, "1", "m", "d", 0)
    assert Pkcs11Uri(token=decomposed).matches_token(info)
    assert not Pkcs11Uri(token="Mau").matches_token(info)
    assert not Pkcs11Uri(token=composed, serial="2").matches_token(info)
