"""`make fuzz-cms [SECONDS=300]`: coverage-guided fuzzing of reading, verifying and extending CMS files.

Runs as `fuzz_pdf` does (`running`); what must hold for any file stands in `cms_oracle`. Timestamps, CRLs, OCSP
answers and certificates are fuzzed with it: they stand inside.
"""

from __future__ import annotations

from .cms_seeds import seeds
from .running import Fuzzer, Target, main


def _load() -> Fuzzer:
    import kyso_pki.cades.document
    import kyso_pki.formats  # noqa: F401 - loaded here so that its branches are counted

    from .cms_mutator import mutate
    from .cms_oracle import failures, world

    world()
    files = tuple(seeds().values())
    return Fuzzer(failures, lambda data, rng, size: mutate(data, rng, size, files))


TARGET = Target("tests.fuzz.fuzz_cms", ".p7m", seeds, _load)

if __name__ == "__main__":
    raise SystemExit(main(TARGET, __doc__))
