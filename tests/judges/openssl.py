"""OpenSSL's command line: CMS, timestamps, OCSP answers, paths.

Anchors are only those given; the machine's own are shut out.

`pdf_containers` cuts the CMS and the covered octets out of a signed PDF by its ByteRange, without any PDF library, so
that `cms_verify` is independent of kyso's reader.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from .holder import Holder, pem
from .program import Run, Verdict, made, run

PACKAGE = "openssl"


@dataclass(frozen=True)
class Container:
    """One signature of a PDF, as octets."""

    cms: bytes
    """DER ContentInfo, without the zero padding."""
    covered: bytes
    """The octets that the ByteRange names."""


@dataclass(frozen=True)
class OcspVerdict(Verdict):
    """`valid`: the answer's signature and times are good, whatever the status."""

    status: str = ""
    """`good`, `revoked`, `unknown`, or empty when there is no answer for this certificate."""


def pdf_containers(pdf: bytes) -> list[Container]:
    """Every signature in the order of the file. ISO 32000-2 12.8.1: ByteRange is four integers around /Contents."""
    found = []
    for numbers in re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf):
        start, length, resume, rest = map(int, numbers)
        value = bytes.fromhex(pdf[start + length + 1 : resume - 1].decode("ascii"))
        found.append(Container(without_padding(value), pdf[start : start + length] + pdf[resume : resume + rest]))
    return found


def without_padding(value: bytes) -> bytes:
    """The one DER element at the start: its length octets say where it ends (X.690 8.1.3)."""
    if value[1] < 0x80:
        return value[: 2 + value[1]]
    count = value[1] & 0x7F
    return value[: 2 + count + int.from_bytes(value[2 : 2 + count], "big")]


def cms_verify(
    cms: bytes,
    content: bytes | None,
    roots: Sequence[x509.Certificate],
    *,
    intermediates: Sequence[x509.Certificate] = (),
    at: datetime | None = None,
    cades: bool = True,
) -> Verdict:
    """`openssl cms -verify` with the content beside, or inside (None); `cades`: the ESS attribute as well."""
    with _folder(cms=cms, content=content or b"", roots=pem(roots), more=pem(intermediates)) as files:
        command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", files["cms"]]
        command += [] if content is None else ["-content", files["content"]]
        command += ["-binary", "-out", files["out"], "-purpose", "any", *_anchors(files["roots"]), *_time(at)]
        command += ["-certfile", files["more"]] if intermediates else []
        done = run([*command, *(["-cades"] if cades else [])], package=PACKAGE)
    return _verdict(done, f"{'CAdES' if cades else 'CMS'} Verification successful")


def ts_verify(
    token: bytes,
    data: bytes,
    roots: Sequence[x509.Certificate],
    *,
    response: bool = False,
    intermediates: Sequence[x509.Certificate] = (),
    at: datetime | None = None,
) -> Verdict:
    """`openssl ts -verify`: a TimeStampToken over `data`, or with `response` a whole TimeStampResp."""
    with _folder(token=token, data=data, roots=pem(roots), more=pem(intermediates)) as files:
        command = ["openssl", "ts", "-verify", "-data", files["data"], "-in", files["token"]]
        command += [] if response else ["-token_in"]
        command += ["-CAfile", files["roots"], *_time(at)]
        command += ["-untrusted", files["more"]] if intermediates else []
        done = run(command, package=PACKAGE)
    return _verdict(done, "Verification: OK")


def ts_query(data: bytes) -> bytes:
    """A DER TimeStampReq over SHA-256 of `data`, with a nonce, asking for the certificate."""
    with _folder(data=data) as files:
        command = ["openssl", "ts", "-query", "-data", files["data"], "-sha256", "-cert"]
        return made(run(command, package=PACKAGE))


