#!/bin/sh
# Fuzzes reading, verifying and preparing. `sh scripts/fuzz.sh pdf|xml|cms [--seconds N] [--seed N] [--work FOLDER]`
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

what=$1
shift
make_venv
pip_install pip --upgrade 'pip>=25.1'
pip_install fuzz -e '.[all]' --group dev --group fuzz
exec nice -n 5 "$VENV/bin/python" -m "tests.fuzz.fuzz_$what" "$@"
