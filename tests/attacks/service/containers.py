"""R3: ASiC containers and other archives round a good signature. None is read here, so none is ever valid.

"A container with an extra file that nobody signed must be shown as not covered": whoever teaches kyso to read
containers finds the cases here.
"""

from __future__ import annotations

import io
import tarfile
import warnings
import zipfile
from functools import cache

from kyso_pki.cades.content import CmsContent
from kyso_pki.document import Intent
from kyso_pki.scheme import digest
from tests.attacks.cms.file_forge import CONTENT

from .attack import AT, WORLD, Attack, Generator, signed, variant, verify

ATTACKS: dict[str, Generator] = {}
SIMPLE, EXTENDED = b"application/vnd.etsi.asic-s+zip", b"application/vnd.etsi.asic-e+zip"
SIGNATURE = "META-INF/signature.p7s"


@cache
def _detached() -> bytes:
    """A good detached signature over the letter in the container."""
    pending = CmsContent(CONTENT).prepare(Intent(AT), WORLD.person_signer.chain, WORLD.person_signer.scheme)
    [value] = WORLD.person_signer.sign([pending.imprint])
    return pending.finish(value)


def _zip(*members: tuple[str, bytes], deflated: bool = False) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")  # a name that stands twice is what we want
        for name, content in members:
            archive.writestr(name, content, zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED)
    return out.getvalue()


def _manifest(*names: str) -> bytes:
    references = "".join(
        f'<DataObjectReference URI="{name}"><DigestMethod xmlns="http://www.w3.org/2000/09/xmldsig#" '
        f'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue>{digest("sha256", CONTENT).hex()}'
        "</DigestValue></DataObjectReference>"
        for name in names
    )
    return f'<ASiCManifest xmlns="http://uri.etsi.org/02918/v1.2.1#">{references}</ASiCManifest>'.encode()


MIMETYPE, LETTER = ("mimetype", SIMPLE), ("cong-van.txt", CONTENT)
CONTAINERS = {
    "a_good_simple_one": lambda: _zip(MIMETYPE, LETTER, (SIGNATURE, _detached())),
    "a_file_that_nobody_signed": lambda: _zip(MIMETYPE, LETTER, ("phu-luc.txt", b"x"), (SIGNATURE, _detached())),
    "a_name_that_stands_twice": lambda: _zip(MIMETYPE, LETTER, ("cong-van.txt", b"gia"), (SIGNATURE, _detached())),
    "a_signature_that_stands_twice": lambda: _zip(MIMETYPE, LETTER, (SIGNATURE, _detached()), (SIGNATURE, b"0")),
    "a_name_that_leads_out": lambda: _zip(MIMETYPE, ("../../a.txt", CONTENT), (SIGNATURE, _detached())),
    "an_absolute_name": lambda: _zip(MIMETYPE, ("/etc/a.txt", CONTENT), (SIGNATURE, _detached())),
    "a_name_with_backslashes": lambda: _zip(MIMETYPE, ("..\\..\\a.txt", CONTENT), (SIGNATURE, _detached())),
    "mimetype_last": lambda: _zip(LETTER, (SIGNATURE, _detached()), MIMETYPE),
    "mimetype_compressed": lambda: _zip(MIMETYPE, LETTER, (SIGNATURE, _detached()), deflated=True),
    "mimetype_of_another_kind": lambda: _zip(("mimetype", b"application/pdf"), LETTER, (SIGNATURE, _detached())),
    "no_mimetype": lambda: _zip(LETTER, (SIGNATURE, _detached())),
    "meta_inf_in_lower_case": lambda: _zip(MIMETYPE, LETTER, ("meta-inf/signature.p7s", _detached())),
    "a_manifest_that_names_a_file_twice": lambda: _zip(
        ("mimetype", EXTENDED),
        LETTER,
        ("META-INF/ASiCManifest.xml", _manifest("cong-van.txt", "cong-van.txt")),
        (SIGNATURE, _detached()),
    ),
    "a_manifest_that_names_another_host": lambda: _zip(
        ("mimetype", EXTENDED),
        LETTER,
        ("META-INF/ASiCManifest.xml", _manifest("http://127.0.0.1:1/a.txt")),
        (SIGNATURE, _detached()),
    ),
    "a_manifest_that_leaves_a_file_out": lambda: _zip(
        ("mimetype", EXTENDED),
        LETTER,
        ("phu-luc.txt", b"x"),
        ("META-INF/ASiCManifest.xml", _manifest("cong-van.txt")),
        (SIGNATURE, _detached()),
    ),
    "a_bomb_beside_the_letter": lambda: _zip(
        MIMETYPE, LETTER, ("x", bytes(64 << 20)), (SIGNATURE, _detached()), deflated=True
    ),
    "a_container_in_a_container": lambda: _zip(
        MIMETYPE, ("a.asics", _zip(MIMETYPE, LETTER, (SIGNATURE, _detached())))
    ),
    "a_signed_pdf_in_an_archive": lambda: _zip(("a.pdf", signed())),
    "a_signed_pdf_before_an_archive": lambda: signed() + _zip(LETTER),
    "an_archive_before_a_signed_pdf": lambda: _zip(LETTER) + signed(),
    "a_tape_archive": lambda: _tape(("a.pdf", signed())),
}


def _tape(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


for _name, _make in CONTAINERS.items():
    variant(
        ATTACKS,
        _name,
        "An archive is a format of its own, and what is not read is not valid.",
        lambda _, make=_make: Attack(verify(make()), 200, '"verdict": "failed"'),  # type: ignore[misc] # bound in the loop
    )
