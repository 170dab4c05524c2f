"""Exit codes: one table, narrow before wide, and a crash that is never a verdict."""

from __future__ import annotations

import pytest

from kyso_cli.errors import EXIT_CODES, Stop, about_the_document, exit_code, explain
from kyso_cli.messages import Language, Words
from kyso_pki import errors as e


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (e.UsageError("x"), 2),
        (Stop("file_missing", path="x"), 2),
        (e.FormatError("x"), 1),
        (e.EncryptedDocument("x"), 1),
        (e.CertificateExpired("x"), 1),
        (e.SigningError("x"), 1),
        (e.KeyNotFound("x"), 4),
        (e.PinRefused("x"), 4),
        (e.PinLocked("x"), 4),
        (e.TokenTimeout("x"), 4),
        (e.Unauthorized("x"), 4),
        (e.RemoteError("x"), 5),
        (e.DocumentRefused("x"), 1),
        (e.OtherDocument("x"), 5),
        (e.Unreachable("x"), 5),
        (e.TimestampError("x"), 5),
        (OSError(28, "No space left on device"), 74),
        (ZeroDivisionError("x"), 70),
    ],
)
def test_an_error_has_one_exit_code(error: Exception, code: int) -> None:
    assert exit_code(error) == code


def test_no_row_of_the_table_hides_a_later_one() -> None:
    kinds = [kind for kind, _ in EXIT_CODES]
    hidden = [(wide, narrow) for i, wide in enumerate(kinds) for narrow in kinds[i + 1 :] if issubclass(narrow, wide)]
    assert not hidden


@pytest.mark.parametrize(
    "error", [e.PinRefused("x"), e.CertificateExpired("x"), e.Unreachable("x"), e.KeyNotFound("x")]
)
def test_what_would_fail_again_stops_a_batch(error: Exception) -> None:
    assert not about_the_document(error)


@pytest.mark.parametrize(
    "error", [e.EmptyInput("x"), e.EncryptedDocument("x"), e.SigningError("x"), e.DocumentRefused("x")]
)
def test_what_is_wrong_with_one_document_does_not_stop_a_batch(error: Exception) -> None:
    assert about_the_document(error)


def test_english_says_what_the_error_says() -> None:
    said = explain(e.PinRefused("Refused.", remedy="Look at the PIN."), Words("en"))
    assert (said.code, said.message, said.remedy, said.detail) == (
        "key.pin_refused",
        "Refused.",
        "Look at the PIN.",
        None,
    )


def test_vietnamese_keeps_the_original_as_a_detail() -> None:
    said = explain(e.PinRefused("Refused by CKR 0xa0."), Words("vi"))
    assert said.message.startswith("Mã PIN")
    assert said.detail == "Refused by CKR 0xa0."


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_full_disk_is_named_with_the_file(language: Language) -> None:
    said = explain(OSError(28, "No space left on device", "a/b.pdf"), Words(language))
    assert "a/b.pdf" in said.message
    assert {"en": "disk is full", "vi": "Đĩa đã đầy"}[language] in said.message
    assert "-o" in (said.remedy or "")


@pytest.mark.parametrize("number", [13, 28])
def test_an_error_of_the_system_without_a_file_leaves_no_gap(number: int) -> None:
    said = explain(OSError(number, "why"), Words("en"))
    assert "  " not in said.message
    assert "None" not in said.message
