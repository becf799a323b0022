#!/bin/sh
# SPDX-License-Identifier: MIT
# Every shell command that the README, the start page and the first-DSM page show is run here, in order, in a copy of
# the repository's directory layout. Blocks marked ```sh are run; `make demo` and `make check` are only parsed.
cd "$(dirname "$0")/../../.." || exit 2
work=$PWD/build/check/docs
rm -rf "$work" build/mydsm
mkdir -p "$work"
passed=0 failed=0
for page in README.md docs/00-start-here.md docs/howto-your-first-dsm.md docs/howto-debug-your-dsm.md docs/performance.md dsm_sample/README.md; do
    [ -f "$page" ] || continue
    awk '/^ *```sh/ {inside = 1; next} /^ *```/ {inside = 0} inside {sub(/^   /, ""); print}' "$page" >"$work/commands"
    n=0
    while IFS= read -r line; do
        line=$(printf '%s' "$line" | sed 's/ *#.*//')
        n=$((n + 1))
        case $line in
        '') continue ;;
        'make demo' | 'make check' | 'make check-all' | 'make bench') make -n -s "${line#make }" >/dev/null 2>&1; code=$? ;;
        *'/usr/local'* | 'make ' | 'make')
            # The README's installation, moved to a place of our own.
            moved=$(printf '%s' "$line" | sed "s#/usr/local#$work/prefix#g; s#^mpio #$work/prefix/bin/mpio #; s#mydsm\.so#build/dsm_sample/rel/dsm_sample.so#; s#30min#10s#; s#report\.html#$work/report.html#")
            sh -c "$moved" >"$work/log" 2>&1 </dev/null
            code=$? ;;
        *) sh -c "$line" >"$work/log" 2>&1 </dev/null
           code=$? ;;
        esac
        if [ $code = 0 ]; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "$page: '$line' ended with $code"
            tail -3 "$work/log" | sed 's/^/    /'
        fi
    done <"$work/commands"
    for link in $(grep -oE '\]\([^)#h][^)]*\)' "$page" | tr -d '])('); do
        if [ -e "$(dirname "$page")/$link" ]; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "$page: link to $link leads nowhere"
        fi
    done
done
if sh tools/rules.sh check; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
if sh tools/routines.sh check; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
echo "docs: $passed passed, $failed failed"
[ "$failed" = 0 ]
