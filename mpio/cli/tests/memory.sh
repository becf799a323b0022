#!/bin/sh
# SPDX-License-Identifier: MIT
# The whole program under AddressSanitizer + UBSan, with the sample built the same way, and a bounded run under
# valgrind: no finding of theirs, and the same event stream as the ordinary build.
cd "$(dirname "$0")/../../.." || exit 2
work=build/check/memory
mkdir -p "$work"
passed=0 failed=0
hash_of() { sed -n 's/.*event stream \([0-9a-f]*\).*/\1/p' "$1"; }
step() { # name, command...
    name=$1
    shift
    if timeout 300 "$@" >"$work/log" 2>&1 </dev/null && ! grep -qE 'runtime error|ERROR: (Address|Leak)Sanitizer' "$work/log"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "memory: $name:"
        grep -E 'runtime error|ERROR|SUMMARY|==|verdict|mpio:' "$work/log" | head -6 | sed 's/^/    /'
    fi
}
same() { # name, hash, hash
    if [ -n "$2" ] && [ "$2" = "$3" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "memory: $1: event streams $2 and $3 differ"; fi
}
rel="build/rel/bin/mpio run --dsm build/dsm_sample/rel/dsm_sample.so"
asan="build/asan/bin/mpio run --dsm build/dsm_sample/asan/dsm_sample.so"
for set in "docs/examples/demo.ini --for 200s" "docs/examples/demo.ini --for 100s --faults 12 --seed 5" "docs/examples/two-paths.ini --for 20s --seed 3 --explore"; do
    step "run: $set" $rel --topology $set --quiet
    first=$(hash_of "$work/log")
    step "with sanitizers: $set" $asan --topology $set --quiet
    same "$set" "$first" "$(hash_of "$work/log")"
done
step "run" $rel --topology docs/examples/two-paths.ini --for 3s --seed 9 --faults 3 --quiet
first=$(hash_of "$work/log")
step "under valgrind" valgrind -q --error-exitcode=9 $rel --topology docs/examples/two-paths.ini --for 3s --seed 9 --faults 3 --quiet
same "valgrind" "$first" "$(hash_of "$work/log")"
rm -f mpio-*.replay
echo "memory: $passed passed, $failed failed"
[ "$failed" = 0 ]
