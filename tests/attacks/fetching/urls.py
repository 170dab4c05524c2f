"""V6: URLs that lead inside, to another protocol, round in circles, or to more than anybody can take.

A variant is a function of the two servers that gives a `Lure`: a URL in a certificate, the word that must be said,
and how the fetcher was made. Its twin is a fetch that goes well with the same fetcher.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .loopback import Servers

HOST = "crl.tinh-mau.example"
"""A name of the attacker's; his name server answers what `Lure.names` says."""


@dataclass(frozen=True)
class Lure:
    url: str
    word: str
    """Stands in the error; `|` separates words that are all right."""
    names: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    """The addresses of a name: at the first question, at the second, …"""
    options: Mapping[str, float] = field(default_factory=dict)
    twin: str = "/crl"
    """The path at the allowed server that is fetched with the same fetcher."""


Generator = Callable[[Servers], Lure]
ATTACKS: dict[str, Generator] = {}


def _url(name: str, url: str, word: str) -> None:
    """A URL straight in the certificate, and the same as the place of a redirect."""

    def direct(both: Servers) -> Lure:
        return Lure(url.format(port=both.inner), word)

    def redirected(both: Servers) -> Lure:
        to = url.format(port=both.inner)
        return Lure(f"http://127.0.0.1:{both.outer}/to?{to}", word + "|no address|resolved|redirects")

    direct.__doc__ = "V6: only http(s), and no private, loopback or link-local address."
    redirected.__doc__ = "V6: … and after *each* redirect again."
    ATTACKS[name], ATTACKS[f"redirect_to_{name}"] = direct, redirected


INSIDE = "not a public address"
for _name, _text in {
    "loopback": "http://127.0.0.1:{port}/",
    "loopback_decimal": "http://2130706433:{port}/",
    "loopback_octal": "http://0177.0.0.1:{port}/",
    "loopback_hexadecimal": "http://0x7f000001:{port}/",
    "loopback_short": "http://127.1:{port}/",
    "loopback_far": "http://127.255.255.254:{port}/",
    "loopback_by_name": "http://localhost:{port}/",
    "loopback_of_ipv6": "http://[::1]:{port}/",
    "loopback_mapped": "http://[::ffff:127.0.0.1]:{port}/",
    "loopback_mapped_in_hexadecimal": "http://[::ffff:7f00:1]:{port}/",
    "loopback_compatible": "http://[::127.0.0.1]:{port}/",
    "loopback_of_nat64": "http://[64:ff9b::7f00:1]:{port}/",
    "loopback_of_6to4": "http://[2002:7f00:1::]:{port}/",
    "any_address": "http://0.0.0.0:{port}/",
    "any_address_as_zero": "http://0:{port}/",
    "any_address_of_ipv6": "http://[::]:{port}/",
    "private_10": "http://10.0.0.1:{port}/",
    "private_172": "http://172.16.0.1:{port}/",
    "private_192": "http://192.168.1.1:{port}/",
    "carrier_grade_nat": "http://100.64.0.1:{port}/",
    "link_local_metadata": "http://169.254.169.254/latest/meta-data/",
    "link_local_of_ipv6": "http://[fe80::1]:{port}/",
    "unique_local_of_ipv6": "http://[fd00::1]:{port}/",
    "broadcast": "http://255.255.255.255:{port}/",
    "multicast": "http://224.0.0.1:{port}/",
    "documentation_net": "http://192.0.2.1:{port}/",
    "full_width_digits": "http://１２７.0.0.1:{port}/",
    "circled_digits": "http://①②⑦.0.0.1:{port}/",
    "ideographic_full_stop": "http://127。0。0。1:{port}/",
    "trailing_dot": "http://localhost.:{port}/",
}.items():
    _url(_name, _text, INSIDE + "|resolved|no address")

for _scheme, _text in {
    "file": "file:///etc/hostname",
    "file_on_a_host": "file://127.0.0.1/etc/hostname",
    "ldap": "ldap://127.0.0.1:{port}/cn=x",
    "ftp": "ftp://127.0.0.1:{port}/crl",
    "gopher": "gopher://127.0.0.1:{port}/_GET",
    "data": "data:application/pkix-crl,x",
    "javascript": "javascript:alert(1)",
    "unix_socket": "http+unix://%2Frun%2Fx.sock/",
    "no_scheme": "//127.0.0.1:{port}/",
    "windows_share": "\\\\127.0.0.1\\x",
}.items():
    _url(
        _scheme, _text, "Only http and https|HTTP status 404|" + INSIDE
    )  # a place that is a path leads to the same host


