"""The JSON that docs/cli.md publishes."""

from __future__ import annotations

import json
from pathlib import Path

import kyso
from tests.pki.reports.shape import assert_shape

from .conftest import Province

KEY = "pkcs11:token=kyso-tinh-mau;object=nguyen-van-mau"


def test_keys_are_listed_with_their_certificates(province: Province) -> None:
    done = province.kyso("keys", "list", "--json")
    keys = {key["label"]: key for key in json.loads(done.stdout)}
    assert set(keys) == {"issuing-ca", "tsa", "ocsp", "nguyen-van-mau", "so-tttt-tinh-mau", "phan-mem"}
    official = keys["nguyen-van-mau"]
    assert set(official) == {"uri", "label", "algorithm", "token", "state", "certificate"}
    assert official["algorithm"] == "RSA-2048"
    assert official["token"] == "kyso-tinh-mau"
    certificate = official["certificate"]
    assert set(certificate) == {"subject", "issuer", "serial", "fingerprint", "not_before", "not_after"}
    assert "CN=Nguyễn Văn Mẫu" in certificate["subject"]
    assert certificate["not_after"].endswith("Z")
    assert keys["phan-mem"]["certificate"] is None, "a password hides it"


def test_signing_reports_every_file(province: Province, desk: Path) -> None:
    done = province.kyso(
        *("sign", "bad/empty.pdf", "van-ban.pdf", "--json", "--key", KEY),
        *("--pin-file", str(province.folder / "secrets" / "token.pin")),
        cwd=desk,
        KYSO_CONFIG=str(province.folder),
    )
    assert done.returncode == 1
    bad, good = json.loads(done.stdout)["files"]
    assert bad["output"] is None
    assert bad["error"]["code"] == "format.empty"
    assert good == {"file": "van-ban.pdf", "output": "van-ban.signed.pdf", "error": None, "skipped": False}


def test_verifying_gives_one_document_for_all_files(province: Province, desk: Path) -> None:
    done = province.kyso("verify", "da-ky.pdf", "van-ban.pdf", "--json", cwd=desk)
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["verdict"] == "failed"
    signed, unsigned = answer["files"]
    assert signed["file"] == "da-ky.pdf"
    assert signed["verdict"] == "indeterminate"
    assert signed["signatures"][0]["trust_anchors_loaded"] is False
    assert signed["signatures"][0]["intact"] == {"references": True, "signature": True}
    assert unsigned["signatures"] == []
    assert unsigned["findings"][0]["code"] == "NO_SIGNATURE"


def test_an_error_is_json_too(province: Province, desk: Path) -> None:
    done = province.kyso("verify", "missing.pdf", "--json", "--lang", "vi", cwd=desk)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "cli.file_missing"
    assert done.stderr.startswith("Lỗi: Không có tệp missing.pdf.")


def test_reports_have_the_published_shape_and_the_schema_is_printed(province: Province, desk: Path) -> None:
    assert json.loads(province.kyso("schema", cwd=desk).stdout) == kyso.report_schema()
    files = ["da-ky.pdf", "van-ban.pdf", "hoa-don.xml", *sorted(str(p) for p in (desk / "bad").iterdir())]
    answer = json.loads(province.kyso("verify", *files, "--json", cwd=desk).stdout)
    assert len(answer["files"]) == len(files) > 5
    for report in answer["files"]:
        assert_shape(report)
