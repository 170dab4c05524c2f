#!/bin/sh
# nethsm.sh DIR LIBRARY: a "network HSM": LIBRARY (with the environment given) in a p11-kit server on DIR/server.sock.
# Prints "ready PID"; each client gets a child of PID. Clients load p11-kit-client.so with
# P11_KIT_SERVER_ADDRESS=unix:path=…, directly or through the fault proxy (proxy.py).
set -eu
dir=$1 library=$2
rm -f "$dir/server.sock"
p11-kit server --foreground --name "$dir/server.sock" --provider "$library" pkcs11: >&2 &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; exit 0' TERM INT
until [ -S "$dir/server.sock" ]; do
    kill -0 "$server" 2>/dev/null || { echo "p11-kit server ended" >&2; exit 1; }
    sleep 0.02
done
echo "ready $server"
wait "$server"
