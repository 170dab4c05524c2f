"""X7: everything in a document that could make a reader open a file or a connection. Nothing is opened.

`HOST` has the discard port: a test listens elsewhere and puts its own host there (`test_nothing_is_contacted`).
"""

from __future__ import annotations

from . import properties
from .attack import Attack, Generator, variant
from .forge import DS, Ref, enveloped, signature, x509_data
from .structure import LETTER, WHOLE, honest

ATTACKS: dict[str, Generator] = {}
RULE = "X7: Only the same document is referenced; nothing is resolved, fetched or followed."
HOST = "127.0.0.1:9"

URIS = (
    f"http://{HOST}/x.xml", f"https://{HOST}/x.xml", f"http://{HOST}/x.xml#cv", f"ftp://{HOST}/x", f"HTTP://{HOST}/",
    f"//{HOST}/x", "file:///etc/hostname", "file:/etc/hostname", "file:x", "/etc/hostname", "etc/hostname", "x.xml",
    "./x.xml", "../x.xml", "x.xml#cv", "?x", "?x#cv", ".", "/", " ", " #cv", "&#9;#cv", "&#10;#cv", "cv", "data:,x",
    "data:text/xml;base64,PGEvPg==#cv", "cid:x@example", "mid:x", "urn:uuid:1", "urn:x#cv", "jar:file:/x!/y",
    "gopher://127.0.0.1:9/", "ldap://127.0.0.1:9/", "php://filter/resource=x", "expect://id", "javascript:1",
    "\\\\127.0.0.1\\x", "C:\\x.xml", "c:/x.xml", "netdoc:///x", "dict://127.0.0.1:9/", "tftp://127.0.0.1/x",
    "view-source:x", "about:blank", "smb://127.0.0.1/x", "blob:x", "mailto:x@example", "tag:x,2026:y", "%23cv",
    "&#x23;cv%20", "\u202e#cv", "#xpointer(/)",
)  # fmt: skip


def _led(uri: str) -> bytes:
    return enveloped(LETTER, lambda _: signature([Ref(uri, LETTER)]))


for _uri in URIS:
    variant(
        ATTACKS,
        f"a_reference_to_{_uri!a}",
        RULE,
        lambda u=_uri: Attack(_led(u), "leads outside|No element", twin=honest()),  # type: ignore[misc] # bound in the loop
    )


def a_document_of_that_name_in_the_document() -> Attack:
    """X7: An identifier that looks like an address makes no address of it."""
    xml = f'<R><P Id="http://{HOST}/x.xml">x</P></R>'.encode()
    made = enveloped(xml, lambda _: signature([Ref(f"http://{HOST}/x.xml", xml)]))
    return Attack(made, "leads outside")


ATTACKS["a_document_of_that_name_in_the_document"] = a_document_of_that_name_in_the_document

# KeyInfo ----------------------------------------------------------------------------------------------------

D11 = "http://www.w3.org/2009/xmldsig11#"
KEYS = {
    "retrieval_by_id": '<ds:RetrievalMethod URI="#k" Type="http://www.w3.org/2000/09/xmldsig#X509Data"/>',
    "retrieval_by_http": f'<ds:RetrievalMethod URI="http://{HOST}/k"/>',
    "retrieval_by_file": '<ds:RetrievalMethod URI="file:///etc/hostname"/>',
    "retrieval_of_itself": '<ds:RetrievalMethod Id="m" URI="#m"/>',
    "retrieval_of_a_raw_certificate": f'<ds:RetrievalMethod URI="http://{HOST}/k" Type="{DS}rawX509Certificate"/>',
    "retrieval_with_xslt": '<ds:RetrievalMethod URI="#k"><ds:Transforms><ds:Transform Algorithm='
    '"http://www.w3.org/TR/1999/REC-xslt-19991116"/></ds:Transforms></ds:RetrievalMethod>',
    "retrieval_loops": '<ds:RetrievalMethod Id="m" URI="#n"/><ds:RetrievalMethod Id="n" URI="#m"/>',
    "retrieval_many": '<ds:RetrievalMethod URI="#k"/>' * 40,
    "key_info_reference": f'<k:KeyInfoReference xmlns:k="{D11}" URI="http://{HOST}/k"/>',
    "key_info_reference_by_id": f'<k:KeyInfoReference xmlns:k="{D11}" URI="#k"/>',
    "pgp": "<ds:PGPData><ds:PGPKeyID>QUJD</ds:PGPKeyID></ds:PGPData>",
    "spki": "<ds:SPKIData><ds:SPKISexp>QUJD</ds:SPKISexp></ds:SPKIData>",
    "management": "<ds:MgmtData>x</ds:MgmtData>",
    "encrypted_key": '<e:EncryptedKey xmlns:e="http://www.w3.org/2001/04/xmlenc#"/>',
    "agreement": '<e:AgreementMethod xmlns:e="http://www.w3.org/2001/04/xmlenc#" Algorithm="x"/>',
    "derived_key": '<e:DerivedKey xmlns:e="http://www.w3.org/2009/xmlenc11#"/>',
    "security_token": '<w:SecurityTokenReference xmlns:w="urn:w"><w:Reference URI="http://127.0.0.1:9/"/>'
    "</w:SecurityTokenReference>",
    "a_ds_element": "<ds:X509Certificate>QUJD</ds:X509Certificate>",
    "x509_retrieval": f'<ds:X509Data><x URI="http://{HOST}/"/></ds:X509Data>',
    "dsa": "<ds:KeyValue><ds:DSAKeyValue><ds:Y>QUJD</ds:Y></ds:DSAKeyValue></ds:KeyValue>",
    "empty_key_value": "<ds:KeyValue/>",
}
for _name, _key in KEYS.items():
    variant(
        ATTACKS,
        f"a_key_by_{_name}",
        "X7 X8: A key is in the document, as a certificate; nothing else leads to one.",
        lambda k=_key: Attack(  # type: ignore[misc] # bound in the loop
            enveloped(
                LETTER,
                lambda _: signature([WHOLE], key_info=x509_data().replace("<ds:KeyInfo>", f"<ds:KeyInfo>{k}")),
            ),
            "not accepted|cannot be read",
            twin=enveloped(
                LETTER,
                lambda _: signature(
                    [WHOLE], key_info=x509_data().replace("<ds:KeyInfo>", "<ds:KeyInfo><ds:KeyName>k</ds:KeyName>")
                ),
            ),
        ),
    )

