"""X4: texts that two readers read differently: a comment, an instruction, CDATA or an element inside a value.

`.text` of many libraries stops at the first of them, others join what is around it. In the Signature's own values
each is refused; in content a comment that splits text is no "valid" either. The twin spells the same text plainly.
"""

from __future__ import annotations

import re

from . import properties
from .attack import Attack, Generator, variant
from .forge import EXCLUSIVE, Ref, enveloped, signature, x509_data
from .structure import LETTER, WHOLE

ATTACKS: dict[str, Generator] = {}
RULE = "X4: What holds a value holds text alone; a comment in content that goes on after it is no valid reading."
REASONS = "A comment|must hold text only|CDATA|not accepted|Text beside"

INTRUDERS = {
    "a_comment": "<!-- giả -->",
    "an_empty_comment": "<!---->",
    "an_instruction": "<?gia?>",
    "cdata": "<![CDATA[]]>",
    "an_element": "<x/>",
    "a_ds_element": "<ds:x/>",
}


def _put(xml: bytes, tag: str, intruder: str, share: float) -> bytes:
    """The intruder inside the first element of this name: at its start (0), in it, or at its end (1)."""
    text = xml.decode()
    m = re.search(rf"<{tag}(?: [^>]*)?>([^<]*)</{tag}>", text)
    assert m is not None, tag
    at = m.start(1) + int(share * (m.end(1) - m.start(1)))
    return (text[:at] + intruder + text[at:]).encode()


def _with_hints() -> bytes:
    hints = (
        "<ds:X509IssuerSerial><ds:X509IssuerName>CN=Mau</ds:X509IssuerName><ds:X509SerialNumber>17</ds:X509SerialNumber>"
        "</ds:X509IssuerSerial><ds:X509SKI>QUJDREVG</ds:X509SKI><ds:X509SubjectName>CN=Nguyen</ds:X509SubjectName>"
    )
    info = x509_data().replace("<ds:KeyInfo>", "<ds:KeyInfo><ds:KeyName>Nguyen</ds:KeyName>")
    return enveloped(
        LETTER, lambda _: signature([WHOLE], key_info=info.replace("<ds:X509Data>", f"<ds:X509Data>{hints}"))
    )


for _tag in (
    "DigestValue",
    "SignatureValue",
    "X509Certificate",
    "X509SubjectName",
    "X509IssuerName",
    "X509SerialNumber",
    "X509SKI",
    "KeyName",
):
    for _intruder, _text in INTRUDERS.items():
        for _place, _share in (("at_the_start", 0.0), ("inside", 0.5), ("at_the_end", 1.0)):
            variant(
                ATTACKS,
                f"{_intruder}_{_place}_of_{_tag}",
                RULE,
                lambda t=f"ds:{_tag}", i=_text, s=_share: Attack(  # type: ignore[misc] # bound in the loop
                    _put(_with_hints(), t, i, s), REASONS, twin=_with_hints()
                ),
            )

# In values that are signed with it: the canonical form with comments keeps it -------------------------------


def _signed_with(intruder: str, share: float, tag: str) -> bytes:
    """A true signature whose SignedInfo is canonicalised with comments and holds the intruder."""

    def before(info: str) -> str:
        return _put(info.encode(), tag, intruder, share).decode()

    return enveloped(LETTER, lambda _: signature([WHOLE], c14n=EXCLUSIVE + "WithComments", before=before))


for _intruder, _text in INTRUDERS.items():
    for _place, _share in (("at_the_start", 0.0), ("inside", 0.5), ("at_the_end", 1.0)):
        variant(
            ATTACKS,
            f"{_intruder}_{_place}_of_a_signed_digest",
            RULE,
            lambda i=_text, s=_share: Attack(  # type: ignore[misc] # bound in the loop
                _signed_with(i, s, "ds:DigestValue"), REASONS, twin=_signed_with("\n", s, "ds:DigestValue")
            ),
        )

# In properties ----------------------------------------------------------------------------------------------


