#!/bin/sh
# tpm.sh DIR LIBRARY: a TPM 2.0 (swtpm) with a tpm2-pkcs11 token "kyso tpm" (SO 12345678, PIN 1234) until it is ended.
# State stays in DIR: run again, it is the same TPM after a power cut. No resource manager stands between, so what a
# killed client left in the TPM stays there until it is flushed.
set -eu
dir=$1 library=$2
mkdir -p "$dir/state"
rm -f "$dir/tpm.sock" "$dir/tpm.sock.ctrl"
swtpm socket --tpm2 --tpmstate "dir=$dir/state" --server "type=unixio,path=$dir/tpm.sock" \
    --ctrl "type=unixio,path=$dir/tpm.sock.ctrl" --flags not-need-init,startup-clear >&2 &
tpm=$!
trap 'kill "$tpm" 2>/dev/null; wait "$tpm" 2>/dev/null; exit 0' TERM INT
until [ -S "$dir/tpm.sock" ] && [ -S "$dir/tpm.sock.ctrl" ]; do
    kill -0 "$tpm" 2>/dev/null || { echo "swtpm ended" >&2; exit 1; }
    sleep 0.02
done
if [ ! -e "$dir/store" ]; then
    mkdir "$dir/store"
    export TPM2_PKCS11_STORE="$dir/store" TPM2_PKCS11_TCTI="swtpm:path=$dir/tpm.sock" TPM2TOOLS_TCTI="swtpm:path=$dir/tpm.sock"
    tool() { pkcs11-tool --module "$library" "$@" >&2; tpm2_flushcontext --transient-object; }
    tpm2_ptool init --path "$dir/store" >&2
    tpm2_flushcontext --transient-object
    tool --slot-index 0 --init-token --label "kyso tpm" --so-pin 12345678
    tool --token-label "kyso tpm" --login --login-type so --so-pin 12345678 --init-pin --new-pin 1234
    tool --token-label "kyso tpm" --login --pin 1234 --keypairgen --key-type rsa:2048 --id 01 --label rsa
    tool --token-label "kyso tpm" --login --pin 1234 --keypairgen --key-type EC:prime256v1 --id 02 --label ec
fi
echo ready
wait "$tpm"