# In the document around it: elements and attributes like any others, which are signed or break the digest -----------

_AROUND = {
    "a_stylesheet": ('<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:9/x.xsl"?>', ""),
    "a_model": ('<?xml-model href="http://127.0.0.1:9/x.rng"?>', ""),
    "an_include": ("", '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="http://127.0.0.1:9/"/>'),
    "an_include_of_text": (
        "",
        '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>',
    ),
    "a_schema": (
        "",
        '<x xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:schemaLocation="u http://127.0.0.1:9/"/>',
    ),
    "a_base": ("", '<x xml:base="http://127.0.0.1:9/"/>'),
    "a_link": ("", '<x xmlns:l="http://www.w3.org/1999/xlink" l:href="http://127.0.0.1:9/" l:actuate="onLoad"/>'),
    "a_picture": ("", '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:9/"/></svg>'),
}


def _around(before: str, inside: str, *, after_signing: bool) -> bytes:
    plain = (
        LETTER if after_signing else before.encode() + LETTER.replace(b"</CongVan>", inside.encode() + b"</CongVan>")
    )
    made = enveloped(plain, lambda _: signature([Ref("", plain, envelope=True)]))
    return before.encode() + made.replace(b"<ds:Sig", inside.encode() + b"<ds:Sig", 1) if after_signing else made


for _name, (_before, _inside) in _AROUND.items():
    variant(
        ATTACKS,
        f"{_name}_added_after_signing",
        RULE,
        lambda b=_before, i=_inside: Attack(  # type: ignore[misc] # bound in the loop
            _around(b, i, after_signing=True), "CONTENT_CHANGED", twin=_around(b, i, after_signing=False)
        ),
    )

# In properties ----------------------------------------------------------------------------------------------


def _policy(uri: str) -> bytes:
    more = (
        "<xades:SignaturePolicyIdentifier><xades:SignaturePolicyId><xades:SigPolicyId><xades:Identifier>"
        f"{uri}</xades:Identifier></xades:SigPolicyId><xades:SigPolicyHash><ds:DigestMethod Algorithm="
        '"http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>QUJD</ds:DigestValue></xades:SigPolicyHash>'
        f"<xades:SigPolicyQualifiers><xades:SigPolicyQualifier><xades:SPURI>{uri}</xades:SPURI>"
        "</xades:SigPolicyQualifier></xades:SigPolicyQualifiers></xades:SignaturePolicyId></xades:SignaturePolicyIdentifier>"
    )
    own = properties.properties(more=more)
    return properties._signed([properties.WHOLE, properties.reference(own)], properties.qualifying(own))


def followed_nowhere(host: str) -> dict[str, bytes]:
    """Documents with addresses at this host that are good as they are: they are read without following them."""
    found = {"a_policy": _policy(f"http://{host}/policy")}
    for name, (before, inside) in _AROUND.items():
        found[name] = _around(before.replace(HOST, host), inside.replace(HOST, host), after_signing=False)
    return found
