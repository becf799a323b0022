#!/bin/sh
# SPDX-License-Identifier: MIT
# mpio install and uninstall: the sample's INF into a registry and out again, runs with what was installed, exit codes
# and messages.
cd "$(dirname "$0")/../../.." || exit 2
tree=$PWD
MPIO=$tree/build/rel/bin/mpio
DSM=$tree/build/dsm_sample/rel/dsm_sample.so
SAMPLE=$tree/dsm_sample/dsm_sample.inf
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
passed=0 failed=0

check() { # name, condition...
    name=$1
    shift
    if "$@" >out 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$name failed:"
        head -4 out | sed 's/^/    /'
    fi
}
expect() { # exit code, text in the output, arguments of mpio...
    want=$1 text=$2
    shift 2
    timeout 60 "$MPIO" "$@" >out 2>&1 </dev/null
    code=$?
    if [ $code = "$want" ] && grep -qF -- "$text" out; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "mpio $*: exit $code (want $want), no '$text' in:"
        head -4 out | sed 's/^/    /'
    fi
}
hash_of() { # arguments of mpio run...
    timeout 60 "$MPIO" run --dsm "$DSM" --for 20s --quiet "$@" 2>err </dev/null | sed -n 's/.*event stream //p'
}

# ---- in and out ----
cat >mine.reg <<'END'
Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE]

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\MPDEV]
"MPIOSupportedDeviceList"=hex(7):4d,00,49,00,4e,00,45,00,00,00,00,00
END
cp mine.reg before.reg
expect 0 'dry run   mine.reg is as it was' install "$SAMPLE" --registry mine.reg --dry-run
check 'a dry run writes nothing' cmp mine.reg before.reg
expect 0 'claims    "OPENMPIOSimulated Array"' install "$SAMPLE" --registry mine.reg
cp mine.reg installed.reg
expect 0 'unchanged' install "$SAMPLE" --registry mine.reg
check 'the same version changes nothing' cmp mine.reg installed.reg
expect 0 'removed' uninstall dsm_sample.inf --registry mine.reg
check 'uninstall leaves what was there' cmp mine.reg before.reg

# ---- two files, interleaved; another version ----
sed -e 's/dsm_sample/other/g' -e 's/OPENMPIOSimulated Array/VENDOR2 Other/' "$SAMPLE" >other.inf
for order in "dsm_sample other" "other dsm_sample"; do
    check 'first' "$MPIO" install "$SAMPLE" --registry mine.reg
    check 'second' "$MPIO" install other.inf --registry mine.reg
    for name in $order; do
        expect 0 "removed   $name" uninstall "$name" --registry mine.reg
    done
    check "both are gone ($order)" cmp mine.reg before.reg
done
check 'one' "$MPIO" install other.inf --registry mine.reg
sed -e 's/1\.0\.0\.1/1.0.0.2/' -e 's/VENDOR2 Other/VENDOR2 Newer/' other.inf >other.new && mv other.new other.inf
expect 0 'upgraded' install other.inf --registry mine.reg
expect 0 'removed' uninstall OTHER --registry mine.reg
check 'an upgrade is taken out whole' cmp mine.reg before.reg
check 'by hand' "$MPIO" install other.inf --registry hand.reg
sed '/OpenMPIO/,$ { /^\[.*OpenMPIO/,/^$/d; }' hand.reg >bare.reg
expect 0 '[DefaultUninstall]' uninstall other.inf --registry bare.reg
check '[DefaultUninstall] takes the service out' sh -c '! grep -q "Services.other" bare.reg'

# ---- runs ----
example=$tree/docs/examples/two-paths.ini
check 'a registry for the run' "$MPIO" install "$SAMPLE" --registry machine.reg
sed '/^claim/d; s/^\[machine.*/&\nregistry = machine.reg/' "$example" >machine.ini
plain=$(hash_of --topology "$example")
check 'a run has a hash' [ -n "$plain" ]
check 'installed claims give the same run' [ "$(hash_of --topology machine.ini)" = "$plain" ]
check '--inf gives the same run' [ "$(hash_of --topology "$example" --inf "$SAMPLE")" = "$plain" ]
sed 's/OPENMPIOSimulated Array/VENDOR2 Other/' "$SAMPLE" >dsm_sample.inf
check 'claims of another array' "$MPIO" install dsm_sample.inf --registry none.reg
sed 's/machine.reg/none.reg/' machine.ini >none.ini
check 'what is not claimed is no multipath disk' [ "$(hash_of --topology none.ini)" != "$plain" ]
sed '/^claim/d' "$example" >bare.ini
check '--inf replaces the list of the topology' [ "$(hash_of --topology bare.ini --inf dsm_sample.inf)" = "$(hash_of --topology none.ini)" ]
check 'a replay knows the INF' "$MPIO" run --dsm "$DSM" --topology "$example" --inf "$SAMPLE" --for 5s --quiet --save r.replay
expect 0 'same event stream as recorded' replay r.replay
check 'the INF is recorded' grep -q "^inf .*dsm_sample.inf" r.replay

# ---- wrong use, wrong files ----
expect 0 '--registry FILE' install --help
expect 0 '--registry FILE' uninstall --help
expect 2 'no INF given' install --registry a.reg
expect 2 'no --registry given' install a.inf
expect 2 'unknown option: --reg' install a.inf --reg a.reg
expect 2 'option needs a value: --os' install a.inf --os
expect 2 '--os is written as' install a.inf --os ten
expect 2 '--arch is x86' install a.inf --arch mips
expect 2 '--product is server' install a.inf --product home
expect 2 'gone.inf' install gone.inf --registry a.reg
printf '[Version]\nSignature="$WINDOWS NT$"\nProvider=%%gone%%\n' >broken.inf
expect 2 'broken.inf:3: string token %gone% is not defined' install broken.inf --registry a.reg
expect 2 'no models for Windows 10.0 x86' install "$SAMPLE" --registry a.reg --arch x86
expect 2 "no model 'root" install "$SAMPLE" --registry a.reg --model 'root\other'
check 'a broken INF makes no registry' [ ! -e a.reg ]
printf 'no registry\n' >bad.reg
expect 1 'bad.reg:1' install "$SAMPLE" --registry bad.reg
expect 1 'nowhere/m.reg' install "$SAMPLE" --registry nowhere/m.reg
printf 'Windows Registry Editor Version 5.00\n[-HKEY_LOCAL_MACHINE\\x]\n' >delete.reg
expect 1 'delete.reg:2' install "$SAMPLE" --registry delete.reg
expect 2 'gone' uninstall gone --registry mine.reg
expect 2 'broken.inf' run --dsm "$DSM" --topology "$example" --inf broken.inf

echo "inf: $passed passed, $failed failed"
[ $failed = 0 ]