def ocsp_request(certificate: x509.Certificate, issuer: x509.Certificate, *, hash_name: str = "sha1") -> bytes:
    """A DER OCSPRequest with a nonce; `hash_name` is that of the CertID (OpenSSL's own default is SHA-1)."""
    with _folder(certificate=pem([certificate]), issuer=pem([issuer])) as files:
        command = ["openssl", "ocsp", f"-{hash_name}", "-issuer", files["issuer"]]
        command += ["-cert", files["certificate"]]
        made(run([*command, "-reqout", files["out"]], package=PACKAGE))
        return Path(files["out"]).read_bytes()


def ocsp_verify(
    response: bytes,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    roots: Sequence[x509.Certificate],
    *,
    hash_name: str = "sha1",
) -> OcspVerdict:
    """`openssl ocsp -respin`: times are compared with the machine's clock, which OpenSSL cannot be told to ignore.

    `hash_name`: that of the CertID in the answer; with another one OpenSSL finds no status.
    """
    given = {"response": response, "certificate": pem([certificate]), "issuer": pem([issuer]), "roots": pem(roots)}
    with _folder(**given) as files:
        command = [
            "openssl",
            "ocsp",
            f"-{hash_name}",
            "-respin",
            files["response"],
            "-issuer",
            files["issuer"],
            "-no_nonce",
        ]
        done = run([*command, "-cert", files["certificate"], *_anchors(files["roots"])], package=PACKAGE)
        status = re.search(rf"^{re.escape(files['certificate'])}: (\w+)$", done.text, flags=re.MULTILINE)
    signed = _verdict(done, "Response verify OK")
    in_time = "Status times invalid" not in done.text and status is not None
    return OcspVerdict(signed.valid and in_time, done.text, status[1] if status else "")


def chain_verify(
    certificate: x509.Certificate,
    roots: Sequence[x509.Certificate],
    *,
    intermediates: Sequence[x509.Certificate] = (),
    crls: Sequence[bytes] = (),
    at: datetime | None = None,
) -> Verdict:
    """`openssl verify -x509_strict`; with DER `crls` every certificate of the path is checked against them."""
    lists = b"".join(made(run(["openssl", "crl", "-inform", "DER"], package=PACKAGE, stdin=crl)) for crl in crls)
    with _folder(certificate=pem([certificate]), roots=pem(roots), more=pem(intermediates), crls=lists) as files:
        command = ["openssl", "verify", "-x509_strict", *_anchors(files["roots"]), *_time(at)]
        command += ["-untrusted", files["more"]] if intermediates else []
        command += ["-crl_check_all", "-CRLfile", files["crls"]] if crls else []
        done = run([*command, files["certificate"]], package=PACKAGE)
        return _verdict(done, f"{files['certificate']}: OK")


def cms_sign(content: bytes, holder: Holder, *options: str) -> bytes:
    """A DER SignedData by `openssl cms -sign`: detached, unless an option says otherwise."""
    given = {"content": content, "key": holder.key_pem, "leaf": pem(holder.chain[:1]), "more": pem(holder.chain[1:])}
    with _folder(**given) as files:
        command = ["openssl", "cms", "-sign", *options, "-binary", "-md", "sha256", "-in", files["content"]]
        command += ["-signer", files["leaf"], "-inkey", files["key"], "-outform", "DER"]
        command += ["-certfile", files["more"]] if holder.chain[1:] else []
        return made(run(command, package=PACKAGE))


def _verdict(done: Run, words: str) -> Verdict:
    """Both the exit code and the words must say so."""
    return Verdict(done.code == 0 and words in done.text.splitlines(), done.text)


def _anchors(path: str) -> list[str]:
    return ["-CAfile", path, "-no-CApath", "-no-CAstore"]


def _time(at: datetime | None) -> list[str]:
    return [] if at is None else ["-attime", str(int(at.timestamp()))]


@contextmanager
def _folder(**octets: bytes) -> Iterator[dict[str, str]]:
    """A scratch folder with one file per name; `out` names a file that does not exist yet."""
    with tempfile.TemporaryDirectory() as scratch:
        files = {name: str(Path(scratch, name)) for name in (*octets, "out")}
        for name, content in octets.items():
            Path(files[name]).write_bytes(content)
        yield files
