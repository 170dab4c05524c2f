"""`make fuzz-xml [SECONDS=300]`: coverage-guided fuzzing of reading, verifying and signing XML.

Runs as `fuzz_pdf` does (`running`); what must hold for any document stands in `xml_oracle`.
"""

from __future__ import annotations

from .running import Fuzzer, Target, main
from .xml_seeds import seeds


def _load() -> Fuzzer:
    import kyso_pki.formats
    import kyso_pki.xml.document  # noqa: F401 - loaded here so that its branches are counted

    from .xml_mutator import mutate
    from .xml_oracle import failures, signer

    signer()
    files = tuple(seeds().values())
    return Fuzzer(failures, lambda data, rng, size: mutate(data, rng, size, files))


TARGET = Target("tests.fuzz.fuzz_xml", ".xml", seeds, _load)

if __name__ == "__main__":
    raise SystemExit(main(TARGET, __doc__))
