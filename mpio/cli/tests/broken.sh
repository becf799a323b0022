#!/bin/sh
# SPDX-License-Identifier: MIT
# For each always-on check deliberately broken copies of the sample: each must be caught by exactly that check,
# with the line of the breach in the report. `broken.sh RULE...` runs the entries of these rules, `broken.sh all` or
# nothing all of them. Environment: BROKEN_FLAGS for building the copies (SAN=1), BROKEN_WORK for another directory
# than build/check/broken, where the copies and what mpio said about each are left; two runs need two;
# BROKEN_KIND=sys takes PE images, BROKEN_MPIO another mpio; BROKEN_BUILT is where dsm.mk leaves the driver (build).
cd "$(dirname "$0")/../../.." || exit 2
root=$PWD
export BROKEN_WORK BROKEN_KIND BROKEN_MPIO BROKEN_BUILT
kind=${BROKEN_KIND:-so}
tests=$root/mpio/cli/tests
work=${BROKEN_WORK:-$root/build/check/broken}

# Puts code at the start of a function's body (not of its prototype).
insert() { # file function code
    awk -v f="$2" -v code="$3" '
        { print }
        !done && $0 ~ "^[A-Za-z].*[ *]" f "\\(" { inside = 1 }
        inside && /;$/ { inside = 0 }
        inside && $0 == "{" { print "    " code " /* BREACH */"; inside = 0; done = 1 }
        END { exit !done }' "$1" >"$1.new" && mv "$1.new" "$1"
}

# After the first include: the helpers of a breach.
help() { # file code
    awk -v code="$2" '{ print } !done && /^#include/ { print "#include \"broken.h\""; print code; done = 1 }' \
        "$1" >"$1.new" && mv "$1.new" "$1"
}

field() { # line number
    printf '%s\n' "$1" | cut -d'|' -f"$2" | sed 's/^ *//; s/ *$//'
}

# The line where a function's definition begins, as "file:line".
definition() { # directory function
    (cd "$1" && awk -v f="$2" '
        $0 ~ "^[A-Za-z].*[ *]" f "\\(" { line = FNR; name = FILENAME }
        line && /;$/ && !/[{}]/ { line = 0 }
        line && /[{]/ { print name ":" line; exit }' ./*.c | sed 's|^\./||')
}

# One entry: its line of the list and the `+` lines after it. Prints nothing when all is well.
breach() { # number of the line in the list
    entry=$(sed -n "$1p" "$tests/broken.list")
    rule=$(field "$entry" 1 | awk '{ print $1 }')
    place=$(field "$entry" 1 | awk '$2 !~ /^for=/ { print $2 }')
    duration=$(field "$entry" 1 | sed -n 's/.* for=//p')
    file=$(field "$entry" 2)
    dir=$work/$1-$rule
    mkdir "$dir"
    cp -p dsm_sample/*.c dsm_sample/*.h dsm_sample/Makefile "$tests/broken.h" "$dir/"
    cp -Rp "$work/base/build" "$dir/build"
    sed -n "$1p; $(($1 + 1)),\$ { /^+/!q; p; }" "$tests/broken.list" >"$dir/entry"
    while IFS= read -r part; do
        code=$(printf '%s\n' "$part" | cut -d'|' -f4-)
        if ! insert "$dir/$(field "$part" 2)" "$(field "$part" 3)" "${code%% || *}"; then
            echo "$rule: function $(field "$part" 3) not found in $(field "$part" 2)"
            return 1
        fi
        case $code in *" || "*) help "$dir/$(field "$part" 2)" "${code#* || }" ;; esac
    done <"$dir/entry"
    if ! make -s -C "$dir" DDK="$root/ddk" DBG=1 $BROKEN_FLAGS "$kind" >"$dir/build.log" 2>&1; then
        echo "$rule: does not build: $(grep error "$dir/build.log" | head -1)"
        return 1
    fi
    (cd "$dir" && timeout 60 "$work/mpio" run --dsm ${BROKEN_BUILT:-build}/dsm_sample.$kind --topology "$tests/broken.ini" \
        --for "${duration:-10s}" --quiet) >"$dir/run.log" 2>&1 </dev/null
    code=$?
    found=$(grep -oE '\b(KE|EX|IO|OB|LD|DSM)-[A-Z]+-[0-9]+' "$dir/run.log" | head -1)
    if [ "$found" != "$rule" ]; then
        echo "$rule: reported ${found:-nothing} (exit $code), see $dir/run.log"
        tail -3 "$dir/run.log" | sed 's/^/    /'
        return 1
    fi
    line=$(grep -n 'BREACH' "$dir/$file" | head -1 | cut -d: -f1)
    case $place in
    '') want="^  => #0 .*/$file:$line\$" ;;
    @*) want=$(definition "$dir" "${place#@}")
        # Where a definition begins, the symbols of a PE image do not say: then the report has a line of the body.
        [ "$kind" = so ] || want="${want%:*}:[0-9]+"
        want="^  => #0 ${place#@} at .*/$want(\$|,)" ;;
    text:*) want=$(echo "${place#text:}" | sed "s/LINE/$line/") ;;
    esac
    grep -qE "$want" "$dir/run.log" && return 0
    echo "$rule: the report does not say $want, see $dir/run.log"
    grep -E "\.c:[0-9]+" "$dir/run.log" | head -3 | sed 's/^/    /'
    return 1
}

if [ "${1:-}" = --entry ]; then
    breach "$2" >"$work/$2.said" 2>&1 && : >"$work/$2.good"
    exit 0
fi

rm -rf "$work"
mkdir -p "$work/base"
cp "${BROKEN_MPIO:-build/rel/bin/mpio}" "$work/mpio" || exit 1 # somebody may build meanwhile
cp -p dsm_sample/*.c dsm_sample/*.h dsm_sample/Makefile "$work/base/"
if ! make -s -C "$work/base" DDK="$root/ddk" DBG=1 $BROKEN_FLAGS "$kind" >"$work/build.log" 2>&1; then
    echo "broken: the sample does not build:"
    cat "$work/build.log"
    exit 1
fi
grep -nE '^[A-Z]' mpio/cli/tests/broken.list | awk -F'[: ]' -v rules=" ${*:-all} " \
    'rules == " all " || index(rules, " " $2 " ") { print $1 }' >"$work/entries"
xargs -P2 -n1 sh "$tests/broken.sh" --entry <"$work/entries"
cat "$work"/*.said
total=$(wc -l <"$work/entries")
passed=$(find "$work" -maxdepth 1 -name '*.good' | wc -l)
# A rule that nothing shows to work is not a check.
unproven=
if [ "${1:-all}" = all ]; then
    for rule in $(sed -n 's/^ *X(RULE_[A-Z_]*, *"\([A-Z0-9-]*\)".*/\1/p' mpio/nt/rules.h); do
        case $rule in SP-*) continue ;; esac # a miniport's: vminiport.sh
        grep -q "^$rule " mpio/cli/tests/broken.list || unproven="$unproven $rule"
    done
    [ -n "$unproven" ] && echo "no entry in broken.list for:$unproven"
fi
echo "broken: $passed passed, $((total - passed)) failed"
[ "$passed" = "$total" ] && [ "$total" -gt 0 ] && [ -z "$unproven" ]
