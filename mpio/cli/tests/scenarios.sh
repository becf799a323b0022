#!/bin/sh
# SPDX-License-Identifier: MIT
# Small scenarios with a known end, each twice: plain and --explore. Lines at the head of scenarios/NAME.ini say what must come:
#   ; want: EXIT-CODE TEXT-OF-THE-OUTPUT      ; for: TIME (default 5s)    ; stall: LEAST MOST (seconds, longest stall)
#   ; says: TEXT-OF-THE-VERBOSE-OUTPUT        ; dsms: NAME... (copies of the sample, in this order; see `build`)
# `scenarios.sh [NAME...]`; MPIO in the environment names another build, SCENARIOS_KIND=sys takes PE images of the sample,
# SCENARIOS_WORK names another directory than build/check/scenarios.
cd "$(dirname "$0")/../../.." || exit 2
MPIO=${MPIO:-$PWD/build/rel/bin/mpio}
top=$PWD work=${SCENARIOS_WORK:-$PWD/build/check/scenarios} kind=${SCENARIOS_KIND:-so}
mkdir -p "$work" && cd "$work" || exit 2
passed=0 failed=0

build() { # file name, display name: a copy of the sample with another name
    [ -f "$1.$kind" ] && [ -z "$(find "$top"/dsm_sample/*.[ch] "$top/dsm_sample/Makefile" -newer "$1.$kind")" ] && return
    rm -rf "$1" && cp -r "$top/dsm_sample" "$1" && sed -i "s/^#define SAMPLE_NAME .*/#define SAMPLE_NAME L\"$2\"/" "$1/dsm_sample.h"
    make -s -C "$1" DDK="$top/ddk" BUILD="$work/$1/build" "$kind" >"$1.log" 2>&1 && cp "$1/build/dsm_sample.$kind" "$1.$kind" || cat "$1.log"
}
build sample "OpenMPIO Sample DSM"
build alpha "Alpha DSM"
build beta "Beta DSM"
build inbox "Microsoft DSM"

device_list() { # service, product: its DsmSupportedDeviceList, as regedit writes it
    printf '[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\%s\\Parameters]\n"DsmSupportedDeviceList"=hex(7):' "$1"
    printf 'OPENMPIO%-16s' "$2" | od -An -v -tx1 | tr -s ' \n' '\n\n' | sed -n 's/^\(..\)$/\1,00,/p' | tr -d '\n'
    printf '00,00,00,00\n'
}
{
    printf 'Windows Registry Editor Version 5.00\n\n'
    device_list alpha Alpha
    device_list beta Beta
} >lists.reg

told() { # key: what the head of the scenario says
    sed -n "s/^; $1: //p" "$file"
}
wrong() {
    problem="${problem:+$problem; }$1"
}
run() { # options...
    problem=
    want=$(told want)
    duration=$(told for)
    set -- "$@" --topology "$file" --for "${duration:-5s}"
    for dsm in $(told dsms); do set -- "$@" --dsm "./$dsm.$kind"; done
    [ -n "$(told dsms)" ] || set -- "$@" --dsm "./sample.$kind"
    timeout 60 "$MPIO" run "$@" --verbose --save "$name.replay" >"$name.out" 2>&1 </dev/null
    code=$?
    [ $code = "${want%% *}" ] || wrong "exit $code, not ${want%% *}"
    grep -qF -- "${want#* }" "$name.out" || wrong "no '${want#* }'"
    told says >says
    while read -r text; do
        grep -qF -- "$text" "$name.out" || wrong "no '$text'"
    done <says
    stall=$(sed -n 's/.*longest stall \([0-9.]*\) s$/\1/p' "$name.out" | tail -1)
    [ -z "$(told stall)" ] || echo "$stall $(told stall)" | awk '{exit !($1 >= $2 && $1 <= $3)}' || wrong "longest stall $stall s"
    if [ -z "$problem" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "scenario $name $1: $problem; see $work/$name.out"
    fi
}
for file in "$top"/mpio/cli/tests/scenarios/*.ini; do
    name=$(basename "$file" .ini)
    case " $* " in *" $name "* | "  ") ;; *) continue ;; esac
    run --seed 1
    run --explore
done
echo "scenarios: $passed passed, $failed failed"
[ "$failed" = 0 ]
