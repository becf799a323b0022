#!/bin/sh
# SPDX-License-Identifier: MIT
# The vendor example in every build profile that this machine can make: .so by gcc and clang, .sys for x64
# and x86 by mingw-w64 and by clang with lld-link; each image is looked into. Then mpio-cc, settings, sources
# with __try and with `long`, and the x86 convention at run time. `all` crosses -O0/-O2 with DBG=0/1 and adds
# sanitizers and coverage. Last line: `profiles: N passed, N failed`.
ddk=$(cd "$(dirname "$0")/.." && pwd) || exit 2
long=${1:-}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
LC_ALL=C DDK_TOOLS=$work/tools
export LC_ALL DDK_TOOLS
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
have() { for tool in "$@"; do command -v "$tool" >/dev/null || return 1; done; }
says() { # regular expression, command: fails, and says this
    pattern=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        echo "no failure, but: $(cat "$work/said")"
        return 1
    fi
    grep -Eq "$pattern" "$work/said" || { echo "expected /$pattern/:"; cat "$work/said"; return 1; }
}

vendor=$work/vendor
cp -r "$ddk/tests/vendor" "$vendor"
build() { make -s -C "$vendor" DDK="$ddk" "$@" CFLAGS=-Werror; } # make arguments

# ---- looking into an image ------------------------------------------------------------------------
awk '/^[ \t]*(;|LIBRARY|EXPORTS)/ { next } NF { print $1 }' "$ddk"/lib/*.def | sort -u >"$work/names"
dump() { # .sys: headers, sections and imports as text, whoever made it
    if have x86_64-w64-mingw32-objdump; then x86_64-w64-mingw32-objdump -x "$1"; else llvm-objdump -x "$1"; fi
}
known_imports() { # file with one imported name per line, then names allowed beside the lists
    names=$1
    shift
    [ -s "$names" ] || { echo "imports nothing"; return 1; }
    sort -u "$names" >"$work/imports"
    { cat "$work/names"; printf '%s\n' "$@"; } | sort -u | comm -23 "$work/imports" - >"$work/unknown"
    [ ! -s "$work/unknown" ] || { echo "not in an export list: $(cat "$work/unknown")"; return 1; }
}
good_so() { # .so
    nm -D --undefined-only "$1" | awk '$1 == "U" { print $2 }' | grep -v '@' >"$work/list"
    known_imports "$work/list" || return 1
    nm -D --defined-only "$1" | grep -q ' T DriverEntry$' || { echo "no DriverEntry"; return 1; }
    readelf -S "$1" | grep -q '\.debug_info' || { echo "no DWARF"; return 1; }
}
good_sys() { # .sys, x64 or x86, names allowed beside the lists
    file=$1 processor=$2
    shift 2
    case $processor in x64) format=pei-x86-64 ;; *) format=pei-i386 ;; esac
    dump "$file" >"$work/dump"
    grep -q "file format $format" "$work/dump" || { echo "not $format"; return 1; }
    grep -Eq '^Subsystem[ 	]+0*1[ 	]' "$work/dump" || { echo "not a native image"; return 1; }
    ! grep -q 'relocations stripped' "$work/dump" || { echo "cannot be relocated"; return 1; }
    awk '/DLL Name/ { on = 1 } on && /^$/ { on = 0 } on && NF == 3 && $2 ~ /^[0-9]+$/ { print $3 }' "$work/dump" >"$work/list"
    known_imports "$work/list" "$@" || return 1
    for section in .text .rdata $([ "$processor" = x64 ] && echo .pdata) .debug_info; do
        grep -Eq "^ *[0-9]+ (\\$section|/[0-9]+) " "$work/dump" || { echo "no section $section"; return 1; }
    done
    # The entry point is DriverEntry, in the symbol table as section and offset.
    entry=$(awk '/^AddressOfEntryPoint/ { print $2; exit }' "$work/dump")
    address=$(nm "$file" | awk '/ T _?DriverEntry(@8)?$/ { print $1; exit }')
    base=$(awk '/^ImageBase/ { print $2; exit }' "$work/dump")
    [ $((0x$address)) = $((0x$base + 0x$entry)) ] || { echo "entry $entry is not DriverEntry ($address)"; return 1; }
    # DWARF of an image leads to the line.
    addr2line -e "$file" "$address" | grep -Eq '(driver|guarded)\.c:[0-9]+' || { echo "no source lines"; return 1; }
}

# ---- every profile ----------------------------------------------------------------------------------
mingw64=x86_64-w64-mingw32-gcc mingw32=i686-w64-mingw32-gcc
n=0
for optimise in "-O2 0" "-O0 1" ${long:+"-O0 0"} ${long:+"-O2 1"}; do
    set -- OPT="${optimise% *}" DBG="${optimise#* }"
    n=$((n + 1))
    for cc in gcc clang; do
        have $cc || { echo "skip .so by $cc (not here)"; continue; }
        check ".so $cc $*" build so "$@" TOOLCHAIN=$cc BUILD="$work/$cc-$n"
        check "contents of it" good_so "$work/$cc-$n/vendor.so"
    done
    if have $mingw64; then
        check ".sys x64 $*" build sys "$@" BUILD="$work/gcc-$n"
        check "contents of it" good_sys "$work/gcc-$n/vendor.sys" x64
    fi
    if have $mingw32; then
        check ".sys x86 $*" build x86 "$@" BUILD="$work/gcc-$n"
        check "contents of it" good_sys "$work/gcc-$n/x86/vendor.sys" x86
    fi
    if have clang lld-link llvm-dlltool; then
        check ".sys x64 msvc-clang $*" build sys "$@" TOOLCHAIN=msvc-clang BUILD="$work/msvc-$n"
        check "contents of it" good_sys "$work/msvc-$n/vendor.sys" x64
        check ".sys x86 msvc-clang $*" build x86 "$@" TOOLCHAIN=msvc-clang BUILD="$work/msvc-$n"
        check "contents of it" good_sys "$work/msvc-$n/x86/vendor.sys" x86
    fi
done
if [ -n "$long" ]; then
    check ".so with sanitizers, gcc" build so SAN=1 BUILD="$work/san"
    check ".so with sanitizers, clang" build so SAN=1 TOOLCHAIN=clang BUILD="$work/san-clang"
    check ".so with coverage, gcc" build so COV=1 BUILD="$work/cov"
    check ".so with coverage, clang" build so COV=1 TOOLCHAIN=clang BUILD="$work/cov-clang"
    check "both in parallel" build -j2 so sys BUILD="$work/parallel"
fi
without_dwarf() { # .sys: smaller, no DWARF, unwind tables kept
    dump "$1" >"$work/dump"
    ! nm "$1" 2>/dev/null | grep -q debug_info && ! grep -q '\.debug_info' "$work/dump" && grep -q ' \.pdata ' "$work/dump"
}
if have $mingw64; then
    check "stripped" build stripped BUILD="$work/gcc-1"
    check "keeps unwind tables only" without_dwarf "$work/gcc-1/stripped/vendor.sys"
    # A frame of three pages: probed unless told otherwise.
    probes() { nm "$1/pe/driver.o" | grep -q ' U ___chkstk_ms'; }
    check "large frames are probed" probes "$work/gcc-1"
    check "without probes" build sys STACK_PROBES=0 BUILD="$work/gcc-1"
    check "are not probed" sh -c "! nm '$work/gcc-1/pe/driver.o' | grep chkstk"
fi

# ---- settings ------------------------------------------------------------------------------------------
nothing_to_do() { # make arguments: a second run compiles nothing
    build so "$@" && [ -z "$(make -C "$vendor" DDK="$ddk" so "$@" CFLAGS=-Werror | grep -e ' -c ' -e ' -o ')" ]
}
changed() { # a setting builds anew
    build so BUILD="$work/set" && cp "$work/set/vendor.so" "$work/before" && build so BUILD="$work/set" DBG=1 &&
        ! cmp -s "$work/before" "$work/set/vendor.so"
}
check "a second run has nothing to do" nothing_to_do BUILD="$work/set"
check "another DBG builds anew" changed
mkdir -p "$work/twins/a" "$work/twins/b" "$work/shared" "$work/other"
for d in a b; do
    printf '#include <ntddk.h>\n#include "extra.h"\nint Same%s(void) { return EXTRA + MORE; }\n' $d >"$work/twins/$d/same.c"
done
printf '#include <ntddk.h>\nDRIVER_INITIALIZE DriverEntry;\nNTSTATUS DriverEntry(PDRIVER_OBJECT D, PUNICODE_STRING R)\n{\n    C_ASSERT(NTDDI_VERSION == NTDDI_WIN7);\n    return D == (PVOID)R;\n}\n' >"$work/shared/entry.c"
echo '#define EXTRA 1' >"$work/other/extra.h"
printf 'DSM = twins\nSRCS = a/same.c b/same.c ../shared/entry.c\nINCLUDES = ../other\nDEFINES = MORE=2\nNTDDI = 0x06010000\ninclude %s/dsm.mk\n' \
    "$ddk" >"$work/twins/Makefile"
check "sources of one name, a source in ../, INCLUDES, DEFINES, NTDDI" make -s -C "$work/twins" so $(have $mingw64 && echo sys) CFLAGS=-Werror
check "unknown TOOLCHAIN" says 'TOOLCHAIN=icc is not known; it is gcc, clang or msvc-clang' build so TOOLCHAIN=icc
check "unknown ARCH" says 'ARCH=mips is not known' build so ARCH=mips
check "unknown library" says 'LIBS: ndis: no such export list' build so LIBS=ndis
check "arm64 has no .sys" says 'no PE image for arm64' build sys ARCH=arm64
check "x86 has no .so" says 'ARCH=x86 builds vendor.sys only' build so ARCH=x86
check "a compiler that is not here" says 'vendor.sys needs no-such-gcc \(Debian: gcc-mingw-w64-x86-64\)' build sys PE_CC=no-such-gcc BUILD="$work/none"
cat >"$work/twins/status.mof" <<'END'
[WMI, Dynamic, Provider("WmiProv"), guid("{11223344-5566-7788-99aa-bbccddeeff00}"), locale("MS\\0x409")]
class TwinStatus
{
    [key, read] string InstanceName;
    [read] boolean Active;
    [WmiDataId(1), read] uint32 Number;
};
END
printf 'MofResourceName MOFDATA status.bmf\n' >"$work/twins/twins.rc"
printf '#include <ntddk.h>\n#include "renamed.h"\nC_ASSERT(sizeof(TwinStatus) == 4 && TwinStatus_Number_ID == 1);\n' >"$work/twins/mof.c"
mof() { make -s -C "$work/twins" so $(have $mingw64 && echo sys) SRCS="a/same.c b/same.c ../shared/entry.c mof.c" MOF=status.mof=renamed.h CFLAGS=-Werror; }
check "MOF with a header of another name, and its resource" mof

# ---- long and __try --------------------------------------------------------------------------------------
cat >"$work/longs.c" <<'END'
#include <ntddk.h>
#define MINE long
long here;
unsigned long here2; /* long */
static const char *const text = "long x \" long";
int here3(void) { return (int)sizeof(long) + (text != 0); }
MINE here4;
long long a; long double b; unsigned long long c; LONG d; __int64 e; long int long f;
char g = 'l'; int longer, so_long; // long
#if 0
long h;
#endif
long
    here5(ULONG i, long here6);
