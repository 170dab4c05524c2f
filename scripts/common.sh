# What demo.sh and test.sh share: a Python, system packages where they may be installed, a virtual environment.
# Sourced, never run. Nothing is needed but a POSIX shell and Python 3.11 or newer.

VENV=${KYSO_VENV:-.venv}

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# The first Python on this machine that is new enough; PYTHON names another one.
find_python() {
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            say "$candidate"
            return 0
        fi
    done
    die "Python 3.11 or newer is needed (Debian: apt-get install python3); then run this again."
}

# Runs a command as root: as it is for root, through sudo where sudo asks for no password.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1
    fi
}

# Installs the Debian packages among the arguments that are missing; fails where that is not allowed.
apt_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    as_root true || return 1
    say "apt-get install$missing"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null || return 1
    # shellcheck disable=SC2086 # a list of names
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# Makes the virtual environment if it is not there. Debian's Python comes without venv until python3-venv is installed.
make_venv() {
    [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -m pip --version >/dev/null 2>&1 && return 0
    (find_python >/dev/null 2>&1) || apt_install python3 python3-venv || true
    python=$(find_python) || exit 1
    say "making $VENV with $("$python" --version)"
    "$python" -m venv "$VENV" >/dev/null 2>&1 && return 0
    apt_install python3-venv && "$python" -m venv --clear "$VENV" >/dev/null 2>&1 && return 0
    "$python" -m virtualenv -q "$VENV" 2>/dev/null && return 0
    die "Python's venv module is missing: sudo apt-get install python3-venv, then run this again."
}

# pip_install STAMP ARGS…: installs into the environment, unless the same was done for the same pyproject.toml.
pip_install() {
    stamp="$VENV/.kyso-$1"
    shift
    wanted="$(cksum <pyproject.toml) $(pwd) $*"
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return 0
    say "pip install $*"
    "$VENV/bin/python" -m pip install -q --disable-pip-version-check "$@" || die "pip could not install; check the network."
    printf '%s' "$wanted" >"$stamp"
}
