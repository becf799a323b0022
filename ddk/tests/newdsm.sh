#!/bin/sh
# SPDX-License-Identifier: MIT
# `mpio newdsm`: a new project has every file of the sample under its own names and GUIDs, builds, runs like
# the sample, and nothing in it says "sample"; names and directories that cannot be are refused with the reason.
# MPIO: the program (default build/rel/bin/mpio of this tree). `all` adds sanitizers and the Windows images.
# Last line: `newdsm: N passed, N failed`.
ddk=$(cd "$(dirname "$0")/.." && pwd) || exit 2
root=$(dirname "$ddk")
MPIO=${MPIO:-$root/build/rel/bin/mpio}
long=${1:-}
[ -x "$MPIO" ] || { echo "newdsm.sh: $MPIO is not there; run make"; exit 2; }
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() { # name, command: silent when it succeeds
    name=$1
    shift
    if "$@" >"$work/output" 2>&1 </dev/null; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        head -20 "$work/output" | sed 's/^/    /'
    fi
}
refusal() { # regular expression, arguments of newdsm
    pattern=$1
    shift
    "$MPIO" newdsm "$@" >"$work/said" 2>&1
    [ $? = 2 ] && grep -Eq -e "$pattern" "$work/said" && [ ! -e "$NOTHING" ] || { cat "$work/said"; return 1; }
}
refused() { # name, then as refusal: exit code 2, the reason, and nothing left behind
    name=$1
    shift
    check "$name" refusal "$@"
}
# The program beside its share/openmpio, as `make install` leaves them.
mkdir -p "$work/prefix/bin" "$work/prefix/share/openmpio"
cp "$MPIO" "$work/prefix/bin/mpio"
cp -r "$ddk" "$root/dsm_sample" "$root/docs/examples" "$work/prefix/share/openmpio/"
rm -rf "$work/prefix/share/openmpio/dsm_sample/build"
MPIO=$work/prefix/bin/mpio
share=$work/prefix/share/openmpio
new=$work/acme

check "help has an example" sh -c "'$MPIO' newdsm --help | grep -q 'mpio newdsm acme_dsm'"
check "a new module" "$MPIO" newdsm acme_dsm "$new" --display "Acme Array DSM" --company "Acme Storage"

# ---- what is in it ----
(cd "$share/dsm_sample" && find . -type f | sed 's/dsm_sample/acme_dsm/' | sort) >"$work/expected"
(cd "$new" && find . -type f | sort) >"$work/found"
check "every file of the sample, renamed" diff "$work/expected" "$work/found"
check "no trace of the sample" sh -c "! grep -rniE 'sample|smpl|lpmS' '$new'"
check "the makefile has three lines" sh -c "[ \$(wc -l <'$new/Makefile') = 3 ]"
check "the name that it registers is the INF's" sh -c "grep -q 'ACME_DSM_NAME *L\"Acme Array DSM\"' '$new/acme_dsm.h' &&
    grep -q '^ServiceDescription = \"Acme Array DSM\"' '$new/acme_dsm.inf'"
check "provider, company and files" sh -c "grep -q '^Provider .*= \"Acme Storage\"' '$new/acme_dsm.inf' && grep -q 'VER_COMPANYNAME_STR *\"Acme Storage\"' '$new/acme_dsm.rc' &&
    grep -q '^CatalogFile = acme_dsm.cat' '$new/acme_dsm.inf' && grep -q '^AddService = acme_dsm,' '$new/acme_dsm.inf'"
