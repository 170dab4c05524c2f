#!/bin/sh
# The tests on a bare machine: installs the judges that apt may install, the environment, and runs pytest.
# `sh scripts/test.sh [PYTEST ARGUMENTS]`
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

judges="softhsm2 opensc poppler-utils xmlsec1 openssl qpdf fonts-liberation"
# shellcheck disable=SC2086 # a list of names
apt_install $judges || say "Not installed from here, and tests that need them will fail: sudo apt-get install $judges"
make_venv
pip_install pip --upgrade 'pip>=25.1' # --group came with 25.1
pip_install test -e '.[all]' --group dev
PYTHON="$(cd "$VENV/bin" && pwd)/python" sh scripts/judges.sh
if [ "$#" = 0 ]; then
    set -- -n 2
fi
exec "$VENV/bin/python" -m pytest "$@"
