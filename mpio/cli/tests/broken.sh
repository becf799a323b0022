#!/bin/sh
# SPDX-License-Identifier: MIT
# For each always-on check a deliberately broken copy of the sample: it must be caught by exactly that check,
# with the line of the breach in the report.
cd "$(dirname "$0")/../../.." || exit 2
MPIO=$PWD/build/rel/bin/mpio
work=$PWD/build/check/broken
list=mpio/cli/tests/broken.list
passed=0 failed=0
rm -rf "$work"
mkdir -p "$work"

breach() { # rule file function code helper
    rule=$1 file=$2 function=$3 code=$4 helper=$5 at_function=$6
    dir=$work/$rule
    mkdir -p "$dir"
    cp dsm_sample/*.c dsm_sample/*.h dsm_sample/Makefile "$dir/"
    awk -v f="$function" -v code="$code" -v helper="$helper" '
        !helped && helper != "" && /^#include/ { print; print helper; helped = 1; next }
        { print }
        !done && $0 ~ "^[A-Za-z].*[ *]" f "\\(" { inside = 1 }
        inside && $0 == "{" { print "    " code " /* BREACH */"; inside = 0; done = 1 }' \
        "dsm_sample/$file" >"$dir/$file"
    line=$(grep -n 'BREACH' "$dir/$file" | cut -d: -f1)
    if [ -z "$line" ]; then
        echo "$rule: function $function not found in $file"
        return 1
    fi
    if ! make -s -C "$dir" DDK="$PWD/ddk" DBG=1 WERROR=0 >"$dir/build.log" 2>&1; then
        echo "$rule: does not build: $(grep error "$dir/build.log" | head -1)"
        return 1
    fi
    so=$(find "$dir" -name 'dsm_sample.so' | head -1)
    (cd "$dir" && timeout 60 "$MPIO" run --dsm "$so" --topology "$OLDPWD/mpio/cli/tests/broken.ini" --for 10s --quiet) >"$dir/run.log" 2>&1 </dev/null
    code=$?
    found=$(grep -oE '\b(KE|EX|IO|OB|LD|DSM)-[A-Z]+-[0-9]+' "$dir/run.log" | head -1)
    if [ "$found" != "$rule" ]; then
        echo "$rule: reported ${found:-nothing} (exit $code)"
        tail -3 "$dir/run.log" | sed 's/^/    /'
        return 1
    fi
    if [ -n "$at_function" ]; then
        grep -q "$function" "$dir/run.log" && return 0
        echo "$rule: the report does not name $function"
        return 1
    fi
    grep -q "$file:$line" "$dir/run.log" && return 0
    echo "$rule: the report does not name $file:$line"
    grep -E "\.c:[0-9]+" "$dir/run.log" | head -3 | sed 's/^/    /'
    return 1
}

while IFS= read -r entry; do
    case $entry in '' | '#'*) continue ;; esac
    rule=$(echo "$entry" | cut -d'|' -f1 | awk '{print $1}')
    at_function=$(echo "$entry" | cut -d'|' -f1 | awk '{print $2}')
    file=$(echo "$entry" | cut -d'|' -f2 | tr -d ' ')
    function=$(echo "$entry" | cut -d'|' -f3 | tr -d ' ')
    rest=$(echo "$entry" | cut -d'|' -f4-)
    code=$(echo "$rest" | awk -F' [|][|] ' '{print $1}' | sed 's/^ *//')
    helper=$(echo "$rest" | awk -F' [|][|] ' '{print $2}')
    [ $# -gt 0 ] && [ "$1" != all ] && [ "$1" != "$rule" ] && continue
    if breach "$rule" "$file" "$function" "$code" "$helper" "$at_function"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done <"$list"
echo "broken: $passed passed, $failed failed"
[ "$failed" = 0 ]
