#!/bin/sh
# SPDX-License-Identifier: MIT
# WPP tracing end to end: the tool (declarations, warnings, errors, hostile input), its headers in every
# compiler, the messages of the driver in ddk/tests/wpp as .so and .sys, switching from the command line, and
# that none of it changes a run. MPIO names the program, build/rel/bin/mpio by default. Last line: `wpp: N
# passed, N failed`.
ddk=$(cd "$(dirname "$0")/.." && pwd) || exit 2
top=$(cd "$ddk/.." && pwd)
MPIO=${MPIO:-$top/build/rel/bin/mpio}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
LC_ALL=C
export LC_ALL
passed=0 failed=0
check() { # name, command: silent when it succeeds
    name=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        head -12 "$work/output" | sed 's/^/    /'
    fi
}
have() { command -v "$1" >/dev/null; }

# ---- the tool ----
check "tool gcc" gcc -std=gnu11 -Wall -Wextra -Werror -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
    -o "$work/wpp" "$ddk"/tools/wpp/*.c
have clang && check "tool clang" clang -std=gnu11 -Wall -Wextra -Werror -O2 -o "$work/wpp-clang" "$ddk"/tools/wpp/*.c
cd "$work" || exit 2
says() { # exit code, text in the output ('-': none at all), arguments of the tool
    want=$1 text=$2
    shift 2
    "$work/wpp" -o "$work/out" "$@" >"$work/said" 2>&1
    code=$?
    cat "$work/said"
    [ $code = "$want" ] && if [ "$text" = - ]; then [ ! -s "$work/said" ]; else grep -qF -- "$text" "$work/said"; fi
}
mkdir out
cat >a.c <<'EOL'
/* TraceEvents(L, F, "%d in a comment"); */
// TraceEvents(L, F, "%d %s", 1); \
   TraceEvents(L, F, "%d still in it");
const char *s = "TraceEvents(L, F, \"%d in a string\")"; char c = '"';
void f(void)
{
    TraceEvents(L, F, "fine %d %*.*s %!FUNC! %I64x" " and more %!STATUS!", 1, 2, 3, "x", g(1, 2), "a, b"[0]);
}
EOL
cat >b.c <<'EOL'
void f(void)
{
    TraceEvents(L, F,
                "one %d "
                "two %s", 1);
    DoTraceMessage(F, "%!NOSUCH!", 1); TracePrint((L, F, "%d%%"));
}
EOL
check "correct calls are quiet" says 0 - a.c
check "argument missing" says 0 "b.c:3: warning: TraceEvents: the format takes 2 arguments, 1 given" b.c
check "unknown type" says 0 "b.c:6: warning: %!NOSUCH! is no type that is known here" b.c
check "double parentheses, argument missing" says 0 "b.c:6: warning: TracePrint: the format takes 1 argument, 0 given" b.c
check "declaration without parentheses" says 1 "is not understood" -func:Trace a.c
check "declaration with two ellipses" says 1 "is not understood" '-func:T(LEVEL,...,...)' a.c
check "arguments without a message" says 1 "has no MSG" '-func:T(LEVEL,...)' a.c
check "source that is not there" says 2 "none.c: No such file" none.c
check "scan file that is not there" says 2 "none.h: No such file" -scan:none.h a.c
check "no source" says 2 "wpp [-func:DECLARATION]"
check "switches of a RUN_WPP line" says 0 - -km -p:x -ext:.c.h '-gen:{a.tpl}*.tmh' -DX=1 -I . -scan:a.c '-func:T((LEVEL, FLAGS, MSG, ...))' a.c
check "unknown switch" says 0 "unknown switch -nonsense is ignored" -nonsense a.c
check "one argument for all switches" says 0 - -flags '-km "-func:Trace((LEVEL, FLAGS, MSG,...))" \
    -func:Other(FLAGS, MSG, ...)' a.c
check "its functions" grep -q 'define WPP_CALL_Trace(LEVEL, FLAGS, MSG, ...)' out/a.tmh
check "the other's too" grep -q 'define Other(FLAGS, MSG, ...)' out/a.tmh
check "suffix kept" says 0 - -preserveext:.c a.c
check "suffix in the name" [ -f out/a.c.tmh ]
printf '// begin_wpp config\n// FUNC A(MSG, ...);\n' >open.h
check "block without an end" says 1 "open.h:1: error: begin_wpp config without end_wpp" -scan:open.h a.c
printf '/* begin_wpp config\n * FUNC A(FLAGS, MSG,\n *   ...);\n * SURPRISE x;\n * CUSTOM_TYPE(odd, ItemFancy);\n * end_wpp */\n' >odd.h
check "unknown directive with its place" says 0 "odd.h:4: note: 'SURPRISE x;" -scan:odd.h a.c
check "unknown item type with its place" says 0 "odd.h:5: warning: type odd: ItemFancy is not supported" -scan:odd.h a.c
printf '# a comment\n[section]\nFUNC FromIni{LEVEL=3}(FLAGS, MSG, ...);\n' >x.ini
check "ini file" says 0 - -ini x.ini a.c
check "function of the ini file" grep -q 'define FromIni(FLAGS, MSG, ...)' out/a.tmh
printf 'enum E { A, B = MACRO, C };\nvoid f(void) { DoTraceMessage(F, "%%!e!", 1); }\n// begin_wpp config\n// CUSTOM_TYPE(e, ItemEnum(E));\n// end_wpp\n' >e.c
check "enumerator that only the compiler knows" says 0 "the value after 'A' is not a plain integer expression" e.c

