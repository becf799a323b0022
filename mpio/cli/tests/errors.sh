#!/bin/sh
# SPDX-License-Identifier: MIT
# Wrong use and wrong files: the exit code, and a message that names what is wrong.
cd "$(dirname "$0")/../../.." || exit 2
MPIO=$PWD/build/rel/bin/mpio
DSM=$PWD/build/dsm_sample/rel/dsm_sample.so
work=$PWD/build/check/errors
passed=0 failed=0
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 2
good=$OLDPWD/docs/examples/two-paths.ini

expect() { # exit code, text in the output, arguments...
    want=$1 text=$2
    shift 2
    timeout 60 "$MPIO" "$@" >out 2>&1 </dev/null
    code=$?
    if [ $code = "$want" ] && grep -qF -- "$text" out; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "mpio $*: exit $code (want $want), no '$text' in:"
        head -4 out | sed 's/^/    /'
    fi
}
expect 2 "no command"
expect 0 "examples" --help
expect 0 "examples" run --help
expect 0 "mpio 0" --version
expect 2 "unknown command: walk" walk
expect 2 "unknown option: --dms" run --dms x
expect 2 "option needs a value: --dsm" run --dsm
expect 2 "no --dsm given" run --topology "$good"
expect 2 "no --topology given" run --dsm "$DSM"
expect 2 "--seed" run --dsm "$DSM" --topology "$good" --seed minus
expect 2 "--for" run --dsm "$DSM" --topology "$good" --for 10parsecs
expect 2 "--for" run --dsm "$DSM" --topology "$good" --for 0
expect 2 "nowhere.so" run --dsm nowhere.so --topology "$good"
expect 2 "nowhere.ini" run --dsm "$DSM" --topology nowhere.ini
expect 2 "is not an ELF file" run --dsm "$good" --topology "$good"
printf 'MZ not a driver for us' >image.sys
expect 2 "PE image" run --dsm image.sys --topology "$good"
head -c 3000 "$DSM" >short.so
expect 2 "short.so" run --dsm short.so --topology "$good"
echo 'int x;' >lib.c && cc -shared -fPIC -o lib.so lib.c
expect 2 "no DriverEntry" run --dsm ./lib.so --topology "$good"
echo 'int NoSuchRoutine(void); int DriverEntry(void) { return NoSuchRoutine(); }' >missing.c && cc -shared -fPIC -o missing.so missing.c
expect 2 "NoSuchRoutine" run --dsm ./missing.so --topology "$good"
printf '[hba h]\nkind = fibre\n' >bad.ini
expect 2 "bad.ini:2" check-topology bad.ini
expect 2 "bad.ini:2" run --dsm "$DSM" --topology bad.ini
printf '[machine m]\n[hba h]\n[array a]\n[lun l]\n[link k]\n[load d]\n[machine M]\n' >twice.ini
expect 2 "twice.ini:7" check-topology twice.ini
: >empty.ini
expect 2 "no [machine] section" run --dsm "$DSM" --topology empty.ini
expect 0 "node0" check-topology "$OLDPWD/docs/examples/demo.ini"
expect 2 "not a whole replay file" replay "$good"
expect 2 "replay takes one file" replay
sed 's/product = .*/product = Other/' "$good" >other.ini
printf '[machine m]\nclaim = "NOBODY  NOTHING         "\n' >claim.ini && sed '/^\[machine/d' "$good" >>claim.ini
expect 2 "no DSM claimed it" run --dsm "$DSM" --topology claim.ini --for 1s --quiet
echo "errors: $passed passed, $failed failed"
[ "$failed" = 0 ]
