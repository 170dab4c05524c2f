#!/bin/sh
# pcscd.sh DIR PORT: the PC/SC daemon with two virtual readers (vpcd on PORT and PORT+1) until it is ended.
# Prints "ready private" or "ready in-place". Private: DIR/run is its /run/pcscd and the ports are in a network of
# its own; clients set PCSCLITE_CSOCK_NAME=DIR/run/pcscd.comm, cards are started with `nsenter -t PID -n`.
# In place, where namespaces are forbidden: the machine's own /run/pcscd, one at a time (root only).
# Exit 77: the machine forbids both.
set -eu
dir=$1 port=$2 mode=${3:-}
driver=/usr/lib/pcsc/drivers/serial/libifdvpcd.so
mkdir -p "$dir/run" "$dir/readers"
printf 'FRIENDLYNAME "Virtual reader"\nDEVICENAME /dev/null:0x%X\nLIBPATH %s\nCHANNELID 0x%X\n' \
    "$port" "$driver" "$port" >"$dir/readers/vpcd"

if [ -z "$mode" ]; then
    flags=-mn
    [ "$(id -u)" = 0 ] || flags=-Urmn
    if [ -z "${KYSO_NO_NAMESPACES:-}" ] && unshare "$flags" true 2>/dev/null; then
        exec unshare "$flags" /bin/sh "$0" "$dir" "$port" private
    fi
    [ "$(id -u)" = 0 ] || { echo "FORBIDDEN: no namespaces, and not root" >&2; exit 77; }
    [ ! -d /run/systemd/system ] || { echo "FORBIDDEN: no namespaces, and systemd keeps /run/pcscd" >&2; exit 77; }
    mkdir -p /run/lock /run/pcscd
    exec 9>/run/lock/kyso-standins-pcscd
    flock -w 110 9 || { echo "FORBIDDEN: no namespaces, and another test run keeps /run/pcscd" >&2; exit 77; }
    old=$(cat /run/pcscd/pcscd.pid 2>/dev/null || echo none)
    if [ "$old" != none ] && kill -0 "$old" 2>/dev/null; then
        echo "FORBIDDEN: no namespaces, and a pcscd serves this machine already" >&2
        exit 77
    fi
    rm -f /run/pcscd/pcscd.comm /run/pcscd/pcscd.pid
    mode=in-place socket=/run/pcscd/pcscd.comm
else
    ip link set lo up
    mount -t tmpfs none /run
    mkdir -p /run/pcscd
    mount --bind "$dir/run" /run/pcscd
    socket=$dir/run/pcscd.comm
    rm -f "$socket" "$dir/run/pcscd.pid"
fi

pcscd --foreground --config "$dir/readers" >&2 &
daemon=$!
trap 'kill "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null; exit 0' TERM INT
until [ -S "$socket" ]; do
    kill -0 "$daemon" 2>/dev/null || { echo "pcscd ended" >&2; exit 1; }
    sleep 0.02
done
echo "ready $mode"
wait "$daemon"