def name_and_password(both: Servers) -> Lure:
    """V6: a certificate must not make us log in to a host that is allowed to be private."""
    return Lure(f"http://admin:x@127.0.0.1:{both.outer}/crl", "name and password")


def host_behind_a_name_and_password(both: Servers) -> Lure:
    """V6: `allowed@inside`: the host is what stands behind the @."""
    return Lure(f"http://127.0.0.1:{both.outer}@127.0.0.1:{both.inner}/", "name and password|no address")


def host_behind_a_backslash(both: Servers) -> Lure:
    """V6: browsers read a backslash as a slash; two readers, two hosts."""
    return Lure(f"http://127.0.0.1:{both.inner}\\@127.0.0.1:{both.outer}/crl", "no address|not a public|password")


def host_behind_a_fragment(both: Servers) -> Lure:
    """V6: what stands behind # is no host."""
    return Lure(f"http://127.0.0.1:{both.inner}#@127.0.0.1:{both.outer}/crl", INSIDE)


def another_port_of_an_allowed_host(both: Servers) -> Lure:
    """V6: who allows host:port allows no other service of that host."""
    return Lure(f"http://127.0.0.1:{both.outer}/to?http://127.0.0.1:{both.inner}/", INSIDE)


def name_that_leads_inside(both: Servers) -> Lure:
    """V6: "deny private/loopback/link-local *after DNS*"."""
    return Lure(f"http://{HOST}:{both.inner}/", INSIDE, {HOST: [["127.0.0.1"]]})


def name_that_leads_inside_and_outside(both: Servers) -> Lure:
    """V6: one public address among inner ones does not make them public."""
    return Lure(f"http://{HOST}:{both.inner}/", INSIDE, {HOST: [["93.184.216.34", "127.0.0.1"]]})


def name_that_leads_inside_by_ipv6(both: Servers) -> Lure:
    """V6: the other family counts as well."""
    return Lure(f"http://{HOST}:{both.inner}/", INSIDE, {HOST: [["::ffff:127.0.0.1"]]})


def redirect_to_a_name_that_leads_inside(both: Servers) -> Lure:
    """V6: DNS is asked after each redirect."""
    url = f"http://127.0.0.1:{both.outer}/to?http://{HOST}:{both.inner}/"
    return Lure(url, INSIDE, {HOST: [["127.0.0.1"]]})


def name_without_addresses(both: Servers) -> Lure:
    """V6: no address, no connection."""
    return Lure(f"http://{HOST}:{both.inner}/", "cannot be resolved", {HOST: [[]]})


def endless_redirects(both: Servers) -> Lure:
    """V6: round in a circle."""
    return Lure(f"http://127.0.0.1:{both.outer}/loop", "redirects more than")


def one_redirect_too_many(both: Servers) -> Lure:
    """V6: the number of redirects is capped; the twin has one less."""
    return Lure(f"http://127.0.0.1:{both.outer}/hops?3", "redirects more than", twin="/hops?2")


def answer_without_end(both: Servers) -> Lure:
    """V6: "size … caps"."""
    return Lure(f"http://127.0.0.1:{both.outer}/large", "sends more than")


def answer_that_unpacks_to_more(both: Servers) -> Lure:
    """V6: the size of a compressed answer says nothing."""
    return Lure(f"http://127.0.0.1:{both.outer}/bomb", "compressed")


def answer_that_drips(both: Servers) -> Lure:
    """V6: "time caps": each octet comes in time, the answer never."""
    return Lure(f"http://127.0.0.1:{both.outer}/drip", "too slowly", options={"timeout_s": 0.4})


def headers_that_drip(both: Servers) -> Lure:
    """V6: the same before the answer."""
    return Lure(f"http://127.0.0.1:{both.outer}/drip-headers", "too slowly", options={"timeout_s": 0.4})


def answer_that_is_shorter_than_promised(both: Servers) -> Lure:
    """V6: half an answer is none."""
    return Lure(f"http://127.0.0.1:{both.outer}/lies", "cannot be reached|too slowly", options={"timeout_s": 1.0})


def answer_beside_an_error(both: Servers) -> Lure:
    """V6: the body of an error is no answer."""
    return Lure(f"http://127.0.0.1:{both.outer}/error", "HTTP status 500")


def one_fetch_too_many(both: Servers) -> Lure:
    """V6: "cap count per validation"; the twin was the last one."""
    return Lure(f"http://127.0.0.1:{both.outer}/crl?again", "Too many fetches", options={"max_fetches": 1})


ATTACKS |= {
    name: make
    for name, make in list(globals().items())
    if getattr(make, "__annotations__", {}) == {"both": "Servers", "return": "Lure"} and not name.startswith("_")
}
