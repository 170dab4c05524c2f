#!/bin/sh
# Makes .venv-judges and .judges: judges that cannot run in the project's own environment (tests/judges/README.md): endesive in
# Python, EU DSS and veraPDF in Java. Runs again without harm.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
wanted=$root/tests/judges/endesive-requirements.txt
environment=$root/.venv-judges
python=${PYTHON:-python3}

# Without Java and Maven the tests say what is missing: skipped on a desk, failed in CI (tests/judges/java.py).
"$python" -I "$root/tests/judges/java_build.py" || true

if [ -x "$environment/bin/python" ] && cmp -s "$wanted" "$environment/made-of.txt"; then
    echo "judges: .venv-judges is up to date"
    exit 0
fi

rm -rf "$environment"
"$python" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted"

# The mend: oscrypto 1.3.0 looks for the OpenSSL version with \d\.\d\.\d, one digit each, and so finds none in
# "OpenSSL 3.0.19" (Debian 12) and refuses to import. Here, in this environment only, each part may have more digits.
"$environment/bin/python" - <<'PYTHON'
import pathlib
import sysconfig

for path in pathlib.Path(sysconfig.get_path("purelib"), "oscrypto", "_openssl").glob("_libcrypto_*.py"):
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(r"\\d\\.\\d\\.\\d[a-z]*", r"\\d+\\.\\d+\\.\\d+[a-z]*"), encoding="utf-8")
PYTHON

"$environment/bin/python" -c 'import endesive.pdf.cms, endesive.pdf.verify'
cp "$wanted" "$environment/made-of.txt"
echo "judges: .venv-judges is ready"
