"""CAdES by kyso before OpenSSL and EU DSS, and by them before kyso: one table of verdicts.

`python -m tests.flows.cms_products` prints it in Markdown (docs/judges.md holds a run of it); test_cms_products.py
asserts every cell.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache

import kyso
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.testing import World
from tests.attacks.cms.files import ber
from tests.judges import dss, dss_cms, openssl
from tests.judges.dss_xml import Supply

from .loopback import time_stamping_authority
from .province import Province, now

CONTENT = "Quyết định của UBND tỉnh Mẫu\n".encode() * 100
Make = Callable[[Province], bytes]
LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")


@dataclass(frozen=True)
class Product:
    """A way to sign."""

    by: str
    name: str
    make: Make = field(repr=False)
    level: str = "B-B"
    """What kyso must call it: of each of its signatures, counter-signatures aside."""
    detached: bool = True
    openssl: str | None = None
    """Why OpenSSL does not say yes."""
    dss: str | None = None
    """Why DSS does not."""

    def __str__(self) -> str:
        return f"{self.by} {self.name}"


def _by_kyso(level: str, key: str = "rsa2048", *, detached: bool = True, stamped: bool = False) -> Make:
    def make(province: Province) -> bytes:
        at = now()
        return kyso.sign_cms(
            CONTENT,
            province.signer(key),
            detached=detached,
            level=level,
            timestamper=None if level == "B-B" and not stamped else province.world.timestamper(at),
            content_timestamp=stamped,
            fetcher=province.world.fetcher(at),
            at=at,
        )

    return make


def _two(province: Province) -> bytes:
    """A person, and the agency's seal beside him, at B-LTA."""
    at = now()
    options = {"level": "B-LTA", "timestamper": province.world.timestamper(at), "fetcher": province.world.fetcher(at)}
    first = kyso.sign_cms(CONTENT, province.signer("rsa2048"), at=at, **options)  # type: ignore[arg-type] # forwarded
    return kyso.sign(first, province.signer("p256"), content=CONTENT, at=at, **options)  # type: ignore[arg-type] # forwarded


def _extended_by_kyso(make: Make, *, detached: bool = True) -> Make:
    def extended(province: Province) -> bytes:
        at = now()
        return kyso.extend(
            make(province),
            level="B-LTA",
            timestamper=province.world.timestamper(at),
            fetcher=province.world.fetcher(at),
            content=CONTENT if detached else None,
        )

    return extended


def _supply(province: Province, url: str | None) -> Supply:
    return Supply(url, (province.root,), tuple(province.world.crls(now())))


def _by_dss(level: str, key: str = "rsa2048", *, detached: bool = True, beside: Make | None = None) -> Make:
    def make(province: Province) -> bytes:
        with nullcontext(None) if level == "B-B" else time_stamping_authority(province.world) as url:
            return dss_cms.sign(
                CONTENT if beside is None else beside(province),
                province.holder(key),
                at=now(),
                level=level,
                packaging="DETACHED" if detached else "ENVELOPING",
                supply=_supply(province, url),
                pss=key.endswith("-pss"),
                content=CONTENT if beside is not None and detached else None,
            )

    return make


def _extended_by_dss(make: Make, level: str = "B-LTA") -> Make:
    def extended(province: Province) -> bytes:
        with time_stamping_authority(province.world) as url:
            return dss_cms.extend(make(province), level, _supply(province, url), CONTENT)

    return extended


def _by_openssl(*options: str) -> Make:
    return lambda province: openssl.cms_sign(CONTENT, province.holder("rsa2048"), *options)


