#!/bin/sh
# SPDX-License-Identifier: MIT
# Planted bugs: each file of planted/ is an error that a reviewer might miss, in a copy of this tree's sources, and
# `mpio soak` has to find it. `planted.sh [all | open | NAME...]`: three that are found at once, every one (up to SEEDS
# seeds, 10,000 unless set), those of planted/open/ that nobody has found yet, or those named. Seeds run in order, one
# after the other, so the first that fails is the same everywhere; as many bugs are tried at a time as there are
# processors, each in a copy of its own under PLANTED_WORK.
#
# A file: what is wrong and what it costs, then for each change a line `file PATH`, and the old and the new text after
# lines `--- old` and `--- new`, up to `--- end`. The old text, which may begin and end within a line, must be there
# exactly once: a file that has rotted fails.
cd "$(dirname "$0")/../../.." || exit 2
root=$PWD
bugs=$root/mpio/cli/tests/planted
DSM=${DSM:-$root/build/dsm_sample/rel/dsm_sample.so}
work=${PLANTED_WORK:-$(mktemp -d "${TMPDIR:-/tmp}/planted.XXXXXX")}
limit=${SEEDS:-10000}
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# apply BUG DIRECTORY: changes the sources there; prints the files changed; fails when an old text is not there once.
apply() {
    awk -v root="$2" '
        function fail(why) { print FILENAME ": " file ": " why > "/dev/stderr"; broken = 1 }
        function change(    text, line, at, rest) {
            path = root "/" file
            if (!(file in now)) {
                while ((line = (getline text < path)) > 0) now[file] = now[file] text "\n"
                close(path)
            }
            text = now[file]
            at = index(text, old)
            if (at == 0) { fail("the old text is not there"); return }
            rest = substr(text, at + length(old))
            if (index(rest, old)) { fail("the old text is there more than once"); return }
            now[file] = substr(text, 1, at - 1) new rest
        }
        /^file / && part == "" { file = $2; next }
        /^--- old$/ { part = "old"; old = ""; next }
        /^--- new$/ { part = "new"; new = ""; next }
        /^--- end$/ { part = ""; changes++; change(); next }
        part == "old" { old = old (old == "" ? "" : "\n") $0 }
        part == "new" { new = new (new == "" ? "" : "\n") $0 }
        END {
            if (!changes && !broken) fail("no change in it")
            if (broken) exit 1
            for (file in now) { printf "%s", now[file] > (root "/" file); print file }
        }' "$1"
}

# What a build from these objects needs, with the times that make compares.
copy() {
    mkdir -p "$1/build/rel/bin" && cp -Rp Makefile LICENSE mpio ddk tools "$1" &&
        cp -Rp build/rel/mpio build/rel/gen build/rel/ddk build/rel/lib*.a build/rel/exports.list "$1/build/rel" 2>/dev/null
    [ -f "$1/build/rel/libcore.a" ]
}

# One worker: takes bugs that nobody has taken.
worker() { # DIRECTORY BUG...
    tree=$1
    shift
    for bug; do
        mkdir "$work/taken.$bug" 2>/dev/null || continue
        try "$bug" "$tree" >"$work/$bug.line"
        cat "$work/$bug.line"
    done
}

try() { # BUG DIRECTORY: prints one line
    if ! files=$(apply "$bugs/$1.bug" "$2" 2>"$work/$1.log"); then
        printf '%-36s ROTTEN: %s\n' "$1" "$(sed "s,^$root/,," "$work/$1.log" | head -1)"
        return
    fi
    begin=$(date +%s)
    if ! make -s -C "$2" build/rel/bin/mpio >"$work/$1.log" 2>&1; then
        printf '%-36s DOES NOT BUILD: %s\n' "$1" "$(grep -m1 error: "$work/$1.log")"
    else
        "$2/build/rel/bin/mpio" soak --dsm "$DSM" --seeds "$limit" --jobs 1 --first --keep "$work/$1" \
            >"$work/$1.log" 2>&1 </dev/null
        code=$?
        line=$(grep -m1 '^seed ' "$work/$1.log")
        if [ -n "$line" ]; then
            seed=${line#seed }
            printf '%-36s seed %5d %5d s  %.100s\n' "$1" "${seed%% *}" $(($(date +%s) - begin)) "${seed#*  }"
        elif [ $code -ne 0 ]; then
            printf '%-36s ENDED EARLY: %s\n' "$1" "$(grep -m1 '^mpio: ' "$work/$1.log")"
        else
            printf '%-36s NOT FOUND by %s seeds %5d s: %s\n' "$1" "$limit" $(($(date +%s) - begin)) \
                "$(tail -1 "$work/$1.log")"
        fi
    fi
    for file in $files; do # and its object is older than the source again
        cp "$file" "$2/$file"
    done
}

case ${1:-} in
open) bugs=$bugs/open ;;
esac
case ${1:-} in
all | open) set -- $(cd "$bugs" && ls | sed -n 's/\.bug$//p') ;;
'')
    set -- array-chunk-crossing core-lun-reference-leaks port-attention-is-good
    limit=${SEEDS:-200} ;;
esac
mkdir -p "$work"
rm -rf "$work"/taken.*
[ -n "${PLANTED_WORK:-}" ] || trap 'rm -rf "$work"' EXIT
trap 'kill $(jobs -p) 2>/dev/null; exit 2' INT TERM
n=0
while [ $n -lt "$jobs" ] && [ $n -lt $# ]; do
    n=$((n + 1))
    [ -d "$work/tree$n" ] || copy "$work/tree$n" || { echo "planted: no copy of build/rel: run make first"; exit 2; }
    worker "$work/tree$n" "$@" &
done
wait
for bug; do
    cat "$work/$bug.line"
done >"$work/results"
awk '
    $2 == "seed" { seed[++found] = $3; next }
    { missed++ }
    END {
        for (i = 2; i <= found; i++)
            for (j = i; j > 1 && seed[j] < seed[j - 1]; j--) { t = seed[j]; seed[j] = seed[j - 1]; seed[j - 1] = t }
        if (found) printf "median of the first failing seeds: %d\n", found % 2 ? seed[(found + 1) / 2] : (seed[found / 2] + seed[found / 2 + 1]) / 2
        printf "planted: %d passed, %d failed\n", found, missed
        exit missed != 0
    }' "$work/results"
