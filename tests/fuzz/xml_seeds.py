"""The XML documents that fuzzing starts from: golden, so that a finding means the same on every machine.

`python -m tests.fuzz.xml_seeds` makes them anew with keys that are then thrown away. Those that are signed with XPath
(`xp-`) have a root of their own: with the argument `xpath` only they are made. Reach for `seeds`, `trust`,
`evidence`, `AT`, and `contents`: what the seeds' signers signed.
"""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kyso_pki.evidence import Evidence
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.trust import TrustStore

if TYPE_CHECKING:
    from kyso_pki.testing import World

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "xml-seeds"
REGRESSIONS = HERE / "xml-regressions"
AT = datetime(2026, 11, 29, tzinfo=UTC)


@cache
def seeds() -> dict[str, bytes]:
    """The seeds by name; those that begin with `mo-` are not signed."""
    return {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.xml"))}


@cache
def trust() -> TrustStore:
    return TrustStore.of([Certificate.from_der(path.read_bytes()) for path in sorted(FOLDER.glob("*root.cer"))])


@cache
def evidence() -> Evidence:
    """CRLs that are good at `AT`: nothing is fetched."""
    # E-invoices carry the signer's own certificate alone.
    issuing = tuple(Certificate.from_der(path.read_bytes()) for path in sorted(FOLDER.glob("*issuing.cer")))
    return Evidence(certificates=issuing, crls=tuple(path.read_bytes() for path in sorted(FOLDER.glob("*.crl"))))


@cache
def contents() -> frozenset[bytes]:
    """The SHA-256 digests of everything that a seed's signer signed, in canonical octets."""
    from kyso_pki.xml.document import XmlDocument

    found: set[bytes] = set()
    for data in seeds().values():
        document = XmlDocument(data, xpath=True)
        for facts in document.signatures():
            found |= {hashlib.sha256(c).digest() for c in document.signed_content(facts.id)}
    return frozenset(found)


def make() -> None:
    """Writes the seeds, the roots and the CRLs."""
    from kyso_pki.ades.grow import Sources, extend
    from kyso_pki.ades.sign import sign_document
    from kyso_pki.document import Intent
    from kyso_pki.testing import World
    from kyso_pki.xml.document import XmlDocument
    from kyso_pki.xml.profiles import built_in
    from tests.attacks.xml import octets, placements, texts, transforms
    from tests.attacks.xml import xades as countersigned
    from tests.attacks.xml.catalogue import VARIANTS
    from tests.pki.xml import made as samples

    world = World.create(at=AT)
    _sign_in(world)
    person, seal = world.person_signer, world.seal_signer

    def signed(xml: bytes, level: str = "B-B", form: str = "xades", by: object = person, profile: str = "") -> bytes:
        intent = Intent(AT, level=level, xml_form=form, profile=built_in(profile) if profile else None)  # type: ignore[arg-type] # words
        sources = Sources(AT, world.fetcher(AT), trust=world.trust)
        return sign_document(XmlDocument(xml), intent, by, world.timestamper(AT), sources)  # type: ignore[arg-type] # a signer

    invoice = b"<HDon><DLHDon Id='data'><TTChung><SHDon>1</SHDon></TTChung></DLHDon><DSCKS/></HDon>"
    inherited = (
        b'<?a b?><p:R xmlns:p="urn:p" xmlns="urn:d" xml:lang="vi"><Q p:a="&#9;">x<![CDATA[<]]>y</Q><?c d?></p:R>'
    )
    long_term = signed(samples.LETTER, "B-LT")
    made_now = {
        "mo-cong-van": samples.LETTER,
        "mo-hoa-don": invoice,
        "mo-thua-ke": inherited,
        "ky-xades": signed(samples.LETTER),
        "ky-xmldsig": signed(samples.LETTER, form="xmldsig", by=seal),
        "ky-thua-ke": signed(inherited),
        "ky-utf-16": signed(samples.LETTER.decode().replace("UTF-8", "UTF-16").encode("utf-16")),
        "ky-dau-thoi-gian": signed(samples.LETTER, "B-T"),
        "ky-lau-dai": long_term,
        "ky-luu-tru": extend(
            XmlDocument(long_term),
            "B-LTA",
            timestamper=world.timestamper(AT),
            sources=Sources(AT, world.fetcher(AT), trust=world.trust),
        ).data,
        "ky-hoa-don": signed(invoice, form="xmldsig", profile="einvoice-seller"),
        "ky-hai-nguoi": signed(
            signed(invoice, form="xmldsig", profile="einvoice-seller"), form="xmldsig", profile="einvoice-buyer"
        ),
        "ky-tung-phan": placements._filled("<R><Extensions>E</Extensions>OS</R>", "<Khac/>", inside=False),
        "ky-bao-quanh": placements._enveloping(""),
        "ky-base64": transforms._object(transforms._GOOD),
        "ky-nhieu-tham-chieu": _several(),
        "ky-chu-thich": texts._content("</Ten> => <!-- x --></Ten>"),
        "ky-cach-viet": octets.signed(),
        "ky-thuoc-tinh": countersigned.honest(),
        "ky-khoa": VARIANTS["certificates.a_key_value_of_another_modulus"].twin(),
    }
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.xml"):
        path.unlink()
    _write(made_now, world)
    make_xpath()


def make_xpath() -> None:
    """Writes the seeds that are signed with XPath, their root and its CRLs."""
    from kyso_pki.testing import World
    from tests.pki.xml.test_xpath import CASES, LETTER, WHOLE, signed

    world = World.create(at=AT)
    _sign_in(world)
    names = {"leaves a part out": "bot-phan", "filter: intersect": "loc", "filter: three operations": "loc-ba-buoc"}
    made = {f"xp-{short}": signed(CASES[name][1], CASES[name][0]) for name, short in names.items()}
    whole = {"W3C's own words for enveloped": "here", "a filter with here()": "loc-here"}
    made |= {f"xp-{short}": signed(LETTER, WHOLE[name]) for name, short in whole.items()}
    _write(made, world, "xpath-")


def _sign_in(world: World) -> None:
    """The makers of samples sign with keys of this world, not of one of today."""
    from tests.attacks.xml import certificates, forge, properties, structure
    from tests.attacks.xml import xades as countersigned
    from tests.pki.xml import made as samples

    named = {"WORLD": world, "PERSON": world.person_signer, "SEAL": world.seal_signer, "AT": AT}
    for module in (samples, forge, properties, structure, certificates, countersigned):
        for name, value in named.items():
            if name in vars(module):
                vars(module)[name] = value
    defaults = forge.signature.__kwdefaults__
    assert defaults is not None
    defaults["signer"] = world.person_signer
    forge.x509_data.__defaults__ = (world.person_signer,)


def _write(made: dict[str, bytes], world: World, before: str = "") -> None:
    for name, data in made.items():
        (FOLDER / f"{name}.xml").write_bytes(data)
    (FOLDER / f"{before}root.cer").write_bytes(world.root.der)
    (FOLDER / f"{before}issuing.cer").write_bytes(world.issuing.der)
    for i, crl in enumerate(world.crls(AT)):
        (FOLDER / f"{before}{i}.crl").write_bytes(crl)


def _several() -> bytes:
    """One signature over three parts, and one that is not signed beside them."""
    from tests.attacks.xml.forge import Ref, signature

    parts = [f'<P{i} Id="p{i}">so {i}</P{i}>' for i in range(3)]
    made = signature([Ref(f"#p{i}", part.encode()) for i, part in enumerate(parts)])
    return f"<R>{''.join(parts)}<Khac/>{made}</R>".encode()


if __name__ == "__main__":
    (make_xpath if sys.argv[1:] == ["xpath"] else make)()
