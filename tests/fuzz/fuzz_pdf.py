"""`make fuzz-pdf [SECONDS=300]`: coverage-guided fuzzing of reading, verifying and preparing PDFs.

A parent process starts a child with limits on memory and on the time of one input, and starts it again when an
input ended it. The child runs atheris (libFuzzer) with our own mutations, and saves every new failure as a file;
it goes on after each. At the end the failures are listed, and the exit code is 1 when there is one.
"""

from __future__ import annotations

from .running import Fuzzer, Target, main
from .seeds import seeds


def _load() -> Fuzzer:
    import kyso_pki.formats
    import kyso_pki.pdf.document  # noqa: F401 - loaded here so that its branches are counted

    from .mutator import mutate
    from .oracle import failures, signer
    from .seeds import signed_ends

    signer()
    files, ends = tuple(seeds().values()), signed_ends()
    return Fuzzer(failures, lambda data, rng, size: mutate(data, rng, size, files, ends))


TARGET = Target("tests.fuzz.fuzz_pdf", ".pdf", seeds, _load)

if __name__ == "__main__":
    raise SystemExit(main(TARGET, __doc__))
