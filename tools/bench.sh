#!/bin/sh
# SPDX-License-Identifier: MIT
# What things cost, all in one run on one machine: read the ratios, the absolute times are the day's.
# `make bench` builds what it needs and calls it. Tables go to the terminal, CSV to build/bench/.
#
#   tools/bench.sh [io|loss|events|simulated|iscsi ...]   all of them by default
#
# ISCSI_SECONDS (3) per run and ISCSI_PAIRS (3) of A B B A rounds set how long the real part takes.
cd "$(dirname "$0")/.." || exit 2
BENCH=build/rel/bin/mpio-bench
MPIO=build/rel/bin/mpio
DSM=build/dsm_sample/rel/dsm_sample.so
OUT=build/bench
SECONDS_EACH=${ISCSI_SECONDS:-3}
PAIRS=${ISCSI_PAIRS:-3}

for file in $BENCH $MPIO $DSM; do
    [ -f $file ] || { echo "bench: $file is not built; run make bench" >&2; exit 2; }
done
mkdir -p $OUT || exit 2
dir=$(mktemp -d /tmp/mpio-bench.XXXXXX) || exit 2
trap 'sh tools/tgt_rig.sh stop "$dir/tgt"; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

machine() {
    echo "machine   $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs, $(uname -sr)," \
        "load $(cut -d' ' -f1-3 /proc/loadavg)"
    echo "built by  $(${CC:-gcc} --version | head -n 1); $($MPIO --version)"
}

bench_io() {
    printf '\n-- one I/O on null paths: through the sample DSM, and straight to the port\n'
    $BENCH io $DSM $OUT/io.csv
}

bench_loss() {
    printf '\n-- one of two HBAs loses its cable, until its paths are removed\n'
    $BENCH loss $DSM $OUT/loss.csv
}

bench_events() {
    printf '\n-- the event queue: timers that set themselves again\n'
    $BENCH events $OUT/events.csv
}

bench_simulated() {
    printf '\n-- simulated time, docs/examples/demo.ini for ten minutes, nine runs\n'
    echo run,simulated_per_real_second >$OUT/simulated.csv
    for run in 1 2 3 4 5 6 7 8 9; do
        $MPIO run --dsm $DSM --topology docs/examples/demo.ini --for 10min --quiet </dev/null >"$dir/run" ||
            { echo "bench: the run failed; $MPIO run --dsm $DSM --topology docs/examples/demo.ini --for 10min" >&2; return 1; }
        echo "$run,$(sed -n 's/^time .*wall (\([0-9]*\) x).*/\1/p' "$dir/run")" >>$OUT/simulated.csv
    done
    sed 1d $OUT/simulated.csv | sort -t, -k2n | cut -d, -f2 |
        awk '{v[NR] = $1} END {printf "simulated seconds per real second: median %d, %d to %d\n", v[int((NR + 1) / 2)], v[1], v[NR]}'
}

# ---- real iSCSI: what the DSM, MPIO, the class driver and the port add to bare libiscsi ------------------
iscsi_topology() { # number of paths
    echo "[machine node0]"
    n=0
    for portal in $(sed -n 's/^PORTAL=//p' "$dir/rig" | head -n "$1"); do
        printf '[hba iscsi%d]\nkind = iscsi\n[path path%d]\nhba = iscsi%d\nportal = %s\ntarget = %s\n' \
            $n $n $n "$portal" "$target"
        n=$((n + 1))
    done
    printf '[load load0]\nlun = *\nread = 100\nqueue-depth = 32\nio-size = 4K\nspan = 48M\n'
}