ULONG j = 10UL;
END
warned() { # the lines with a warning are exactly these
    (cd "$work" && "$ddk/tools/mpio-cc" -c longs.c -o longs.o) >"$work/said" 2>&1 || { cat "$work/said"; return 1; }
    lines=$(sed -n "s/^longs\.c:\([0-9]*\): warning: 'long' has 8 bytes.*/\1/p" "$work/said" | tr '\n' ' ')
    [ "$lines" = "3 4 6 7 13 14 " ] || { echo "warned in lines $lines"; cat "$work/said"; return 1; }
}
check "long: warned where it is, in macros where they are used" warned
cd "$work" || exit 2
cp "$ddk/tests/guarded.c" "$work/"
mpiocc() { "$ddk/tools/mpio-cc" --build "$work/cc" "$@"; }
refusal='guarded\.c:[0-9]+.*__try needs structured exceptions: build the .sys with TOOLCHAIN=msvc-clang'
for cc in gcc clang; do
    have $cc && check "__try by $cc, native" says "$refusal" mpiocc --toolchain $cc -o guarded.so guarded.c
done
have $mingw64 && check "__try by mingw-w64" says "$refusal" mpiocc -o guarded.sys guarded.c
if have clang lld-link llvm-dlltool; then
    check "__try by msvc-clang, x64" mpiocc --toolchain msvc -o guarded.sys guarded.c
    check "contents of it" good_sys guarded.sys x64 __C_specific_handler
    check "imports the handler" grep -q '^__C_specific_handler$' "$work/imports"
    check "__try by msvc-clang, x86" mpiocc --toolchain msvc --arch x86 -o guarded86.sys guarded.c
    check "contents of it" good_sys guarded86.sys x86 _except_handler3
    noted() { mpiocc -c --toolchain msvc guarded.c 2>&1 | grep -c 'guarded.c:[0-9]*: note: clang guards the calls' | grep -qx 2; }
    check "what it does not guard is said, once per __try" noted
