#!/bin/sh
# Ratios to the physical limit and to peers. `sh scripts/bench.sh [--only PREFIX] [--rounds N]`; see docs/benchmarks.md
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

apt_install softhsm2 poppler-utils mupdf-tools || die "The benchmarks need SoftHSM2, pdfsig and mutool: sudo apt-get install softhsm2 poppler-utils mupdf-tools"
make_venv
pip_install pip --upgrade 'pip>=25.1'
pip_install bench -e '.[bench]'
exec "$VENV/bin/python" -m benchmarks "$@"
