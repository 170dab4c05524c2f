#!/bin/sh
# The tests on a bare machine: installs the judges and stand-ins that apt may install, the environments, and runs pytest.
# `sh scripts/test.sh [PYTEST ARGUMENTS]`
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

judges="curl softhsm2 opensc postgresql poppler-utils xmlsec1 openssl qpdf zip fonts-liberation pinentry-curses
    openjdk-17-jdk-headless maven nginx-light systemd"
# Real PKCS#11 modules besides SoftHSM2, and what they stand on (tests/hsm/standins/README.md).
standins="opensc-pkcs11 pcscd vsmartcard-vpcd libcacard0 libnss3-tools iproute2 p11-kit p11-kit-modules swtpm swtpm-tools
    tpm2-tools libtpm2-pkcs11-1 libtpm2-pkcs11-tools libtss2-tcti-swtpm0 opencryptoki"
# shellcheck disable=SC2086 # a list of names
apt_install $judges $standins ||
    say "Not installed from here, and tests that need them will fail: sudo apt-get install $judges" $standins
make_venv
pip_install pip --upgrade 'pip>=25.1' # --group came with 25.1
pip_install test -e '.[all]' --group dev
PYTHON="$(cd "$VENV/bin" && pwd)/python" sh scripts/judges.sh
PYTHON="$(cd "$VENV/bin" && pwd)/python" sh scripts/cards.sh
if [ "$#" = 0 ]; then
    set -- -n 2
fi
exec "$VENV/bin/python" -m pytest "$@"