# One run of so many seconds; prints "I/Os CPU-seconds". `times` tells CPU on its second line, for every child so far.
iscsi_ours() { # paths, seconds
    times >"$dir/before"
    $MPIO run --dsm $DSM --topology "$dir/paths$1.ini" --for "${2}s" --quiet </dev/null >"$dir/run" 2>&1 ||
        { tail -n 3 "$dir/run" >&2; return 1; }
    times >"$dir/after"
    ios=$(sed -n 's/^I\/O *\([0-9]*\) reads.*/\1/p' "$dir/run")
    [ "${ios:-0}" -gt 0 ] || { echo "bench: no I/O: $(tail -n 3 "$dir/run")" >&2; return 1; }
    awk -v ios="$ios" '
        FNR == 2 {t = 0; for (i = 1; i <= 2; i++) {split($i, p, /[ms]/); t += p[1] * 60 + p[2]} sum[++f] = t}
        END {printf "%d %.3f\n", ios, sum[2] - sum[1]}' "$dir/before" "$dir/after"
}

# Appends "who,paths,iops,cpu_us_per_io". raw_iscsi measures its loop. Of mpio a run of one second is taken from a
# longer one: start, login, arrival and report fall out, the load generator stays.
iscsi_one() { # paths, who
    if [ "$2" = raw ]; then
        "$dir/raw_iscsi" "$(sed -n 's/^PORTAL=//p' "$dir/rig" | head -n "$1" | paste -sd, -)" "$target" 1 \
            -n "$1" -q 32 -s "$SECONDS_EACH" >"$dir/raw" || return 1

        sed -n "s/.*iops=\([0-9.]*\) cpu_us_per_io=\([0-9.]*\).*/raw,$1,\1,\2/p" "$dir/raw" >>$OUT/iscsi.csv
    else
        iscsi_ours "$1" 1 >"$dir/short" && iscsi_ours "$1" $((SECONDS_EACH + 1)) >"$dir/long" || return 1
        paste -d' ' "$dir/short" "$dir/long" | awk -v n="$1" -v s="$SECONDS_EACH" '
            {printf "mpio,%d,%.0f,%.2f\n", n, ($3 - $1) / s, ($4 - $2) * 1000000 / ($3 - $1)}' >>$OUT/iscsi.csv
    fi
}

bench_iscsi() {
    printf '\n-- real iSCSI on loopback, 4 KiB reads, queue depth 32: mpio run against bare libiscsi, A B B A\n'
    command -v tgtd >/dev/null && command -v tgtadm >/dev/null ||
        { echo "left out: tgtd is not installed; Debian and Ubuntu: apt-get install tgt"; return 0; }
    ${CC:-gcc} -O2 -o "$dir/raw_iscsi" tools/raw_iscsi.c -liscsi || return 1
    sh tools/tgt_rig.sh start "$dir/tgt" 1 64M >"$dir/rig" || return 1
    target=$(sed -n 's/^TARGET=//p' "$dir/rig")
    echo who,paths,iops,cpu_us_per_io >$OUT/iscsi.csv
    for paths in 1 2; do
        iscsi_topology $paths >"$dir/paths$paths.ini"
        pair=0
        while [ $pair -lt "$PAIRS" ]; do
            for who in raw mpio mpio raw; do
                iscsi_one $paths $who || return 1
            done
            pair=$((pair + 1))
        done
    done
    sh tools/tgt_rig.sh stop "$dir/tgt"
    printf '%6s %6s %10s %14s\n' who paths IOPS 'CPU us per I/O'
    for paths in 1 2; do
        for who in raw mpio; do
            for column in 3 4; do
                grep "^$who,$paths," $OUT/iscsi.csv | cut -d, -f$column | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'
            done | paste -sd' ' - | while read -r iops cpu; do printf '%6s %6s %10s %14s\n' $who $paths "$iops" "$cpu"; done
        done
    done
}

machine
[ $# -gt 0 ] || set -- io loss events simulated iscsi
status=0
for part in "$@"; do
    case $part in
    io | loss | events | simulated | iscsi) "bench_$part" || status=1 ;;
    *) echo "usage: tools/bench.sh [io|loss|events|simulated|iscsi ...]" >&2; exit 2 ;;
    esac
done
printf '\nCSV of everything: %s/*.csv\n' $OUT
exit $status
