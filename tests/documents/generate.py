"""Makes the documents of this folder: `python tests/documents/generate.py [NAME…]`, all of them without a name.

A NAME is a generator in `makers/` (see README.md). It ends by writing `manifest.json`: SHA-256 and size of each file.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "manifest.json"
NAMES = ("cong_van", "pdfa", "scan", "signed", "libreoffice", "invoice", "xml_vectors", "edxml", "bad")
"""In this order: later ones are made of what earlier ones wrote."""


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        sys.stderr.write(f"Unknown generator {', '.join(unknown)}; known: {', '.join(NAMES)}.\n")
        return 2
    sys.path.insert(0, str(HERE.parents[1]))  # so that a plain `python tests/documents/generate.py` finds the package
    for name in NAMES:
        if names and name not in names:
            continue
        maker = importlib.import_module(f"tests.documents.makers.{name}")
        for path in maker.make(HERE):
            sys.stdout.write(f"{name}: {path.relative_to(HERE)} {path.stat().st_size:,} bytes\n")
    MANIFEST.write_text(json.dumps(manifest(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def documents() -> list[Path]:
    """Every committed document: all files but code, pages and the manifest itself."""
    return sorted(
        path
        for path in HERE.rglob("*")
        if path.is_file()
        and path.suffix not in (".py", ".pyc", ".md", ".cs")
        and not path.name.startswith(".")
        and path != MANIFEST
    )


def manifest() -> dict[str, dict[str, object]]:
    """Name → SHA-256 and size in bytes."""
    return {
        path.relative_to(HERE).as_posix(): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "size": path.stat().st_size,
        }
        for path in documents()
    }


def committed_manifest() -> dict[str, dict[str, object]]:
    """The manifest as it was written after the last run of the generators."""
    read: dict[str, dict[str, object]] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return read


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
