#!/bin/sh
# Makes .venv-cards: the OpenPGP card of the tests. An environment of its own because smartcard-app-openpgp is GPLv3 (for
# tests only, never a part of kyso) and its package `smartcard` has the name of another one. Runs again without harm.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
wanted=$root/tests/hsm/standins/cards-requirements.txt
environment=$root/.venv-cards
python=${PYTHON:-python3}

if [ -x "$environment/bin/python" ] && cmp -s "$wanted" "$environment/made-of.txt"; then
    echo "cards: .venv-cards is up to date"
    exit 0
fi

rm -rf "$environment"
"$python" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted"
"$environment/bin/python" -c 'import ZODB, smartcard.app.openpgp'
cp "$wanted" "$environment/made-of.txt"
echo "cards: .venv-cards is ready"
