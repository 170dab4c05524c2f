"""What changed after a signature: each later revision compared with the one before it, object by object.

Reach for `changes_by_revision`. Every byte and every cross-reference entry of a later revision must be explained by
a rule; what no rule explains is a change that is not allowed (attack classes P4 to P9, P12). The rules know only
additions in an exact shape: signature fields and their widgets, document timestamps, validation evidence (DSS),
metadata, and form filling where the signer's permission says so. One room each:

`entries` bytes and cross-reference · `trailers` · `catalog` · `form` the form and its values · `signing` new and
filled signature fields · `evidence` the DSS · `pages` · `remarks` annotations · `leftovers` what no rule
explained · `where` page numbers.
"""

from __future__ import annotations

from .by_revision import changes_by_revision

__all__ = ["changes_by_revision"]
