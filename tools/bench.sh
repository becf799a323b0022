#!/bin/sh
# SPDX-License-Identifier: MIT
# What things cost, all in one run on one machine: read the ratios, the absolute times are the day's.
# `make bench` builds what it needs and calls it. Tables go to the terminal, CSV to build/bench/.
#
#   tools/bench.sh [io|scale|array|events|simulated|iscsi|target ...]   all of them by default
#
# ISCSI_SECONDS (10) of each kind set how long the real part takes.
cd "$(dirname "$0")/.." || exit 2
BENCH=build/rel/bin/mpio-bench
MPIO=build/rel/bin/mpio
DSM=build/dsm_sample/rel/dsm_sample.so
OUT=build/bench
SECONDS_EACH=${ISCSI_SECONDS:-10}

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

# One process per shape, so that memory can be told; what a path and a LUN cost follows from the last three.
bench_scale() {
    printf '\n-- all paths arrive and are claimed; then one of two HBAs loses its cable, until its paths are removed\n'
    echo paths,luns,boot_wall_seconds,boot_cpu_seconds,boot_us_per_path,pool_blocks,pool_bytes,rss_bytes,loss_cpu_seconds,loss_us_per_path \
        >$OUT/scale.csv
    printf '%7s %7s %8s %8s %8s %10s %10s %8s %8s\n' paths LUNs 'wall s' 'CPU s' 'us/path' 'pool MiB' 'RSS MiB' 'loss s' 'us/path'
    for shape in '2 8 250' '8 8 250' '2 20 250' '2 40 250' '8 40 250'; do
        $BENCH scale $DSM $shape $OUT/scale.csv || return 1
    done
    awk -F, '{paths[NR] = $1; luns[NR] = $2; pool[NR] = $7; rss[NR] = $8}
        END {
            path = (pool[6] - pool[5]) / (paths[6] - paths[5]); rpath = (rss[6] - rss[5]) / (paths[6] - paths[5])
            lun = (pool[5] - pool[4] - path * (paths[5] - paths[4])) / (luns[5] - luns[4])
            rlun = (rss[5] - rss[4] - rpath * (paths[5] - paths[4])) / (luns[5] - luns[4])
            printf "one path more: %.2f KiB of pool, %.2f KiB of the process; one LUN more: %.2f and %.2f KiB\n",
                path / 1024, rpath / 1024, lun / 1024, rlun / 1024
        }' $OUT/scale.csv
}

bench_array() {
    printf '\n-- one simulated array alone: commands handed to array_execute\n'
    $BENCH array $OUT/array.csv
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

# What the DSM, MPIO, the class driver and the port add to bare libiscsi: both in one process, in turns.
bench_iscsi() {
    printf '\n-- real iSCSI on loopback, 4 KiB reads, queue depth 32: through MPIO against bare libiscsi, A B B A\n'
    command -v tgtd >/dev/null && command -v tgtadm >/dev/null ||
        { echo "left out: tgtd is not installed; Debian and Ubuntu: apt-get install tgt"; return 0; }
    sh tools/tgt_rig.sh start "$dir/tgt" 1 64M >"$dir/rig" || return 1
    target=$(sed -n 's/^TARGET=//p' "$dir/rig")
    echo who,paths,iops,cpu_us_per_io_median,cpu_us_per_io_mean >$OUT/iscsi.csv
    printf '%9s %6s %9s %8s %8s %8s\n' who paths IOPS 'CPU us' mean ratio
    status_iscsi=0
    for paths in 1 2; do
        portals=$(sed -n 's/^PORTAL=//p' "$dir/rig" | head -n "$paths" | paste -sd, -)
        $BENCH iscsi $DSM "$portals" "$target" "$SECONDS_EACH" $OUT/iscsi.csv || status_iscsi=1
    done
    sh tools/tgt_rig.sh stop "$dir/tgt"
    return $status_iscsi
}

# Our target and tgt in one run: same load, media that cost nothing on both sides.
bench_target() {
    printf '\n-- mpio target beside tgt on loopback, null media, one session each, A B B A\n'
    command -v tgtd >/dev/null && command -v tgtadm >/dev/null ||
        { echo "left out: tgtd is not installed; Debian and Ubuntu: apt-get install tgt"; return 0; }
    sh tools/tgt_rig.sh start "$dir/tgt" 1 null >"$dir/rig" || return 1
    printf '[array bench]\n[lun disk]\nnumber = 1\nsize = 64G\nmedia = null\n' >"$dir/target.ini"
    $MPIO target --topology "$dir/target.ini" --listen 127.0.0.1:0 >"$dir/target.out" &
    target_pid=$!
    tries=100
    until grep -q '^ready' "$dir/target.out"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] && kill -0 $target_pid 2>/dev/null || return 1
        sleep 0.05
    done
    echo pattern,ours_reads_per_second,tgt_reads_per_second,median_ratio >$OUT/target.csv
    $BENCH target "$(sed -n 's/^portal \([^ ]*\) .*/\1/p' "$dir/target.out")" iqn.2026-01.org.openmpio:bench \
        "$(sed -n 's/^PORTAL=//p' "$dir/rig" | head -n 1)" "$(sed -n 's/^TARGET=//p' "$dir/rig")" "$SECONDS_EACH" $OUT/target.csv
    status_target=$?
    kill $target_pid
    sh tools/tgt_rig.sh stop "$dir/tgt"
    return $status_target
}

machine
[ $# -gt 0 ] || set -- io scale array events simulated iscsi target
status=0
for part in "$@"; do
    case $part in
    io | scale | array | events | simulated | iscsi | target) "bench_$part" || status=1 ;;
    *) echo "usage: tools/bench.sh [io|scale|array|events|simulated|iscsi|target ...]" >&2; exit 2 ;;
    esac
done
printf '\nCSV of everything: %s/*.csv\n' $OUT
exit $status
