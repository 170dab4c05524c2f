#!/bin/sh
# Signs while workers die, hang and tokens vanish. `sh scripts/soak.sh [--count N] [--every N] [--workers N] [--seed N]`
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

apt_install softhsm2 || die "The soak needs SoftHSM2: sudo apt-get install softhsm2"
make_venv
pip_install pip --upgrade 'pip>=25.1'
pip_install bench -e '.[bench]'
exec "$VENV/bin/python" -m benchmarks.soak "$@"
