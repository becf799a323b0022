#!/bin/sh
# SPDX-License-Identifier: MIT
# Every header alone, then all of them in ROUNDS shuffled orders (default 3; the seed is the round
# number), as C and as C++, in the three uses: framework, native DSM, PE DSM. Each line of output
# is "ok ..." or "FAIL ..."; ddk/tests/run.sh counts them.
ddk=$(cd "$(dirname "$0")/.." && pwd) || exit 2
rounds=${ROUNDS:-3}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$ddk/include" || exit 2
headers=$(ls ./*.h openmpio/*.h | sed 's,^\./,,')

common="-fms-extensions -Wno-multichar -Wno-unknown-pragmas -fsyntax-only -Werror"
dsm="-fshort-wchar -mms-bitfields -ffreestanding -fcommon -fPIC -I$ddk/include/crt -I$ddk/include"
pe="-nostdinc -ffreestanding -fcommon -I$ddk/include/crt -I$ddk/include"
framework="-Wall -Wextra -I$ddk/include"
cat >"$work/uses" <<EOL
framework-gcc c gcc -std=gnu11 $framework $common
framework-clang c clang -std=gnu11 $framework $common -Wno-microsoft-anon-tag
dsm-gcc c gcc -Wall $dsm $common
dsm-clang c clang -Wall $dsm $common -Wno-microsoft-anon-tag
framework-g++ cpp g++ -Wall $framework $common
dsm-g++ cpp g++ -Wall $dsm $common
pe-gcc c x86_64-w64-mingw32-gcc -Wall $pe $common
pe-g++ cpp x86_64-w64-mingw32-g++ -Wall $pe $common
EOL
libc='#include <stdint.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n'

try() { # use, suffix, what, compiler and flags
    use=$1 suffix=$2 what=$3
    shift 3
    if "$@" "$work/t.$suffix" 2>"$work/errors"; then
        echo "ok $use $what"
    else
        echo "FAIL $use $what"
        head -5 "$work/errors" | sed 's/^/    /'
    fi
}
while read -r use suffix command; do
    compiler=${command%% *}
    command -v "$compiler" >/dev/null || { echo "skip $use ($compiler is not here)"; continue; }
    for header in $headers; do
        echo "#include <$header>" >"$work/t.$suffix"
        # shellcheck disable=SC2086
        try "$use" "$suffix" "$header" $command
    done
    round=1
    while [ "$round" -le "$rounds" ]; do
        # The framework mixes these headers with the host's C library, before and after.
        target=$work/t.$suffix
        case $use in framework*) [ $((round % 2)) = 0 ] && printf "$libc" ;; esac >"$target"
        echo "$headers" | awk -v seed="$round" 'BEGIN { srand(seed) } { print rand(), $0 }' |
            sort -n | sed 's/.* \(.*\)/#include <\1>/' >>"$target"
        case $use in framework*) [ $((round % 2)) = 1 ] && printf "$libc" ;; esac >>"$target"
        # shellcheck disable=SC2086
        try "$use" "$suffix" "shuffled-$round" $command
        round=$((round + 1))
    done
done <"$work/uses"
