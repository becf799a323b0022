#!/bin/sh
# SPDX-License-Identifier: MIT
# The house rules that a script can see: who includes whom, who talks to the operating system, no
# mutable state at file scope, a licence line in every file. Prints what breaks them; last line
# `N passed, N failed`.
cd "$(dirname "$0")/.." || exit 2
B=${1:-build/rel}
passed=0 failed=0
verdict() { # name, text of the breaches
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'lint: %s\n%s\n' "$1" "$2" | head -12
    fi
}
sources() { git ls-files --cached --others --exclude-standard "$@"; }

# ---- licence ----
verdict "file without an SPDX line" "$(sources '*.c' '*.h' '*.S' '*.sh' '*.mk' Makefile '*/Makefile' '*.rc' '*.mof' '*.inf' |
    xargs grep -L 'SPDX-License-Identifier' | grep -v '^dsm_sample/Makefile$')"

# ---- the operating system behind host/ only ----
verdict "operating-system header outside host/" "$(sources 'mpio/*.c' 'mpio/*.h' | grep -v '^mpio/host/' | grep -v '/tests/' |
    xargs grep -nE '#include <(unistd|pthread|signal|dlfcn|poll|fcntl|time|ucontext|sys/[a-z]+|arpa/inet|netinet/[a-z]+)\.h>' /dev/null)"
verdict "clock or random numbers of the host outside host/ and world/" "$(sources 'mpio/*.c' | grep -v '^mpio/host/' | grep -v '/tests/' |
    xargs grep -nwE 'rand|srand|random|time|clock|gettimeofday|clock_gettime|nanosleep|usleep|sleep' /dev/null |
    grep -E '\b(rand|srand|random|clock_gettime|gettimeofday|nanosleep|usleep|sleep|time|clock) *\((NULL|\)|&|CLOCK|[0-9])')"

# ---- arrows point down ----
below() {
    case $1 in
    host | text | array/none) echo "$1" ;;
    array) echo "array host" ;;
    world) echo "world array host text" ;;
    target) echo "target world array host text" ;;
    nt) echo "nt world host text" ;;
    pnp) echo "pnp nt world" ;;
    port) echo "port nt world" ;;
    core) echo "core nt port world" ;;
    disk) echo "disk nt world" ;;
    load) echo "load nt host text world" ;;
    mgmt) echo "mgmt text host" ;;
    embed) echo "embed cli/none mgmt load disk core pnp port nt world array host text" ;;
    cli) echo "cli mgmt target text host world" ;;
    bench) echo "bench text host world array" ;;
    *) echo "$1" ;;
    esac
}
bad=
for room in host text mgmt array world target nt pnp port core disk load embed cli bench; do
    [ -d "mpio/$room" ] || continue
    for f in $(sources "mpio/$room/*.c" "mpio/$room/*.h" | grep -v /tests/); do
        for target in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$f"); do
            case " $(below $room) " in
            *" $target "*) ;;
            *) case "$f:$target" in
               mpio/port/sim/*:array | mpio/port/iscsi/*:array | mpio/port/iscsi/*:host | mpio/port/iscsi/*:text) ;; # the HBAs carry array_cmd
               *) bad="$bad
  $f includes $target/" ;;
               esac ;;
            esac
        done
    done
done
verdict "include that points up" "$bad"
verdict "ddk/include includes something of ours" "$(grep -rnE '#include "(host|text|array|world|nt|pnp|port|core|disk|load|embed)/' ddk/include)"
verdict "wide literal L\"\" outside DSM code" "$(sources 'mpio/*.c' 'mpio/*.h' | grep -v '/tests/\|^mpio/host/windows/' | xargs grep -nE '\bL"' /dev/null)"

# ---- no mutable state at file scope but the pointer to the fibre now running ----
state=
for room in text mgmt array world target nt pnp port port-sim port-iscsi core disk load embed cli; do
    [ -f "$B/lib$room.a" ] || continue
    state="$state$(objdump -t "$B/lib$room.a" 2>/dev/null |
        awk -v room="$room" '($4 == ".data" || $4 == ".bss" || $3 == ".data" || $3 == ".bss") && / O / {print "  " room ": " $NF}')"
done
verdict "mutable state at file scope" "$(printf '%s' "$state" | grep -v ' __gcov\| __asan\| __odr_asan')"

# ---- sizes ----
core_lines=$(cat dsm_sample/driver.c dsm_sample/path.c dsm_sample/io.c | awk '
    { line = $0; gsub(/\/\*.*\*\//, "", line); sub(/\/\/.*/, "", line) }
    in_comment { if (line ~ /\*\//) in_comment = 0; next }
    line ~ /\/\*/ { in_comment = 1; next }
    line !~ /^[ \t{}]*$/ { n++ } END { print n }')
verdict "core of dsm_sample has more than 400 lines of code: $core_lines" "$([ "$core_lines" -le 400 ] || echo "  $core_lines")"
verdict "file over 800 lines" "$(sources '*.c' '*.h' | xargs wc -l | awk '$2 != "total" && $1 > 800 {print "  " $2 " " $1}')"

echo "lint: $passed passed, $failed failed"
[ "$failed" = 0 ]
