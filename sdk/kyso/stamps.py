"""What a signature shows: stamps loaded from templates and images, and a picture of the result before signing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from kyso_pki.document import Placed
from kyso_pki.errors import UsageError
from kyso_pki.pdf.appearance import placing
from kyso_pki.pdf.appearance import preview as previewing
from kyso_pki.pdf.appearance.stamp import Place, Stamp
from kyso_pki.pdf.appearance.template import MAX_TEMPLATE, Template, built_in, read_template
from kyso_pki.pdf.reader import Reader

from .eyes import confined_eyes
from .signing import read

Content = bytes | str | os.PathLike[str]
"""Octets, or a path to them."""


def load_stamp(
    template: str | os.PathLike[str],
    *,
    images: Content | Mapping[str, Content] | None = None,
    settings: Mapping[str, str] | None = None,
    place: Place | None = None,
    font: Content | None = None,
    allow_overlap: bool = False,
    reserve: Sequence[str] = (),
) -> Stamp:
    """A stamp from a template's name (`nguoi-ky`, `con-dau`, `sao-y`, …) or the path of a `.toml` file.

    `images` is the one image, or several by the names that the template gives them; what is not given is looked
    for beside a template file. `settings` fill the template (`{"size": "38"}`). `reserve` names empty fields for
    seals that will be set over this signature later. Raises `UsageError`, `OSError`.
    """
    found, folder = _template(template)
    given = dict(images) if isinstance(images, Mapping) else {} if images is None else {"image": images}
    pictures = {name: _octets(content) for name, content in given.items()}
    for name in found.images:
        beside = folder / name if folder is not None and Path(name).name == name else None
        if name not in pictures and beside is not None and beside.is_file():
            pictures[name] = beside.read_bytes()
    if unknown := sorted(pictures.keys() - set(found.images)):
        raise UsageError(
            f"The template {found.name!r} shows no image {unknown[0]!r}.",
            remedy=f"It shows: {', '.join(found.images) or 'none'}.",
        )
    return Stamp(
        template=found,
        images=tuple(sorted(pictures.items())),
        settings=tuple(sorted((settings or {}).items())),
        place=place or Place(),
        font=None if font is None else _octets(font),
        allow_overlap=allow_overlap,
        reserve=tuple((name, Stamp(built_in("con-dau"))) for name in reserve),
    )


def preview(
    source: bytes | os.PathLike[str],
    stamp: Stamp,
    *,
    signer: str = "",
    field: str | None = None,
    at: datetime | None = None,
    dpi: float = previewing.DPI,
    password: Callable[[], str | None] | None = None,
) -> bytes:
    """The page with the stamp on it, as PNG; no key is asked for and nothing is signed.

    `signer` stands for the name in the certificate; `password` is asked for when the document is encrypted. Raises
    what `sign` would: `AnchorError`, `PlacementRefused` (its `picture` shows why), `SigningError`, `UsageError`,
    `FormatError`.
    """
    when = at or datetime.now(UTC)
    reader = Reader(read(source), password)
    return previewing.preview(reader, stamp, at=when, signer=signer, field=field, dpi=dpi, eyes=confined_eyes)


def placed(
    data: bytes,
    stamp: Stamp,
    *,
    at: datetime,
    signer: str,
    field: str | None,
    password: Callable[[], str | None] | None = None,
) -> Placed:
    """The stamp in its place in this document."""
    if not data.startswith(b"%PDF-"):
        raise UsageError("Only a PDF can show a stamp.", remedy="Leave the template out to sign XML.")
    return placing.place(Reader(data, password), stamp, at=at, signer=signer, field=field, eyes=confined_eyes)


def _template(template: str | os.PathLike[str]) -> tuple[Template, Path | None]:
    """The template, and the folder of its file."""
    name = os.fspath(template)
    if not name.endswith(".toml"):
        return built_in(name), None
    path = Path(name)
    with path.open("rb") as file:
        return read_template(file.read(MAX_TEMPLATE + 1), path.stem), path.parent


def _octets(content: Content) -> bytes:
    return content if isinstance(content, bytes) else Path(content).read_bytes()
