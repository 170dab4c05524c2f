"""The CMS files that fuzzing starts from: golden, so that a finding means the same on every machine.

`python -m tests.fuzz.cms_seeds` makes them anew with keys that are then thrown away. Reach for `seeds`, `content`,
`trust`, `evidence` and `AT`; `signed` is what the seeds' signers signed, read by another parser.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from asn1crypto import cms as foreign

from kyso_pki.evidence import Evidence
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.trust import TrustStore

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "cms-seeds"
REGRESSIONS = HERE / "cms-regressions"
AT = datetime(2026, 11, 29, tzinfo=UTC)


@cache
def seeds() -> dict[str, bytes]:
    """The seeds by name; those that begin with `mo-` are not signed."""
    return {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.p7m"))}


@cache
def content() -> bytes:
    """What all of them are over."""
    return (FOLDER / "noi-dung.bin").read_bytes()


@cache
def trust() -> TrustStore:
    return TrustStore.of([Certificate.from_der((FOLDER / "root.cer").read_bytes())])


@cache
def evidence() -> Evidence:
    """CRLs that are good at `AT`: nothing is fetched."""
    return Evidence(crls=tuple(path.read_bytes() for path in sorted(FOLDER.glob("*.crl"))))


@dataclass(frozen=True)
class Signed:
    """What an honest signer did: his certificate, and the attributes over which his key went."""

    certificate: bytes
    attributes: bytes


@cache
def signed() -> frozenset[Signed]:
    """Everything that a seed's signer signed, counter-signatures too."""
    return frozenset(one for data in seeds().values() for one in signed_in(data))


@cache
def tokens() -> frozenset[bytes]:
    """The digests of the TSTInfo in every timestamp of a seed."""
    return frozenset(t for data in seeds().values() for info in _infos(data) for t in _stamped(info))


def signed_in(data: bytes) -> list[Signed]:
    """The (certificate, attributes) pairs in a CMS file, as asn1crypto reads it."""
    structure = foreign.ContentInfo.load(data)["content"]
    certificates, keys = {}, {}
    for choice in structure["certificates"]:
        try:
            one = choice.chosen
            certificates[one.issuer.dump(), one.serial_number] = one.dump()
            keys[one.key_identifier] = one.dump()
        except (ValueError, AttributeError):
            continue  # one that nobody can read signs nothing
    found = []
    for info in _infos(data):
        sid = info["sid"].chosen
        if info["sid"].name == "issuer_and_serial_number":
            certificate = certificates[sid["issuer"].dump(), sid["serial_number"].native]
        else:
            certificate = keys[sid.native]
        found.append(Signed(digest(certificate), digest(info["signed_attrs"].untag().dump())))
    return found


def attributes_in(data: bytes) -> list[bytes]:
    """The digests of the signed attributes in a CMS file, counter-signatures too, as asn1crypto reads it."""
    return [digest(info["signed_attrs"].untag().dump()) for info in _infos(data)]


def _infos(data: bytes) -> list[foreign.SignerInfo]:
    waiting = list(foreign.ContentInfo.load(data)["content"]["signer_infos"])
    for info in waiting:
        for attribute in info["unsigned_attrs"]:
            if attribute["type"].native == "counter_signature":
                waiting += list(attribute["values"])
    return waiting


def _stamped(info: foreign.SignerInfo) -> list[bytes]:
    found = []
    for attribute in info["unsigned_attrs"]:
        if attribute["type"].dotted in ("1.2.840.113549.1.9.16.2.14", "0.4.0.1733.2.4"):
            for value in attribute["values"]:
                token = foreign.ContentInfo.load(value.dump())
                found.append(digest(token["content"]["encap_content_info"]["content"].contents))
    return found


