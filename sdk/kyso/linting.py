"""Look at a document before it is signed: is what is seen what would be signed?"""

from __future__ import annotations

import os
from collections.abc import Callable

from kyso_pki.formats import lint_document, open_document
from kyso_pki.pdf.lint.policy import DEFAULT_LINT, LintPolicy
from kyso_pki.pdf.lint.report import LintReport

from .signing import read


def lint(
    source: bytes | os.PathLike[str],
    *,
    policy: LintPolicy = DEFAULT_LINT,
    password: Callable[[], str | None] | None = None,
) -> LintReport:
    """The report on a PDF, or on XML, of which split text, foreign stylesheets and scripts are told.

    `report.refuse()` raises `LintRefused` where the policy refuses. Raises `FormatError` for a document that cannot
    be read, `EncryptedDocument` for one that `password` does not open.
    """
    return lint_document(open_document(read(source), password), policy)