# Truncated anywhere, the tool ends with a verdict: no crash under ASan and UBSan.
truncated() {
    for f in "$ddk"/tests/wpp/trace.h "$ddk"/tests/wpp/styles.c; do
        size=$(wc -c <"$f")
        n=0
        while [ $n -lt "$size" ]; do
            head -c $n "$f" >cut.c
            "$work/wpp" -o "$work/out" -scan:cut.c -scan:"$ddk/tests/wpp/trace.h" cut.c >said 2>&1
            [ $? -le 2 ] && ! grep -q Sanitizer said || { echo "$f cut at $n"; cat said; return 1; }
            n=$((n + ${1:-197}))
        done
    done
}
check "hostile: cut anywhere" truncated $([ "${1:-}" = all ] && echo 7)
noise() {
    head -c 200000 "$MPIO" | tr '\000' '(' >noise.c
    "$work/wpp" -o "$work/out" -scan:noise.c noise.c >said 2>&1
    [ $? -le 2 ] && ! grep -q Sanitizer said
}
check "hostile: bytes of a program" noise

# ---- headers that refuse to be misused ----
flags="-ffreestanding -fcommon -fms-extensions -fshort-wchar -mms-bitfields -fPIC -I$ddk/include/crt -I$ddk/include -Iout"
refused() { # text in the compiler's message, source
    printf '%s\n' "$2" >r.c
    "$work/wpp" -o out '-func:Own(LEVEL,COMP,MSG,...)' '-func:TraceEvents(LEVEL,FLAGS,MSG,...)' r.c || return 1
    gcc $flags -c r.c -o r.o 2>said && return 1
    cat said
    grep -qF "$1" said
}
guids='#define WPP_CONTROL_GUIDS WPP_DEFINE_CONTROL_GUID(C, (1,2,3,4,5), WPP_DEFINE_BIT(F))'
check "no control GUIDs" refused "define WPP_CONTROL_GUIDS before" '#include <ntddk.h>
#include "r.tmh"
void f(void) { TraceEvents(2, F, "x"); }'
check "condition that the project owes" refused "Own needs WPP_LEVEL_COMP_ENABLED(LEVEL, COMP)" "#include <ntddk.h>
$guids
#include \"r.tmh\"
void f(void) { Own(2, F, \"x\"); }"
bits=$(i=0; while [ $i -lt 33 ]; do printf 'WPP_DEFINE_BIT(B%d) ' $i; i=$((i + 1)); done)
check "33 flags in one word" refused "more flags than WPP_FLAG_LEN words" "#include <ntddk.h>
#define WPP_CONTROL_GUIDS WPP_DEFINE_CONTROL_GUID(C, (1,2,3,4,5), $bits)
#include \"r.tmh\""
wide() {
    printf '#include <ntddk.h>\n#define WPP_FLAG_LEN 2\n#define WPP_CONTROL_GUIDS WPP_DEFINE_CONTROL_GUID(C, (1,2,3,4,5), %s)\n' "$bits" >w.c
    printf '#include "w.tmh"\nvoid f(void) { TraceEvents(2, B32, "x"); }\n' >>w.c
    "$work/wpp" -o out w.c && gcc $flags -Wall -Wextra -Werror -c w.c -o w.o
}
check "33 flags in two words" wide
around() { # PRE and POST of a project stand around its condition
    printf '%s\n' '#include <ntddk.h>' "$guids" '#define WPP_FLAGS_PRE(flags) before(); ' '#define WPP_FLAGS_POST(flags) ; after()' \
        '#include "p.tmh"' 'void f(void) { DoTraceMessage(F, "x"); }' >p.c
    "$work/wpp" -o out p.c && gcc $flags -E -P p.c | tr -d '\n' | grep -q 'void f(void) { before(); .*OpenMpioTraceSink.*; after(); }'
}
check "PRE and POST" around
cplusplus() { # two sources share one block
    for n in 1 2; do
        printf '%s\n' '#include <ntddk.h>' "$guids" "#include \"c$n.tmh\"" "extern \"C\" void f$n(int level) { TraceEvents(level, F, \"%d\", 1); }" >c$n.cc
        "$work/wpp" -o out c$n.cc && g++ $flags -Wall -Werror -c c$n.cc -o c$n.o || return 1
    done
    g++ -r -nostdlib -o c.o c1.o c2.o
}
have g++ && check "C++" cplusplus

# ---- the corpus: .so and .sys in every compiler, same messages ----
build() { # build directory, make arguments
    out=$1
    shift
    make -s -C "$ddk/tests/wpp" DDK="$ddk" BUILD="$work/$out" CFLAGS=-Werror "$@"
}
run() { # image, arguments: messages of the driver into `messages`, hash into `hash`
    image=$1
    shift
    timeout 60 "$MPIO" run --dsm "$image" --topology "$top/docs/examples/two-paths.ini" --for 1s --quiet "$@" >all 2>&1
    code=$?
    sed -n 's/^node0 traced: //p' all >messages
    sed -n 's/.*event stream //p' all >hash
    [ $code = 0 ] || { tail -5 all; return 1; }
}
traces() { # image; of a call over several lines compilers count different ones
    run "$1" --trace-flags traced=all && sed 's/([0-9]*) / /' messages >without &&
        sed 's/([0-9]*) / /' "$ddk/tests/wpp/expected.txt" | diff without - && cmp hash "${2:-hash.all}"
}
check "build .so" build so so
check "messages of the .so" traces so/traced.so hash
cp hash hash.all 2>/dev/null
if have clang; then
    check "build .so, clang, -O0" build clang so CC=clang OPT=-O0
    check "messages of the .so, clang, -O0" traces clang/traced.so
fi
if have x86_64-w64-mingw32-gcc; then
    check "build .sys" build sys sys
    check "messages of the .sys" traces sys/traced.sys
    imports() { # nothing that Windows lacks
        x86_64-w64-mingw32-objdump -p sys/traced.sys | grep -E 'OpenMpio|Wpp' && return 1
        x86_64-w64-mingw32-objdump -p sys/traced.sys | grep -q MmGetSystemRoutineAddress
    }
    check "imports of the .sys" imports
fi
if have clang && have lld-link; then
    check "build .sys, msvc-clang" build msvc sys TOOLCHAIN=msvc-clang
    check "messages of the .sys, msvc-clang" traces msvc/traced.sys
fi
have i686-w64-mingw32-gcc && check "build .sys for x86" build x86 x86

# ---- switches; the run stays the same ----
only() { # pattern that no message may miss, number of messages, arguments
    pattern=$1 count=$2
    shift 2
    run so/traced.so "$@" || return 1
    grep -vE "$pattern" messages && return 1
    [ "$(wc -l <messages)" = "$count" ] || { echo "$(wc -l <messages) messages, not $count"; cat messages; return 1; }
    cmp hash hash.all
}
check "one flag" only '\[.*FLAG_PATH\]' 3 --trace-flags traced/Second=0 --trace-flags traced/Main=4
check "one level" only '\[(ERROR )?FLAG_(PATH|IO|INIT)\]' 13 --trace-flags traced/Second=0 --trace-flags traced/Main=all:2
check "one provider" only FLAG_SECOND 3 --trace-flags traced=0 --trace-flags traced/second=1:3
check "everything off" only . 0 --trace-flags traced=0
check "nobody listens" only . 0
check "other driver: warnings" only 'WARNING|ERROR|\[FLAG_' 17 --trace-flags other=all
# All but the message of WPP's own code, which is switched on by name only.
check "everything" only . "$(($(wc -l <"$ddk/tests/wpp/expected.txt") - 1))" --verbose
explore() {
    run so/traced.so --explore --seed 7 --trace-flags traced=0 && cp hash hash.off && run so/traced.so --explore --seed 7 --verbose &&
        cmp hash hash.off
}
check "explored run does not depend on it" explore
bad() { # text, value of --trace-flags
    "$MPIO" run --dsm so/traced.so --topology "$top/docs/examples/two-paths.ini" --trace-flags "$2" >all 2>&1
    [ $? = 2 ] && grep -qF "$1" all
}
check "flags missing" bad "is written as DRIVER[/PROVIDER]=FLAGS[:LEVEL]" traced
check "flags that are no number" bad "is written as DRIVER" traced=many
check "level above 255" bad "is written as DRIVER" traced=1:256
check "flags of 33 bits" bad "is written as DRIVER" traced=0x100000000
check "name too long" bad "longer than 63 characters" "traced/$(printf '%064d' 0)=1"

# ---- checked builds: debug output goes the same way ----
checked() {
    build checked so DBG=1 && run checked/traced.so --verbose && grep -qx 'checked build' messages &&
        grep -q 'Assertion failed: calls == 4711' messages
}
check "checked build: KdPrint, ASSERT" checked

echo "wpp: $passed passed, $failed failed"
[ "$failed" = 0 ]
