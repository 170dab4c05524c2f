"""In which form a report is answered: what the client accepts (RFC 9110 12.5.1, 12.5.4)."""

from __future__ import annotations

from collections.abc import Iterator

from kyso_pki.reports.forms import MEDIA_TYPES, Form
from kyso_pki.reports.words import LANGUAGES, Language

MAX_CHOICES = 32  # of one header; browsers send up to ten


def form_of(accept: str) -> Form:
    """The form that the client likes best; JSON where it has no wish, or none that can be met."""
    by_type: dict[str, Form] = {media.partition(";")[0]: form for form, media in MEDIA_TYPES.items()}
    return next((by_type[choice] for choice in _liked(accept) if choice in by_type), "json")


def language_of(accept: str) -> Language:
    """The language of a page for people; Vietnamese where the client has no wish, or none that can be met."""
    short = (choice.partition("-")[0] for choice in _liked(accept))
    return next((known for choice in short for known in LANGUAGES if choice == known), "vi")


def _liked(header: str) -> Iterator[str]:
    """The choices of a header by weight, those of equal weight in their order; without those of weight 0."""
    found = []
    for choice in header.lower().split(",")[:MAX_CHOICES]:
        name, *parameters = (part.strip() for part in choice.split(";"))
        weight = next((p.removeprefix("q=") for p in parameters if p.startswith("q=")), "1")
        try:
            found.append((-float(weight), name))
        except ValueError:
            continue
    yield from (name for weight, name in sorted(found, key=lambda one: one[0]) if weight < 0)