fi

# ---- layouts: the same bytes from every compiler ----------------------------------------------------------
# layout_mixed.c is a constant; of the layout_*.c tests, whose numbers are those of x64, every size, alignment and offset
# becomes an element of one, so that gcc and clang can be compared on x86 too.
mkdir -p "$work/layout"
cp "$ddk/tests/layout_mixed.c" "$work/layout/mixed.c"
for f in storage kernel; do
    { sed -n '/^#include/p' "$ddk/tests/layout_$f.c"
      echo 'const unsigned layout[] = {'
      sed -n -e 's/^SIZE(\([^,]*\),.*/sizeof(\1), _Alignof(\1),/p' -e 's/^AT(\([^,]*\), *\([^,]*\),.*/__builtin_offsetof(\1, \2),/p' \
          "$ddk/tests/layout_$f.c"
      echo '};'; } >"$work/layout/$f.c"
done
flags="-O1 -g0 -w -ffreestanding -fms-extensions -I$ddk/include/crt -I$ddk/include"
compiled() { # name of the object, source, compiler and flags: leaves the bytes of the constants
    object=$work/layout/$1 file=$2
    shift 2
    "$@" $flags -c "$work/layout/$file.c" -o "$object.o" && constants "$object"
}
constants() { # object without its suffix
    objdump -s -j .rodata -j .rdata "$1.o" 2>/dev/null | sed -n 's/^ [0-9a-f]* \([0-9a-f ]*\)  .*/\1/p' | tr -d ' \n' >"$1.bytes"
    [ "$(wc -c <"$1.bytes")" -ge 80 ]
}
alike() { # objects: all have the bytes of the first, up to the padding of the section
    for other in "$@"; do
        length=$(awk 'FNR == 1 { n = length($0); if (!least || n < least) least = n } END { print least }' "$work/layout/$1.bytes" "$work/layout/$other.bytes")
        [ "$(cut -c1-"$length" "$work/layout/$1.bytes")" = "$(cut -c1-"$length" "$work/layout/$other.bytes")" ] || { echo "$1 and $other differ"; return 1; }
    done
}
native="-fshort-wchar -mms-bitfields"
if have gcc clang $mingw64 $mingw32; then
    msvc="clang -fms-compatibility -nostdinc"
    mixed() { # name of the object, options of mpio-cc: with the flags of dsm.mk
        object=$1
        shift
        mpiocc -c -O1 -g0 -w "$@" -o "$work/layout/$object.o" "$work/layout/mixed.c" && constants "$work/layout/$object"
    }
    check "mixed bit-fields, native gcc" mixed mixed-gcc
    check "mixed bit-fields, native clang" mixed mixed-clang --toolchain clang
    check "mixed bit-fields, mingw-w64" mixed mixed-64 --pe
    check "mixed bit-fields, mingw-w64 x86" mixed mixed-32 --arch x86
    check "mixed bit-fields, msvc-clang" mixed mixed-msvc64 --toolchain msvc
    check "mixed bit-fields, msvc-clang x86" mixed mixed-msvc32 --toolchain msvc --arch x86
    check "all alike" alike mixed-gcc mixed-clang mixed-64 mixed-32 mixed-msvc64 mixed-msvc32
    for f in storage kernel; do
        # Without the lines that name what x64 alone has (structures for 32-bit callers, some fields).
        $mingw32 -nostdinc $flags -fsyntax-only "$work/layout/$f.c" 2>&1 |
            sed -n "s,^.*/$f\.c:\([0-9]*\):.* error: .*,\1d,p" >"$work/layout/x64-only"
        sed -f "$work/layout/x64-only" "$work/layout/$f.c" >"$work/layout/$f-86.c"
        check "$f structures: most exist on x86" [ $(($(wc -l <"$work/layout/$f-86.c") * 10)) -gt $(($(wc -l <"$work/layout/$f.c") * 8)) ]
        check "$f structures, mingw-w64 x86" compiled $f-32 $f-86 $mingw32 -nostdinc -mrtd
        check "$f structures, msvc-clang x86" compiled $f-msvc32 $f-86 $msvc --target=i686-pc-windows-msvc -mrtd
        check "alike" alike $f-32 $f-msvc32
        check "$f structures, native" compiled $f-gcc $f gcc $native
        check "$f structures, msvc-clang" compiled $f-msvc64 $f $msvc --target=x86_64-pc-windows-msvc
        check "alike" alike $f-gcc $f-msvc64
    done
