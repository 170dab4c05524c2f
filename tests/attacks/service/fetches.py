"""R3: "per-request budget for network fetches": the service's is nothing, whatever a document asks for (see V6)."""

from __future__ import annotations

from kyso_pki.authority.profile import PERSON, Subject, Urls
from kyso_pki.testing import BASE_URL, SoftwareSigner
from tests.pki.ades.inputs import PDF, XML

from .attack import WORLD, Attack, Generator, Request, collected, sign, signed, signed_by, variant, verify

ATTACKS: dict[str, Generator] = {}
NOT_PASSED = '"verdict": "failed"|"verdict": "indeterminate"'
URLS = {
    "ocsp": lambda url: Urls(ocsp=url),
    "crl": lambda url: Urls(crl=url),
    "issuer": lambda url: Urls(ca_issuers=url),
    "everything": lambda url: Urls(url, url, url),
}


def _signer(port: int, kind: str, place: str = "http://127.0.0.1:{}/") -> SoftwareSigner:
    """A person of this world whose certificate names the server inside."""
    return WORLD.issue(Subject("Nguyễn Văn Mẫu"), PERSON, urls=URLS[kind](place.format(port)))


for _kind in URLS:
    for _name, _data in {"pdf": PDF, "xml": XML}.items():
        variant(
            ATTACKS,
            f"{_kind}_of_a_signer_of_{_name}",
            "A certificate names the server inside as where its state is told.",
            lambda port, k=_kind, n=_name, d=_data: Attack(  # type: ignore[misc] # bound in the loop
                verify(signed_by(_signer(port, k), d, "B-B")), 200, NOT_PASSED, verify(signed(n))
            ),
        )


def extended_with_evidence_from_inside(port: int) -> Attack:
    """R3: to extend a document is no reason to fetch either."""
    data = signed_by(_signer(port, "everything"), PDF, "B-T")
    return Attack(Request("/v1/extend?level=B-LT", data), 409, "evidence_missing")


def name_of_this_server_behind_an_at(port: int) -> Attack:
    """R3: "the server's own address" is compared as a whole, not as a beginning."""
    signer = _signer(port, "everything", BASE_URL + "@127.0.0.1:{}/crl/issuing.crl")
    return Attack(verify(signed_by(signer, PDF, "B-B")), 200, NOT_PASSED)


def name_of_this_server_with_more_behind_it(port: int) -> Attack:
    """R3: nor is a longer name this server's."""
    signer = _signer(port, "everything", BASE_URL + ".127.0.0.1.example:{}/ocsp")
    return Attack(verify(signed_by(signer, PDF, "B-B")), 200, NOT_PASSED)


def _asking(port: int, prologue: str, inside: str = "") -> bytes:
    url = f"http://127.0.0.1:{port}/"
    return (prologue.format(url) + f"<a>{inside.format(url)}</a>").encode()


def external_subset(port: int) -> Attack:
    """R3: a DTD elsewhere."""
    return Attack(verify(_asking(port, '<!DOCTYPE a SYSTEM "{}">')), 200, NOT_PASSED, verify(signed("xml")))


def external_entity(port: int) -> Attack:
    """R3: an entity elsewhere."""
    data = _asking(port, '<!DOCTYPE a [<!ENTITY x SYSTEM "{}">]>', "&x;")
    return Attack(sign(data), 422, "format", sign(XML))


def stylesheet(port: int) -> Attack:
    """R3: a style sheet elsewhere; the document is refused or signed, and nobody is asked."""
    return Attack(verify(_asking(port, '<?xml-stylesheet type="text/xsl" href="{}"?>')), 200, NOT_PASSED, sign(XML))


def included(port: int) -> Attack:
    """R3: an XInclude."""
    data = _asking(port, "", '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{}"/>')
    return Attack(verify(data), 200, NOT_PASSED, sign(XML))


def reference_elsewhere(port: int) -> Attack:
    """R3: a Reference that leads out of the document."""
    data = signed("xml").replace(b'URI=""', f'URI="http://127.0.0.1:{port}/"'.encode(), 1)
    return Attack(verify(data), 200, NOT_PASSED, verify(signed("xml")))


def redirect_after_signing(port: int) -> Attack:
    """R3: no parameter makes the service send what it signed to another place."""
    query = f"credential=mem&callback=http://127.0.0.1:{port}/"
    return Attack(sign(query=query), 400, "usage", sign())


def response_uri(port: int) -> Attack:
    """R3: nor does a field of CSC (`response_uri`, `callbackURI`)."""
    body = f'{{"credentialID":"khac","response_uri":"http://127.0.0.1:{port}/"}}'.encode()
    return Attack(
        Request("/csc/v2/credentials/info", body, (("Content-Type", "application/json"),)), 400, "invalid_request"
    )


def absolute_address(port: int) -> Attack:
    """R3: the service is no proxy: an absolute target is its own path or nothing."""
    return Attack(Request(f"http://127.0.0.1:{port}/", method="GET"), 404, "http.not_found")


ATTACKS |= collected(globals())
