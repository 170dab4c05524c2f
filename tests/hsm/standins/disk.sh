#!/bin/sh
# disk.sh DIR SIZE: a small disk on DIR in a mount namespace of its own, until it is ended. Others see it as
# /proc/PID/root/DIR, where PID is this process. Prints "ready".
set -eu
dir=$1 size=$2
if [ "${3:-}" != inside ]; then
    flags=-m
    [ "$(id -u)" = 0 ] || flags=-Urm
    [ -z "${KYSO_NO_NAMESPACES:-}" ] && unshare "$flags" true 2>/dev/null || {
        echo "FORBIDDEN: no namespaces" >&2
        exit 77
    }
    exec unshare "$flags" /bin/sh "$0" "$dir" "$size" inside
fi
mount -t tmpfs -o "size=$size" none "$dir"
echo ready
trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done