fi

# ---- mpio-cc --------------------------------------------------------------------------------------------
cd "$vendor" || exit 2
sum() { nm -D --undefined-only "$1" | awk '{ print $NF }' | sort | cksum; }
same() { [ "$(sum "$1")" = "$(sum "$2")" ]; }
check "mpio-cc .so" mpiocc -o "$work/out/one.so" driver.c policy/choose.c
check "contents of it" good_so "$work/out/one.so"
check "same imports as by make" same "$work/out/one.so" "$work/gcc-1/vendor.so"
if have $mingw64 && have $mingw32; then
    check "mpio-cc .sys" mpiocc -O0 --dbg -DQUITE=1 -I policy -o "$work/out/one.sys" driver.c policy/choose.c
    check "contents of it" good_sys "$work/out/one.sys" x64
    check "mpio-cc .sys x86" mpiocc --arch x86 -o "$work/out/one86.sys" driver.c policy/choose.c
    check "contents of it" good_sys "$work/out/one86.sys" x86
fi
check "one source, one object" mpiocc -c -o "$work/choose.o" policy/choose.c
check "objects are linked" mpiocc -o "$work/out/two.so" driver.c "$work/choose.o"
check "same imports" same "$work/out/two.so" "$work/out/one.so"
printf 'driver.c # the entry\npolicy\\choose.c\r\n' >"$work/vendor/list.txt"
check "a list of sources" mpiocc --sources list.txt -o "$work/out/three.so"
check "same imports" same "$work/out/three.so" "$work/out/one.so"
cat >"$vendor/sources" <<'END'
# A project of the older WDK.
!include $(NTMAKEENV)\common.inc
TARGETNAME = vendor
TARGETTYPE=DRIVER
TARGETPATH=obj
CHOICE=policy\choose.c
MSC_WARNING_LEVEL=/W4 /WX
INCLUDES=$(INCLUDES);policy;$(DDK_INC_PATH)\wdm
C_DEFINES=$(C_DEFINES) /DFIRST=1 -DSECOND /Oi
TARGETLIBS=$(DDK_LIB_PATH)\mpio.lib \
           $(DDK_LIB_PATH)\ntstrsafe.lib $(DDK_LIB_PATH)\ksecdd.lib
