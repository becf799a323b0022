#!/bin/sh
# SPDX-License-Identifier: MIT
# The example plug-in, compiled out of tree as its head says, in an array of a running world; and what
# is said about one that cannot be loaded.
cd "$(dirname "$0")/../../.." || exit 2
root=$(pwd)
B=${B:-build/rel}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT INT TERM
passed=0 failed=0
check() { # what, condition's result
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "plugin: FAILED: $1"
        cat "$work/out"
    fi
}
topology() { # array keys
    printf '[machine m]\n[hba h]\n[array a]\n%s\n[lun l]\n[link k]\nports = all\n[load x]\n' "$1" > "$work/t.ini"
}
run() {
    (cd "$work" && timeout 60 "$root/$B/bin/mpio" run --dsm "$root"/build/dsm_sample/rel/dsm_sample.so --topology "$work/t.ini" --for 2s) > "$work/out" 2>&1
}

cc -Wall -Wextra -Werror -shared -fPIC -I mpio/include docs/examples/array_plugin.c -o "$work/array_plugin.so" > "$work/out" 2>&1
check "the example compiles" $?
topology "plugin = $work/array_plugin.so"
run
check "a world with the plug-in runs" $?
grep -q 'verdict *GOOD' "$work/out"
check "and its verdict is good" $?
topology "plugin = $work/array_plugin.so, lenient"
! run && grep -q 'the argument is "strict" or nothing' "$work/out"
check "the plug-in's own objection is told" $?
topology "plugin = $work/nowhere.so"
! run && grep -q 'nowhere.so' "$work/out"
check "a missing file is named" $?
topology "profile = mirrorpeak"
run
check "a world of a profile runs" $?
echo "plugin: $passed passed, $failed failed"
[ "$failed" = 0 ]
