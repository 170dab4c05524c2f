#!/bin/sh
# softokn.sh DIR LIBRARY: NSS softokn (LIBRARY) on the database DIR/nss, served by p11-kit on DIR/server.sock.
# softokn wants its configuration in C_Initialize's reserved pointer, which p11-kit's proxy gives it; the proxy
# reads a private configuration only when it does not run as root. So root's copy of this script continues as `nobody`.
# DIR must then be reachable for everybody. Prints "ready PID".
set -eu
dir=$1 library=$2
if [ "$(id -u)" = 0 ]; then
    cp "$0" "$dir/softokn.sh" # the checkout may lie where only root may look
    chown -R nobody "$dir"
    cd "$dir"
    exec setpriv --reuid=nobody --regid=nogroup --clear-groups /bin/sh "$dir/softokn.sh" "$@"
fi
export HOME="$dir" XDG_CONFIG_HOME="$dir/config" XDG_RUNTIME_DIR="$dir"
mkdir -p "$dir/config/pkcs11/modules"
echo 'user-config: only' >"$dir/config/pkcs11/pkcs11.conf"
cat >"$dir/config/pkcs11/modules/nss.module" <<MODULE
module: $library
x-init-reserved: configdir='sql:$dir/nss' certPrefix='' keyPrefix='' secmod='secmod.db' flags=internal,moduleDB,moduleDBOnly,critical
MODULE
rm -f "$dir/server.sock"
p11-kit server --foreground --name "$dir/server.sock" pkcs11: >&2 &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; exit 0' TERM INT
until [ -S "$dir/server.sock" ]; do
    kill -0 "$server" 2>/dev/null || { echo "p11-kit server ended" >&2; exit 1; }
    sleep 0.02
done
chmod 666 "$dir/server.sock"
echo "ready $server"
wait "$server"
