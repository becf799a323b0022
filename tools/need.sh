#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages that a make target needs and lacks. Says one line when it installs
# something, nothing when everything is there. Exit 2 when it cannot.
#   tools/need.sh demo|check|check-all
set -u
case ${1:-} in
demo)  want="libiscsi-dev libgcrypt20-dev tgt binutils" why="real iSCSI paths and symbolised call stacks" ;;
check) want="libiscsi-dev libgcrypt20-dev libiscsi-bin sg3-utils tgt binutils libcmocka-dev g++ clang libclang-rt-14-dev llvm lld valgrind gdb python3 gcc-mingw-w64-x86-64 gcc-mingw-w64-i686 wine"
       why="unit tests, sanitizers, fuzzers, valgrind, gdb, a real iSCSI target, PE compilers and Wine" ;;
check-all) want="gcc-i686-linux-gnu gcc-aarch64-linux-gnu qemu-user" why="the emulator on other processors" ;;
*) echo "usage: tools/need.sh demo|check|check-all" >&2; exit 2 ;;
esac
missing=
for p in $want; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "make $1 needs:$missing - this is no Debian system, please install their equivalents" >&2
    exit 2
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "make $1 needs:$missing ($why). Install them as root: apt-get install$missing" >&2
    exit 2
fi
echo "installing$missing ($why)"
log=$(mktemp)
if ! { $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
    echo "installation failed:" >&2
    tail -5 "$log" >&2
    rm -f "$log"
    exit 2
fi
rm -f "$log"
