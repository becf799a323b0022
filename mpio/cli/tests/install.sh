#!/bin/sh
# SPDX-License-Identifier: MIT
# The way of a stranger: install, copy the sample to an empty directory outside the tree, build it there with the
# installed DDK, run it with the installed program.
cd "$(dirname "$0")/../../.." || exit 2
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
passed=0 failed=0
step() { # name, command...
    name=$1
    shift
    if timeout 120 "$@" >"$place/log" 2>&1 </dev/null; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "install: $name failed:"
        tail -5 "$place/log" | sed 's/^/    /'
    fi
}
step "make install" make install PREFIX="$place/prefix"
share=$place/prefix/share/openmpio
step "copy of the sample" cp -r "$share/dsm_sample" "$place/mine"
for cc in gcc clang; do
    step "build with $cc" env CC=$cc make -C "$place/mine" DDK="$share/ddk" BUILD="$place/mine/$cc"
    so=$place/mine/$cc/dsm_sample.so
    step "run what $cc built" "$place/prefix/bin/mpio" run --dsm "$so" --topology "$share/examples/two-paths.ini" --for 10s --quiet
    cp "$place/log" "$place/run.log"
    step "verdict" grep -q 'verdict   GOOD' "$place/run.log"
done
step "build with sanitizers" make -C "$place/mine" DDK="$share/ddk" BUILD="$place/mine/san" SAN=1
step "run it: the program starts itself again with the runtime" "$place/prefix/bin/mpio" run --dsm "$place/mine/san/dsm_sample.so" \
    --topology "$share/examples/two-paths.ini" --for 10s --quiet
# A DriverUnload that waits, and reads its context, after it has deregistered: DsmUnload must not free it meanwhile.
cp -r "$share/dsm_sample" "$place/slow"
awk '{ print } /^static VOID SampleDriverUnload/ { inside = 1 }
     inside && /TRUE, &result\);/ { inside = 0
         print "    { LARGE_INTEGER t; PSAMPLE_CONTEXT volatile c = gContext; t.QuadPart = -500000;"
         print "      KeDelayExecutionThread(KernelMode, FALSE, &t); if (c->MpioControl == NULL) KeBugCheckEx(1, 2, 3, 4, 5); }" }' \
    "$share/dsm_sample/driver.c" >"$place/slow/driver.c"
step "build a slow unload" sh -c "grep -q KeDelay '$place/slow/driver.c' && make -C '$place/slow' DDK='$share/ddk' BUILD='$place/slow/b' SAN=1"
step "run it" "$place/prefix/bin/mpio" run --dsm "$place/slow/b/dsm_sample.so" --topology "$share/examples/two-paths.ini" --for 2s --quiet
step "build with assertions" make -C "$place/mine" DDK="$share/ddk" BUILD="$place/mine/dbg" DBG=1
step "run it" "$place/prefix/bin/mpio" run --dsm "$place/mine/dbg/dsm_sample.so" --topology "$share/examples/two-paths.ini" --for 10s --quiet
step "without optional files" sh -c "cd '$place/mine' && sed -i 's/ health.c wmi.c pr.c//' Makefile && sed -i 's/\(SAMPLE_WITH_[A-Z]*\) *1/\1 0/' dsm_sample.h && make DDK='$share/ddk' BUILD='$place/mine/small'"
step "run it" "$place/prefix/bin/mpio" run --dsm "$place/mine/small/dsm_sample.so" --topology "$share/examples/two-paths.ini" --for 10s --quiet
echo "install: $passed passed, $failed failed"
[ "$failed" = 0 ]
