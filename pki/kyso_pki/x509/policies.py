"""Certificate policies along a path: the policy part of RFC 5280 6.1, as RFC 9618 simplifies it.

Reach for `broken_policies`. RFC 5280 keeps a tree of policies that crafted mappings make grow exponentially (attack
class V4); here it is the graph of RFC 9618 5, with one node for each policy of each certificate. What is refused:
more policies in one certificate than `MAX_POLICIES`, and mappings from or to anyPolicy.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ..asn1 import der
from ..errors import FormatError
from . import certificate as x
from .certificate import Certificate

ANY_POLICY = "2.5.29.32.0"
POLICY_MAPPINGS, POLICY_CONSTRAINTS, INHIBIT_ANY_POLICY = "2.5.29.33", "2.5.29.36", "2.5.29.54"
MAX_POLICIES = 256  # policies or mappings in one certificate; real ones have up to 10


@dataclass(frozen=True)
class InitialPolicies:
    """What the relying party asks of a path (RFC 5280 6.1.1 (c) to (g))."""

    acceptable: frozenset[str] = frozenset({ANY_POLICY})
    """user-initial-policy-set; policies as dotted strings."""
    explicit: bool = False
    """initial-explicit-policy: at least one acceptable policy must hold for the whole path."""
    inhibit_mapping: bool = False
    inhibit_any: bool = False


NO_WISHES = InitialPolicies()


@dataclass
class _Node:
    """One policy of one certificate."""

    parents: set[str]
    """Policies of the certificate above whose `expected` led here."""
    expected: set[str]
    """What the policy is called in the certificate below."""


_Level = dict[str, _Node]


@dataclass
class _State:
    """RFC 5280 6.1.2; certificates are counted from the one that the anchor issued."""

    levels: list[_Level] | None = field(default_factory=lambda: [{ANY_POLICY: _Node(set(), {ANY_POLICY})}])
    """The valid policy graph; None: no policy holds for the whole path."""
    explicit: int = 0
    mapping: int = 0
    any: int = 0


def broken_policies(chain: Sequence[Certificate], initial: InitialPolicies) -> str | None:
    """Why no acceptable policy holds along this chain (leaf first, the anchor last), where one is required.

    Raises `FormatError` for extensions that cannot be read or are too large.
    """
    anchor, below = chain[-1], list(reversed(chain[:-1]))
    count = len(below)
    if not count:
        return None
    state = _State(
        explicit=0 if initial.explicit else count + 1,
        mapping=0 if initial.inhibit_mapping else count + 1,
        any=0 if initial.inhibit_any else count + 1,
    )
    _limit(state, anchor)  # RFC 5937 3.2: what stands in the anchor's own certificate binds too
    for position, certificate in enumerate(below, 1):
        last = position == count
        _add_policies(state, certificate, last)
        if state.explicit == 0 and state.levels is None:
            return "no policy holds for the whole path, and one is required"
        if last:
            break
        _map_policies(state, certificate)
        if not certificate.self_issued:
            state.explicit, state.mapping, state.any = (
                max(n - 1, 0) for n in (state.explicit, state.mapping, state.any)
            )
        _limit(state, certificate)
    state.explicit = max(state.explicit - 1, 0)  # 6.1.5 (a), (b)
    if policy_constraints(below[-1])[0] == 0:
        state.explicit = 0
    if state.explicit == 0 and not _acceptable(state.levels, initial.acceptable):
        return "none of the policies that hold for the whole path is acceptable, and one is required"
    return None


def policies_of(certificate: Certificate) -> frozenset[str] | None:
    """The policies, None where the certificate names none."""
    if x.CERTIFICATE_POLICIES not in certificate.extensions:
        return None
    found = frozenset(certificate.policies)
    _capped(found, "policies")
    return found


def mappings_of(certificate: Certificate) -> tuple[tuple[str, str], ...]:
    """(issuerDomainPolicy, subjectDomainPolicy) pairs (RFC 5280 4.2.1.5)."""
    ext = certificate.extensions.get(POLICY_MAPPINGS)
    if ext is None:
        return ()
    found = []
    for item in der.read(ext.value, der.SEQUENCE).reader():
        reader = item.expect(der.SEQUENCE).reader()
        pair = reader.take(der.OID).oid(), reader.take(der.OID).oid()
        reader.finish()
        if ANY_POLICY in pair:
            raise FormatError("policyMappings from or to anyPolicy.")
        found.append(pair)
    _capped(found, "policy mappings")
    return tuple(found)


def policy_constraints(certificate: Certificate) -> tuple[int | None, int | None]:
    """(requireExplicitPolicy, inhibitPolicyMapping) in certificates (RFC 5280 4.2.1.11)."""
    ext = certificate.extensions.get(POLICY_CONSTRAINTS)
    if ext is None:
        return None, None
    reader = der.read(ext.value, der.SEQUENCE).reader()
    explicit, mapping = (reader.optional(der.implicit(n)) for n in (0, 1))
    reader.finish()
    return _skip(explicit), _skip(mapping)


def inhibit_any_policy(certificate: Certificate) -> int | None:
    """How many more certificates may use anyPolicy (RFC 5280 4.2.1.14)."""
    ext = certificate.extensions.get(INHIBIT_ANY_POLICY)
    return _skip(der.read(ext.value, der.INTEGER)) if ext else None


def _skip(element: der.Element | None) -> int | None:
    if element is None:
        return None
    value = int.from_bytes(element.content, signed=True)
    if value < 0 or not element.content:
        raise FormatError(f"SkipCerts of {value}.")
    return value


def _capped(found: Collection[object], what: str) -> None:
    if len(found) > MAX_POLICIES:
        raise FormatError(f"{len(found)} {what} in one certificate; at most {MAX_POLICIES} are read.")


def _limit(state: _State, certificate: Certificate) -> None:
    """6.1.4 (i), (j)."""
    explicit, mapping = policy_constraints(certificate)
    inhibit = inhibit_any_policy(certificate)
    state.explicit = state.explicit if explicit is None else min(state.explicit, explicit)
    state.mapping = state.mapping if mapping is None else min(state.mapping, mapping)
    state.any = state.any if inhibit is None else min(state.any, inhibit)


def _add_policies(state: _State, certificate: Certificate, last: bool) -> None:
    """6.1.3 (d), (e)."""
    policies = policies_of(certificate)
    if policies is None or state.levels is None:
        state.levels = None
        return
    above = state.levels[-1]
    expected: dict[str, set[str]] = {}
    for policy, node in above.items():
        for name in node.expected:
            expected.setdefault(name, set()).add(policy)
    level: _Level = {}
    for policy in policies - {ANY_POLICY}:
        if parents := expected.get(policy):
            level[policy] = _Node(set(parents), {policy})
        elif ANY_POLICY in above:
            level[policy] = _Node({ANY_POLICY}, {policy})
    if ANY_POLICY in policies and (state.any > 0 or (not last and certificate.self_issued)):
        for policy, parents in expected.items():
            if policy not in level:
                level[policy] = _Node(set(parents), {policy})
    state.levels.append(level)
    _prune(state)


def _map_policies(state: _State, certificate: Certificate) -> None:
    """6.1.4 (a), (b)."""
    mappings = mappings_of(certificate)
    if not mappings or state.levels is None:
        return
    level = state.levels[-1]
    names: dict[str, set[str]] = {}
    for issuers, subjects in mappings:
        names.setdefault(issuers, set()).add(subjects)
    for policy, called in names.items():
        if state.mapping == 0:
            level.pop(policy, None)
        elif policy in level:
            level[policy].expected = called
        elif ANY_POLICY in level:
            level[policy] = _Node({ANY_POLICY}, called)
    _prune(state)


def _prune(state: _State) -> None:
    """6.1.3 (d)(3): policies without any below them go; nothing left means that no policy holds."""
    levels = state.levels or []
    for above, below in zip(reversed(levels[:-1]), reversed(levels[1:]), strict=True):
        used: set[str] = set().union(*(node.parents for node in below.values()))
        for policy in [p for p in above if p not in used]:
            del above[policy]
    if not levels or not levels[-1] or not levels[0]:
        state.levels = None


def _acceptable(levels: list[_Level] | None, wanted: frozenset[str]) -> bool:
    """6.1.5 (g): whether the policies of the path, as the anchor calls them, and the wanted ones meet."""
    if levels is None:
        return False
    if ANY_POLICY in wanted or ANY_POLICY in levels[-1]:
        return True
    return any(
        policy in wanted for level in levels[1:] for policy, node in level.items() if ANY_POLICY in node.parents
    )
