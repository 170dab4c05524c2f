#!/bin/sh
# The main job from a bare machine: makes a model province, signs a PDF and an XML with its HSM keys, locally and
# through the server, verifies each. `sh scripts/demo.sh [DIR]`; run again it uses the province that is there.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

province=${1:-tinh-mau}

softhsm_installed() {
    for library in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so /usr/lib64/pkcs11/libsofthsm2.so \
        /usr/lib64/softhsm/libsofthsm.so /opt/homebrew/lib/softhsm/libsofthsm2.so /usr/local/lib/softhsm/libsofthsm2.so; do
        [ -e "$library" ] && return 0
    done
    return 1
}

if ! softhsm_installed && ! { apt_install softhsm2 && softhsm_installed; }; then
    say "SoftHSM2 is not installed and cannot be installed from here: sudo apt-get install softhsm2"
    say "Going on with encrypted software keys."
fi
make_venv
pip_install demo -e '.[all]'
PATH="$(cd "$VENV/bin" && pwd):$PATH"
export PATH

kyso quickstart "$province" --no-serve --port 0
cd "$province"
url=$(python -c 'import tomllib; print(tomllib.load(open("kyso.toml", "rb"))["server"]["url"])')
key=$(python -c 'import tomllib; print(tomllib.load(open("kyso.toml", "rb"))["credentials"][0]["key"])')

answers() {
    python -c 'import sys, urllib.request as u; u.build_opener(u.ProxyHandler({})).open(sys.argv[1] + "/readyz", timeout=5)' \
        "$url" 2>/dev/null
}

server=
stop_server() {
    [ -n "$server" ] || return 0
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
}
trap stop_server EXIT
trap 'exit 130' INT TERM

if answers; then
    say "The server of this province runs already at $url"
else
    kyso serve >server.log 2>&1 &
    server=$!
    tries=0
    until answers; do
        tries=$((tries + 1))
        if [ "$tries" -gt 60 ] || ! kill -0 "$server" 2>/dev/null; then
            cat server.log >&2
            die "The server did not start."
        fi
        sleep 0.5
    done
    say "The server runs at $url"
fi

# Shows a command as one could paste it, then runs it.
run() {
    printf '\n$'
    for word in "$@"; do
        case $word in
            *[!A-Za-z0-9_./:=,@%+-]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$@"
}

mkdir -p demo
remote="--server $url --token-file secrets/api-token --credential nguyen-van-mau"
run kyso sign van-ban.pdf --key "$key" --pin-file secrets/token.pin --level B-T --force -o demo/van-ban.tai-may.pdf
run kyso sign hoa-don.xml --key "$key" --pin-file secrets/token.pin --level B-T --force -o demo/hoa-don.tai-may.xml
# shellcheck disable=SC2086 # a list of options
run kyso sign van-ban.pdf $remote --level B-T --force -o demo/van-ban.may-chu.pdf
# shellcheck disable=SC2086
run kyso sign hoa-don.xml $remote --level B-T --force -o demo/hoa-don.may-chu.xml
run kyso verify demo/van-ban.tai-may.pdf demo/hoa-don.tai-may.xml demo/van-ban.may-chu.pdf demo/hoa-don.may-chu.xml

if command -v pdfsig >/dev/null 2>&1; then
    for pdf in demo/van-ban.tai-may.pdf demo/van-ban.may-chu.pdf; do
        printf '\n$ pdfsig -nocert %s\n' "$pdf"
        word=$(pdfsig -nocert "$pdf") || true
        printf '%s\n' "$word" | grep -E 'Signature Validation|Total document signed|Certificate Common Name' || true
        case $word in
            *"Signature is Valid"*) ;;
            *) die "pdfsig does not find the signature valid." ;;
        esac
        case $word in
            *"Total document signed"*) ;;
            *) die "pdfsig does not find the whole document signed." ;;
        esac
    done
fi

printf '\nAll signed and verified. The province stays in %s; go on with:\n  . %s/bin/activate && cd %s && kyso serve\n' \
    "$province" "$VENV" "$province"