RUN_WPP=$(SOURCES) -km -func:TracePrint((LEVEL,FLAGS,MSG,...)) -func:TraceEvents(LEVEL,FLAGS,MSG,...) -func:DoTraceMessage(FLAGS,MSG,...)
SOURCES=driver.c \
        $(CHOICE)
END
from_sources() { (cd "$work" && mpiocc --sources vendor/sources -v) >"$work/said" 2>&1 || { cat "$work/said"; return 1; }; }
check "a WDK sources file" from_sources
check "makes the module of its name" good_so "$work/cc/vendor.so"
told() { # everything that had no effect, and nothing else
    sed -n 's/^mpio-cc: //p' "$work/said" | sort >"$work/told"
    sort >"$work/expected" <<'END'
vendor/sources:2: ignored: !include $(NTMAKEENV)\common.inc
vendor/sources:7: ignored: MSC_WARNING_LEVEL=/W4 /WX
vendor/sources: ignored: include directory /wdm (not there)
vendor/sources: ignored: C_DEFINES word /Oi
vendor/sources: ignored: library /ksecdd.lib (no export list of that name in DDK/lib)
END
    sed "s,$ddk,DDK," "$work/told" | diff "$work/expected" -
}
from_sources_in_place() { grep -q -- '-DFIRST=1 -DSECOND' "$work/said" && grep -q -- '-Ivendor/policy' "$work/said"; }
check "its defines and directories count" from_sources_in_place
check "what is ignored is said" told
check "mpio-cc --help" sh -c "'$ddk/tools/mpio-cc' --help | grep -q example"
check "option that is not known" says "option --foo is not known" mpiocc --foo
check "source that is not there" says "nothere\.c" mpiocc -o x.so nothere.c
check "no source" says "no source" mpiocc -o x.so
check "a product that is no DSM" says "a DSM is a .so or a .sys" mpiocc -o x.exe driver.c