_ED = "The cryptographic suite that DSS 6.4 ships does not authorise EdDSA."
_NO_ED = "OpenSSL 3.0 does not verify Ed25519 in CMS with SHA-512."
PRODUCTS = (
    *(Product("kyso", f"{level}, detached", _by_kyso(level), level) for level in LEVELS),
    *(Product("kyso", f"{level}, attached", _by_kyso(level, detached=False), level, False) for level in LEVELS),
    *(Product("kyso", f"B-LTA, {key}", _by_kyso("B-LTA", key), "B-LTA") for key in ("rsa2048-pss", "p256", "p384")),
    Product("kyso", "B-B, Ed25519", _by_kyso("B-B", "ed25519"), dss=_ED, openssl=_NO_ED),
    *(
        Product("kyso", f"{level}, content stamped before", _by_kyso(level, stamped=True), level)
        for level in ("B-B", "B-LTA")
    ),
    Product("kyso", "two signers, B-LTA", _two, "B-LTA"),
    Product("kyso", "renewed", _extended_by_kyso(_by_kyso("B-LTA")), "B-LTA"),
    *(Product("DSS", f"{level}, detached", _by_dss(level), level) for level in LEVELS),
    *(Product("DSS", f"{level}, attached", _by_dss(level, detached=False), level, False) for level in LEVELS),
    Product("DSS", "B-T, RSASSA-PSS", _by_dss("B-T", "rsa2048-pss"), "B-T"),
    Product("DSS", "B-T, P-256", _by_dss("B-T", "p256"), "B-T"),
    Product("kyso", "B-B, made B-LTA by DSS", _extended_by_dss(_by_kyso("B-B")), "B-LTA"),
    Product("kyso", "B-LTA, renewed by DSS", _extended_by_dss(_by_kyso("B-LTA")), "B-LTA"),
    Product("DSS", "B-B, made B-LTA by kyso", _extended_by_kyso(_by_dss("B-B")), "B-LTA"),
    Product("DSS", "B-LTA, renewed by kyso", _extended_by_kyso(_by_dss("B-LTA")), "B-LTA"),
    Product("DSS", "beside kyso, B-B", _by_dss("B-B", "p256", beside=_by_kyso("B-B"))),
    Product("OpenSSL", "CAdES", _by_openssl("-cades")),
    Product("OpenSSL", "CAdES, attached", _by_openssl("-cades", "-nodetach"), detached=False),
    Product("OpenSSL", "CAdES, streamed", _by_openssl("-cades", "-nodetach", "-stream"), detached=False),
    Product("OpenSSL", "plain CMS", _by_openssl(), "CMS"),
    Product("OpenSSL", "CAdES, made B-LTA by kyso", _extended_by_kyso(_by_openssl("-cades")), "B-LTA"),
    Product("kyso", "B-B, shells of indefinite length", lambda p: ber(_by_kyso("B-B")(p))),
)


@cache
def province() -> Province:
    return Province(World.create(at=now() - timedelta(seconds=5)))


@dataclass(frozen=True)
class Said:
    """What each said of one file."""

    kyso: str
    openssl: str
    dss: str
    levels: tuple[str, ...]
    passed: tuple[bool, bool, bool]


def said(product: Product) -> Said:
    """Everybody's verdict on the file. From B-LT on nothing but the anchors and the content is given to them."""
    home = province()
    data = product.make(home)
    at = now() + timedelta(seconds=2)
    lasting = product.level in ("B-LT", "B-LTA")
    crls = () if lasting else tuple(home.world.crls(at))
    content = CONTENT if product.detached else None
    report = kyso.verify(
        data,
        trust=home.world.trust,
        at=at,
        evidence=NO_EVIDENCE if lasting else Evidence(crls=crls),
        content=content,
    )
    own = tuple(s.level.removeprefix("CAdES-") for s in report.signatures)
    theirs = openssl.cms_verify(data, content, [home.root], at=at, cades=product.level != "CMS")
    verdict = dss.verify(
        data, [home.root], at=at, crls=crls, detached={"document.bin": CONTENT} if product.detached else None
    )
    return Said(
        f"{report.verdict}: {', '.join(own)}",
        "yes" if theirs.valid else theirs.output.strip().splitlines()[-1][:80],
        verdict.output.replace("\n", "; ") if not verdict.valid else ", ".join(s.format for s in verdict.signatures),
        own,
        (report.passed, theirs.valid, verdict.valid),
    )


def rows() -> Iterator[str]:
    yield "| signed by | what | kyso | OpenSSL | DSS |\n| --- | --- | --- | --- | --- |\n"
    for product in PRODUCTS:
        one = said(product)
        cells = [
            f"{'yes' if one.passed[0] else 'no'}: {', '.join(dict.fromkeys(one.levels))}",
            "yes" if one.passed[1] else f"no: {product.openssl or one.openssl}",
            f"yes: {', '.join(dict.fromkeys(one.dss.split(', ')))}"
            if one.passed[2]
            else f"no: {product.dss or one.dss}",
        ]
        yield f"| {product.by} | {product.name} | {' | '.join(cells)} |\n"


def main() -> None:
    """Prints the table."""
    for row in rows():
        sys.stdout.write(row)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
