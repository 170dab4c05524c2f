#!/bin/sh
# ock.sh DIR LIBRARY: openCryptoki's software token "kyso ock" (SO 76543210, PIN 1234) until it is ended. Its daemon, its
# files and its shared memory live in namespaces of their own (root only: its group cannot be mapped into a user
# namespace); a p11-kit server on DIR/server.sock lets clients in. Prints "ready PID". Exit 77: forbidden here.
set -eu
dir=$1 library=$2
if [ "${3:-}" != inside ]; then
    [ "$(id -u)" = 0 ] || { echo "FORBIDDEN: not root" >&2; exit 77; }
    [ -z "${KYSO_NO_NAMESPACES:-}" ] && unshare -mi true 2>/dev/null || { echo "FORBIDDEN: no namespaces" >&2; exit 77; }
    exec unshare -mi /bin/sh "$0" "$dir" "$library" inside
fi
mount -t tmpfs none /run
mkdir -p /run/lock
for place in /etc/opencryptoki /var/lib/opencryptoki /var/lock/opencryptoki /dev/shm; do
    mkdir -p "$place"
    mount -t tmpfs none "$place"
done
printf 'version opencryptoki-3.1\nslot 0\n{\nstdll = libpkcs11_sw.so\n}\n' >/etc/opencryptoki/opencryptoki.conf
mkdir -p /var/lib/opencryptoki/swtok/TOK_OBJ /var/lock/opencryptoki/swtok
chgrp -R pkcs11 /var/lib/opencryptoki /var/lock/opencryptoki
chmod -R 0770 /var/lib/opencryptoki /var/lock/opencryptoki
pkcsslotd -f >&2 &
daemon=$!
until [ -S /run/pkcsslotd.socket ]; do
    kill -0 "$daemon" 2>/dev/null || { echo "pkcsslotd ended" >&2; exit 1; }
    sleep 0.02
done
tool() { pkcs11-tool --module "$library" "$@" >&2; }
factory=87654321 # openCryptoki's SO PIN of a new token
tool --slot 0 --init-token --label "kyso ock" --so-pin "$factory"
tool --slot 0 --login --login-type so --so-pin "$factory" --change-pin --new-pin 76543210
tool --slot 0 --login --login-type so --so-pin 76543210 --init-pin --new-pin 1234
tool --slot 0 --login --pin 1234 --keypairgen --key-type rsa:2048 --id 01 --label rsa
rm -f "$dir/server.sock"
p11-kit server --foreground --name "$dir/server.sock" --provider "$library" pkcs11: >&2 &
server=$!
trap 'kill "$server" "$daemon" 2>/dev/null; wait 2>/dev/null; exit 0' TERM INT
until [ -S "$dir/server.sock" ]; do
    kill -0 "$server" 2>/dev/null || { echo "p11-kit server ended" >&2; exit 1; }
    sleep 0.02
done
echo "ready $server"
wait "$server"
