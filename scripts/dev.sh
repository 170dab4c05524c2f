#!/bin/sh
# A virtual environment with everything that developing needs: the package in place, checkers, peers. `make dev`
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

make_venv
pip_install pip --upgrade 'pip>=25.1' # --group came with 25.1
pip_install dev -e '.[all,bench]' --group dev
