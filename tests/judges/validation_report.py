"""The schema of ETSI TS 119 102-2 as EU DSS ships it (in the jars of the Java judges): is a report one by the letter?

Reach for `errors`, and call `java.need()` first: the jars come from Maven Central with the other judges, and are not
kept in this repository.
"""

from __future__ import annotations

import io
import zipfile
from functools import cache
from typing import Any

from lxml import etree

from .java_build import build

_MAIN = "1910202xmlSchema.xsd"  # V1.4.1
_FILES = {
    "xmldsig-core": "xmldsig-core-schema.xsd",
    "XAdES": "XAdES01903v132-202407.xsd",
    "additionaltypes": "ts_119612v020401_additionaltypes_xsd.xsd",
    "sie_xsd": "ts_119612v020401_sie_xsd.xsd",
    "19612": "ts_119612v020401_xsd.xsd",
    "xml.xsd": "xml.xsd",
}
"""What the schemas import, by a part of the address that they name."""


def errors(report: bytes) -> list[str]:
    """What the schema says against it; nothing: it is valid. Raises `java_build.JudgeMissing`."""
    schema = _schema()
    schema.validate(etree.fromstring(report))
    return [str(e) for e in schema.error_log]


@cache
def _schema() -> etree.XMLSchema:
    files = _octets()
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Jars())
    return etree.XMLSchema(etree.parse(io.BytesIO(files[_MAIN]), parser))


@cache
def _octets() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for jar in (build() / "lib").glob("specs-*.jar"):
        with zipfile.ZipFile(jar) as archive:
            found |= {n.rpartition("/")[2]: archive.read(n) for n in archive.namelist() if n.endswith(".xsd")}
    return found


class _Jars(etree.Resolver):
    """Takes what a schema imports out of the jars; nothing is fetched."""

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        name = next((file for part, file in _FILES.items() if part in (system_url or "")), None)
        return None if name is None else self.resolve_string(_octets()[name], context)