def digest(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def make() -> None:
    """Writes the seeds, the content, the root and the CRLs."""
    import kyso
    from kyso_pki import oids
    from kyso_pki.asn1 import der
    from kyso_pki.authority.profile import PERSON, Subject
    from kyso_pki.testing import SoftwareSigner, World, software_key
    from tests.attacks.cms import file_forge, files, forge
    from tests.pki.cades import made

    world = World.create(at=AT)
    text = "Quyết định của UBND tỉnh Mẫu\n".encode() * 4
    person, seal = world.person_signer, world.seal_signer
    for module in (forge, file_forge, files, made):  # they sign with keys of a world of another day
        for name, value in {
            "WORLD": world,
            "SIGNER": person,
            "SEAL": seal,
            "AT": AT,
            "CONTENT": text,
        }.items():
            if name in vars(module):
                vars(module)[name] = value
    for function in (forge.signer_info, forge.cms, forge.value_over, file_forge.info, file_forge.made):
        function.__defaults__ = tuple(
            person if isinstance(d, SoftwareSigner) else text if isinstance(d, bytes) and len(d) > 99 else d
            for d in function.__defaults__ or ()
        )
        keywords = function.__kwdefaults__ or {}
        if "signer" in keywords:
            keywords["signer"] = person
    forge.usual_attributes.__defaults__ = (person, text)
    file_forge.ATTRIBUTES = forge.set_of(forge.usual_attributes(content=text))
    file_forge.VALUE = forge.value_over(file_forge.ATTRIBUTES)
    file_forge.counter_attributes.__defaults__ = (seal,)
    file_forge.counter.__defaults__ = (file_forge.VALUE, seal)
    file_forge.countersigned.__kwdefaults__ = {"by": (seal,)}
    made.archived.__kwdefaults__ = {**(made.archived.__kwdefaults__ or {}), "old": world, "at": AT, "content": text}
    stamper = world.timestamper(AT)
    edwards = world.issue(Subject("Lê Văn Mẫu"), PERSON, software_key("ed25519", 70))
    info = file_forge.info
    key_id = seal.certificate.subject_key_identifier
    assert key_id is not None
    first = forge.value_over(forge.set_of(file_forge.counter_attributes(file_forge.VALUE)), seal)
    second = forge.attribute(oids.ID_COUNTER_SIGNATURE, file_forge.counter(first, person))
    nested = file_forge.counter(value=first, unsigned=[second])
    plain = forge.without(forge.usual_attributes(content=text), oids.ID_AA_SIGNING_CERTIFICATE_V2)
    by_key = file_forge.made(info(seal, text, version=der.integer(3), sid=der.tlv(0x80, key_id)), by=[seal])
    files_ = {
        "ky-tach": kyso.sign_cms(text, person, at=AT),
        "ky-trong": kyso.sign_cms(text, person, at=AT, detached=False),
        "ky-thoi-gian": kyso.sign_cms(text, person, at=AT, level="B-T", timestamper=stamper),
        "ky-pss": kyso.sign_cms(text, person.using(pss=True), at=AT),
        "ky-ecdsa": kyso.sign_cms(text, seal, at=AT, detached=False),
        "ky-ed25519": kyso.sign_cms(text, edwards, at=AT),
        "ky-theo-khoa": by_key,
        "ky-thuong": file_forge.made(forge.signer_info(attributes=forge.set_of(plain))),
        "ky-hai-nguoi": file_forge.made(info(person, text), info(seal, text), by=[seal]),
        "ky-xac-nhan": file_forge.countersigned(file_forge.counter()),
        "ky-xac-nhan-hai-lan": file_forge.countersigned(nested),
        "ky-luu-tru": made.archived(),
        "ky-ber": files.ber(kyso.sign_cms(text, person, at=AT)),
        "mo-chung-thu": file_forge.made(),
    }
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.p7m"):
        path.unlink()
    for name, data in files_.items():
        (FOLDER / f"{name}.p7m").write_bytes(data)
    (FOLDER / "noi-dung.bin").write_bytes(text)
    (FOLDER / "root.cer").write_bytes(world.root.der)
    for i, crl in enumerate(world.crls(AT)):
        (FOLDER / f"{i}.crl").write_bytes(crl)


if __name__ == "__main__":
    make()