def _properties(tag: str, intruder: str, share: float) -> bytes:
    place = "<xades:SignatureProductionPlaceV2><xades:City>Mau</xades:City></xades:SignatureProductionPlaceV2>"
    own = _put(properties.properties(more=place).encode(), tag, intruder, share).decode()
    return properties._signed([properties.WHOLE, properties.reference(own)], properties.qualifying(own))


for _tag in ("xades:SigningTime", "ds:DigestValue", "xades:City"):
    for _intruder in INTRUDERS:
        for _place, _share in (("at_the_start", 0.0), ("inside", 0.5), ("at_the_end", 1.0)):
            variant(
                ATTACKS,
                f"{_intruder}_{_place}_of_{_tag.partition(':')[2]}_in_properties",
                RULE,
                lambda t=_tag, i=INTRUDERS[_intruder], s=_share: Attack(  # type: ignore[misc] # bound in the loop
                    _properties(t, i, s), REASONS, twin=properties.honest()
                ),
            )

# In content -------------------------------------------------------------------------------------------------

CONTENT = '<CongVan Id="cv"><Ten>admin</Ten><So>12<b/>34</So></CongVan>'


def _content(change: str, uri: str = "") -> bytes:
    made = signature([Ref(uri, CONTENT.encode(), envelope=True)])
    xml = enveloped(CONTENT.encode(), lambda _: made)
    old, new = change.split(" => ")
    assert old.encode() in xml
    return xml.replace(old.encode(), new.encode())


for _name, _change in {
    "a_name": "admin => ad<!-- x -->min",
    "the_start_of_a_name": "admin => <!-- x -->admin",
    "a_name_twice": "admin => a<!-- x -->dmi<!-- y -->n",
    "a_name_beside_cdata": "admin => ad<!-- x --><![CDATA[min]]>",
    "text_before_an_element": ">12< => >1<!-- x -->2<",
    "text_after_an_element": ">34< => >3<!-- x -->4<",
    "text_right_after_an_element": ">34< => ><!-- x -->34<",
    "a_name_with_two_comments_together": "admin => ad<!-- x --><!-- y -->min",
}.items():
    for _uri in ("", "#cv"):
        variant(
            ATTACKS,
            f"a_comment_splits_{_name}_{'by_id' if _uri else 'whole'}",
            RULE,
            lambda c=_change, u=_uri: Attack(  # type: ignore[misc] # bound in the loop
                _content(c, u), "COMMENT_IN_TEXT", hashes=True, twin=_content("</Ten> => <!-- x --></Ten>", u)
            ),
        )

# The Signature itself -----------------------------------------------------------------------------------------------

NOT_SIGNED = (
    "X4: Where an enveloped Signature stands is not signed; in the middle of a text it splits it as a comment."
)


def _placed(change: str, uri: str) -> bytes:
    """The content with its signature, which is true wherever in it it stands, where `change` puts it."""
    made = signature([Ref(uri, CONTENT.encode(), envelope=True)])
    old, new = change.split(" => ")
    assert old in CONTENT
    return CONTENT.replace(old, new.replace("S", made)).encode()


for _name, _change in {
    "a_name": "admin => adSmin",
    "the_start_of_a_name": "admin => Sadmin",
    "a_name_before_a_comment": "admin => adS<!-- x -->min",
    "a_name_after_a_comment": "admin => ad<!-- x -->Smin",
    "a_name_before_two_comments": "admin => adS<!-- x --><!-- y -->min",
    "a_name_before_cdata": "admin => adS<![CDATA[min]]>",
    "a_name_before_a_reference": "admin => adS&#109;in",
    "text_before_an_element": ">12< => >1S2<",
    "text_after_an_element": ">34< => >S34<",
}.items():
    for _uri in ("", "#cv"):
        variant(
            ATTACKS,
            f"the_signature_splits_{_name}_{'by_id' if _uri else 'whole'}",
            NOT_SIGNED,
            lambda c=_change, u=_uri: Attack(  # type: ignore[misc] # bound in the loop
                _placed(c, u), "SIGNATURE_IN_TEXT", hashes=True, twin=_placed("admin => adminS", u)
            ),
        )