check "pool tag, reversed as a C source has it" grep -q "ACME_DSM_TAG *'emcA'" "$new/acme_dsm.h"
guid() { sed -n 's/.*guid("{\([-0-9a-f]*\)}").*/\1/p' "$1"/*.mof; }
ours=$(guid "$share/dsm_sample") fresh=$(guid "$new")
check "a new GUID" [ -n "$fresh" ] && check "that is not the sample's" [ "$fresh" != "$ours" ]
check "is one of RFC 4122, random" sh -c "echo '$fresh' | grep -Eqx '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'"
check "the same in MOF, INF and C" sh -c "[ \$(grep -c '$fresh' '$new/acme_dsm.inf') = 2 ] && grep -q '{0x$(echo "$fresh" | cut -c1-8), 0x$(echo "$fresh" | cut -c10-13)' '$new/wmi.c'"
check "GUIDs of Windows stay" grep -q c944053c-c90f-4012-b775-1f1a261d4be4 "$new/acme_dsm.inf"

# ---- it builds and does what the sample does ----
check "builds" make -s -C "$new" CFLAGS=-Werror
check "the sample builds" make -s -C "$share/dsm_sample" BUILD="$work/sample"
run() { timeout 60 "$MPIO" run --dsm "$1" --topology "$share/examples/demo.ini" --for 30s --quiet >"$2" 2>&1; }
check "runs the demonstration's topology" run "$new/build/acme_dsm.so" "$work/run"
check "verdict" grep -q 'verdict   GOOD' "$work/run"
run "$work/sample/dsm_sample.so" "$work/run-sample"
stream() { sed -n 's/.*event stream //p' "$1"; }
check "event for event as the sample" [ -n "$(stream "$work/run")" ] && check "same stream" [ "$(stream "$work/run")" = "$(stream "$work/run-sample")" ]
if [ -n "$long" ]; then
    check "builds with sanitizers" make -s -C "$new" SAN=1 BUILD="$work/san"
    check "runs with sanitizers" run "$work/san/acme_dsm.so" "$work/run"
    for tool in x86_64-w64-mingw32-gcc:sys i686-w64-mingw32-gcc:x86; do
        if command -v "${tool%:*}" >/dev/null; then check "make ${tool#*:}" make -s -C "$new" "${tool#*:}" CFLAGS=-Werror; fi
    done
fi

# ---- names ----
check "a seed gives the same twice" sh -c "'$MPIO' newdsm one_dsm '$work/s1' --seed 5 && '$MPIO' newdsm one_dsm '$work/s2' --seed 5 && diff -r '$work/s1' '$work/s2'"
check "no seed gives another each time" sh -c "'$MPIO' newdsm one_dsm '$work/s3' && [ \"\$(grep guid '$work/s3'/*.mof)\" != \"\$(grep guid '$work/s1'/*.mof)\" ]"
check "defaults come from the name" sh -c "grep -q 'L\"OneDsm DSM\"' '$work/s3/one_dsm.h' && grep -q 'VER_COMPANYNAME_STR *\"The OneDsm authors\"' '$work/s3/one_dsm.rc'"
check "a short name" sh -c "'$MPIO' newdsm q '$work/q' && grep -q \"Q_TAG *'0msQ'\" '$work/q/q.h' && make -s -C '$work/q' CFLAGS=-Werror"
mkdir "$work/empty"
check "an empty directory is taken" "$MPIO" newdsm two_dsm "$work/empty"
check "31 characters" "$MPIO" newdsm abcdefghijklmnopqrstuvwxyz01234 "$work/n31"
NOTHING=$work/nothing
refused "32 characters" 'abcdefghijklmnopqrstuvwxyz012345: longer than 31' abcdefghijklmnopqrstuvwxyz012345 "$NOTHING"
for name in mpio MSDSM disk storport ntoskrnl hal; do
    refused "name $name" "name $name: Windows has a driver" $name "$NOTHING"
done
for name in dsm_sample dsm_iscsi openmpio; do
    refused "name $name" "name $name: this project has" $name "$NOTHING"
done
for name in CON nul com1 Lpt9 aux prn; do
    refused "name $name" "name $name: Windows keeps it for a device" $name "$NOTHING"
done
refused "name srb" 'name srb: the module.s functions' srb "$NOTHING"
refused "name that begins with a digit" 'must begin with a letter' 3par "$NOTHING"
refused "empty name" 'must begin with a letter' "" "$NOTHING"
refused "name with a hyphen" 'only letters, digits and _' my-dsm "$NOTHING"
refused "name with a path" 'only letters, digits and _' a/../b "$NOTHING"
refused "name with two _" 'an _ must stand alone' a__b "$NOTHING"
refused "directory with something in it" 'is there and not empty' acme_dsm "$new"
refused "directory that is a file" 'cannot look into' acme_dsm "$new/Makefile"
refused "no directory" 'a NAME and a DIR are needed' acme_dsm
refused "unknown option" 'unknown option --foo' acme_dsm "$NOTHING" --foo 1
refused "option without its value" '--seed needs a value' acme_dsm "$NOTHING" --seed
refused "seed that is no number" '--seed: ' acme_dsm "$NOTHING" --seed x
refused "display name with a quote" '--display: 1 to 80 characters' acme_dsm "$NOTHING" --display 'a"b'
refused "empty company" '--company: 1 to 80 characters' acme_dsm "$NOTHING" --company ''
refused "--from elsewhere" 'has no dsm_sample/dsm_sample.h' acme_dsm "$NOTHING" --from /tmp
cp "$MPIO" "$work/alone"
check "program without its files" sh -c "cd / && ! '$work/alone' newdsm acme_dsm '$NOTHING' 2>'$work/said' && grep -q 'name their place with --from' '$work/said'"
check "named with --from" "$work/alone" newdsm acme_dsm "$work/from" --from "$share"
echo "newdsm: $passed passed, $failed failed"
[ "$failed" = 0 ]
