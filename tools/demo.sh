#!/bin/sh
# SPDX-License-Identifier: MIT
# The demonstration: the sample DSM on a simulated array for 30 minutes of its time, then the same file on two real
# iSCSI sessions of which one is cut and returns. Under a minute.
cd "$(dirname "$0")/.." || exit 2
MPIO=build/rel/bin/mpio
DSM=build/dsm_sample/rel/dsm_sample.so
mkdir -p build/demo

echo "== 30 simulated minutes: two controllers, two HBAs, four paths, eight LUNs; cables, a controller and a link fail =="
$MPIO run --dsm $DSM --topology docs/examples/demo.ini --for 30min --report build/demo/report.html || exit $?

echo
echo "== the same DSM on two real iSCSI sessions to a tgtd of our own on loopback; one is cut after 2 s, returns at 4.5 s =="
exec sh tools/demo_iscsi.sh
