"""XML profiles as data: `built_in(name)`, `read_profile(data, name)`, `suggested(root)`.

One TOML file in this folder for each that comes with kyso; docs/xml-signing.md tells the format by task. Unknown
keys and values are refused, so that a misspelt one is never silently without effect.
"""

from .loading import BUILT_IN, built_in, read_profile, source_of, suggested

__all__ = ["BUILT_IN", "built_in", "read_profile", "source_of", "suggested"]