# ---- the x86 convention, run as ELF where this processor and kernel can -----------------------------------
x86="gcc -m32 -mrtd -O2 -ffreestanding -fno-pic -fno-stack-protector -fshort-wchar -fcommon -I$ddk/include/crt -I$ddk/include -Werror"
run7() { "$1"; [ $? = 7 ] || { echo "exit code is not 7"; return 1; }; }
library() {
    for f in memory arithmetic narrow; do
        $x86 -D_WIN32 -fno-builtin -fno-tree-loop-distribute-patterns -c "$ddk/lib/dsmlib/$f.c" -o "$work/$f.o" || return 1
    done
    $x86 -c "$ddk/tests/x86_run.c" -o "$work/x86_run.o" &&
        ld -m elf_i386 -e start -o "$work/x86_run" "$work/x86_run.o" "$work/memory.o" "$work/arithmetic.o" "$work/narrow.o" &&
        run7 "$work/x86_run"
}
probe() {
    { grep -v '\.def ' "$ddk/lib/dsmlib/chkstk.S"; cat "$ddk/tests/x86_probe.S"; } >"$work/probe.S" &&
        gcc -m32 -D_WIN32 -c "$work/probe.S" -o "$work/probe.o" && ld -m elf_i386 -e start -o "$work/probe" "$work/probe.o" &&
        run7 "$work/probe"
}
printf '.globl start\nstart: movl $7, %%ebx\nmovl $1, %%eax\nint $0x80\n' >"$work/can.S"
if gcc -m32 -c "$work/can.S" -o "$work/can.o" 2>/dev/null && ld -m elf_i386 -e start -o "$work/can" "$work/can.o" 2>/dev/null &&
    run7 "$work/can" >/dev/null 2>&1; then
    check "x86: library and compiler agree on the convention" library
    check "x86: stack probes" probe
else
    echo "skip x86 at run time (this machine runs no 32-bit programs)"
fi
echo "profiles: $passed passed, $failed failed"
[ "$failed" = 0 ]
