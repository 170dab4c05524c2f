"""The cases, one module per area; importing a module registers its names."""

from __future__ import annotations

from importlib import import_module

AREAS = ("audit", "cli", "keys", "pdf", "pdf_verify", "xml_sign", "xml_verify")


def load() -> None:
    """Registers every case."""
    for area in AREAS:
        import_module(f"benchmarks.cases.{area}")
