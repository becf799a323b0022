#!/bin/sh
# SPDX-License-Identifier: MIT
# The MOF compiler: every rule of the header, every error with its place, the three outputs, layouts in
# four compilers, and our own WMI headers made again from ddk/mof. `all` adds a minute of fuzzing.
# Last line: `mofc: N passed, N failed`.
ddk=$(cd "$(dirname "$0")/.." && pwd) || exit 2
tool=$ddk/tools/mofc
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
passed=0 failed=0
check() { # name, command: silent when it succeeds
    name=$1
    shift
    if "$@" >output 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        head -12 output | sed 's/^/    /'
    fi
}
have() { command -v "$1" >/dev/null; }
strict="-std=c11 -pedantic -Wall -Wextra -Werror"

# ---- it builds anywhere; the tests use the sanitized one ----
# shellcheck disable=SC2086
check "builds with gcc and sanitizers" gcc $strict -O1 -g -fsanitize=address,undefined \
    -fno-sanitize-recover=undefined -o mofc "$tool"/*.c
# shellcheck disable=SC2086
have clang && check "builds with clang" clang $strict -fsyntax-only "$tool"/*.c
# shellcheck disable=SC2086
have x86_64-w64-mingw32-gcc &&
    check "builds for Windows" x86_64-w64-mingw32-gcc $strict -Wno-format -fsyntax-only "$tool"/*.c
[ -x mofc ] || { echo "mofc: $passed passed, $((failed + 1)) failed"; exit 1; }

# ---- a source in, lines that the header must have ----
guid='guid("{abcdef01-2345-6789-abcd-ef0123456789}")'
class="[WMI, $guid] class A\n{\n"
source() { # file, text with printf's escapes; backslashes and percent signs doubled
    # shellcheck disable=SC2059
    printf "$2" >"$1"
}
header() { # rule, source, then lines in their order; a line "!text" must not be there
    rule=$1
    source h.mof "$2"
    shift 2
    check "header: $rule" header_has "$@"
}
header_has() {
    ./mofc -o h.h h.mof || return 1
    sed 's/^  *//' h.h >lines
    for line; do
        case $line in
        !*) grep -qF -- "${line#!}" lines && { echo "has: ${line#!}"; cat h.h; return 1; } ;;
        *)
            at=$(grep -nxF -- "$line" lines | head -1 | cut -d: -f1)
            [ "$at" ] || { echo "not there, or not in this order: $line"; cat h.h; return 1; }
            sed -i "1,${at}d" lines ;;
        esac
    done
    return 0
}
header "guard from the name of the file" "${class}};" '#ifndef _h_h_' '#define _h_h_' '#endif'
header "guid macro and DEFINE_GUID" "${class}};" '#define AGuid \' \
    '{ 0xabcdef01,0x2345,0x6789, { 0xab,0xcd,0xef,0x01,0x23,0x45,0x67,0x89 } }' \
    '#if !defined(MIDL_PASS)' 'DEFINE_GUID(A_GUID, \' \
    '0xabcdef01,0x2345,0x6789,0xab,0xcd,0xef,0x01,0x23,0x45,0x67,0x89);' '#endif' '!AGUID' '!struct'
header "members in the order of their ids" "${class}[WmiDataId(2)] uint8 b;[WmiDataId(1)] uint64 a;};" \
    'typedef struct _A' 'ULONGLONG a;' '#define A_a_SIZE sizeof(ULONGLONG)' '#define A_a_ID 1' \
    'UCHAR b;' '#define A_b_ID 2' '} A, *PA;' '#define A_SIZE (FIELD_OFFSET(A, b) + A_b_SIZE)'
header "InstanceName and Active are WMI's" \
    "${class}[key, read] string InstanceName;[read] boolean Active;[WmiDataId(1)] uint8 a;};" \
    '!InstanceName' 'UCHAR a;' '!Active'
header "fixed array" "${class}[WmiDataId(1)] uint16 a[5];};" 'USHORT a[5];' \
    '#define A_a_SIZE sizeof(USHORT[5])' '#define A_SIZE (FIELD_OFFSET(A, a) + A_a_SIZE)'
header "variable array: one element, no sizes" \
    "${class}[WmiDataId(1)] uint32 n;[WmiDataId(2), WmiSizeIs(\"n\")] uint16 a[];};" \
    'USHORT a[1];' '#define A_a_ID 2' '!A_a_SIZE' '!A_SIZE'
header "text has a byte count before MaxLen characters" "${class}[WmiDataId(1), MaxLen(31)] string t;};" \
    'WCHAR t[31 + 1];' '#define A_t_ID 1' '!A_t_SIZE' '!A_SIZE'
header "array of texts shows one" \
    "${class}[WmiDataId(1)] uint32 n;[WmiDataId(2), MaxLen(31), WmiSizeIs(\"n\")] string t[];};" \
    'WCHAR t[31 + 1];' '#define A_t_ID 2' '!A_SIZE'
header "nothing behind a variable member" \
    "${class}[WmiDataId(1)] uint32 n;[WmiDataId(2), WmiSizeIs(\"n\")] uint8 a[];[WmiDataId(3)] uint8 z;};" \
    'UCHAR a[1];' '!UCHAR z' '// uint8 z (id 3) has no place in a C structure' '} A, *PA;' '!A_SIZE'
header "text without MaxLen has no place" "${class}[WmiDataId(1)] uint32 n;[WmiDataId(2)] string t;};" \
    'ULONG n;' '!WCHAR' '} A, *PA;' '!A_SIZE'
header "no structure at all when the first varies" "${class}[WmiDataId(1)] string t;};" '!typedef'
header "value macros before the member" \
    "${class}[WmiDataId(1), ValueMap{\"0\",\"16\"}, DefineValues{\"OFF\",\"ON\"}] uint32 a;};" \
    '#define OFF 0' '#define ON 16' 'ULONG a;'
header "values count from 0 without ValueMap" "${class}[WmiDataId(1), DefineValues{\"P\",\"Q\"}] uint32 a;};" \
    '#define P 0' '#define Q 1'
header "bit masks" "${class}[WmiDataId(1), BitMap{\"0\",\"5\"}, DefineValues{\"P\",\"Q\"}] uint32 a;};" \
    '#define P 0x1' '#define Q 0x20'
header "embedded class" "[WMI, $guid] class B { [WmiDataId(1)] uint32 x; };\n[WMI,\nguid(\"abcdef02-2345-6789-abcd-ef0123456789\")] class A { [WmiDataId(1)] b y; };" \
    'ULONG x;' 'B y;' '#define A_y_SIZE sizeof(B)' '#define A_SIZE (FIELD_OFFSET(A, y) + A_y_SIZE)'
header "_SIZE ends with an embedded class that varies" \
    "[WMI, $guid] class B { [WmiDataId(1)] uint32 n; [WmiDataId(2), WmiSizeIs(\"n\")] uint8 v[]; };\nclass A { [WmiDataId(1)] B y; };" \
    '#define A_SIZE (FIELD_OFFSET(A, y) + A_y_SIZE)'
header "methods: ids from 1 over in and out" \
    "${class}[WmiMethodId(3), Implemented] void M([in, id(0)] uint32 i, [out, id(1)] uint64 o);};" \
    '#define M 3' 'typedef struct _M_IN' 'ULONG i;' '#define M_IN_i_SIZE sizeof(ULONG)' '#define M_IN_i_ID 1' \
    '} M_IN, *PM_IN;' '#define M_IN_SIZE (FIELD_OFFSET(M_IN, i) + M_IN_i_SIZE)' 'typedef struct _M_OUT' \
    'ULONGLONG o;' '#define M_OUT_o_ID 2' '} M_OUT, *PM_OUT;'
header "ids from 1 in the source mean the same" \
    "${class}[WmiMethodId(3), Implemented] void M([in, id(1)] uint32 i, [out, id(2)] uint64 o);};" \
    '#define M_IN_i_ID 1' '#define M_OUT_o_ID 2'
header "a method without parameters is a number" "${class}[WmiMethodId(1), Implemented] void M();};" \
    '#define M 1' '!struct'
header "a comment cannot swallow a member" \
    "${class}[WmiDataId(1), Description(\"C:\\\\\\\\\")] uint8 a; [WmiDataId(2), Description(\"what??/\")] uint8 b;};" \
    '// C:\ .' 'UCHAR a;' '// what??/ .' 'UCHAR b;'

# ---- errors: place and text ----
refuse() { # line:column, text, source
    source e.mof "$3"
    check "refuses at $1: $2" refused "e.mof:$1: error: " "$2"
}
refused() {
    ./mofc -o e.h e.mof >messages 2>&1
    code=$?
    cat messages
    [ $code = 1 ] && [ ! -e e.h ] && head -1 messages | grep -F -- "$1" | grep -qF -- "$2"
}
refuse 3:1 "expected class" "\n\n42"
refuse 1:9 "expected '{'" "class A 7"
refuse 1:12 "expected ';' after the class, found the end of the file" "class A { }"
refuse 2:1 "expected ';' after the class, found 'class'" "class A { }\nclass B { };"
refuse 3:1 "expected ';' after the property, found '}'" "class A {\nuint32 x\n};"
refuse 1:4 "comment without end" "   /* x"
refuse 2:9 "no use for the character @" "class A\n{ uint8 @; };"
refuse 1:25 "closing \"" "[Description(\"a\"), Name(\"b\n\")] class A {};"
refuse 1:16 "unknown escape" "[Description(\"a\\\\qb\")] class A {};"
refuse 1:15 "\\x takes one to four" "[Description(\"\\\\xD800\")] class A {};"
refuse 1:15 "\\x takes one to four" "[Description(\"\\\\x0\")] class A {};"
refuse 1:4 "no number of 64 bits" "[Q(18446744073709551616)] class A {};"
refuse 1:1 "is none of MOF's directives" "#define X 1\n"
refuse 1:1 "#line takes a number" "#line 0\n"
refuse 1:14 "a flavor" "[Locale(1) : sideways] class A {};"
refuse 1:10 "stands here twice" "[Locale, locale] class A {};"
refuse 2:1 "includes itself" "\n#pragma include(\"e.mof\")\n"
refuse 1:1 "is neither beside this one" "#pragma include(\"nowhere.mof\")"
refuse 2:7 "is declared already: e.mof:1" "class A {};\nclass a {};"
refuse 3:7 "has two members" "class A {\nuint8 x;\nuint8 X;\n};"
refuse 1:11 "base class Nobody is not declared" "class A : Nobody {};"
refuse 2:11 "inherits itself" "class A : B {};\nclass B : A {};"
refuse 3:16 "neither a CIM type nor a class" "${class}[WmiDataId(1)] unit32 x;};"
refuse 3:18 "contains itself" "${class}[WmiDataId(1)] A x;};"
refuse 1:12 "this is no guid" "[WMI, guid(\"{abcdef01-2345-6789-abcd-ef012345678}\")] class A {};"
refuse 1:12 "this is no guid" "[WMI, guid(\"{abcdef01-2345-6789-abcd-ef012345678g}\")] class A {};"
refuse 1:12 "this is no guid" "[WMI, guid(\"abcdef01-2345-6789-abcd-ef0123456789}\")] class A {};"
refuse 1:13 "has no guid" "[WMI] class A {};"
refuse 3:7 "has no WmiDataId" "${class}uint8 x;\n};"
refuse 4:22 "belongs to x already" "${class}[WmiDataId(1)] uint8 x;\n[WmiDataId(1)] uint8 y;\n};"
refuse 4:22 "leaves a gap" "${class}[WmiDataId(1)] uint8 x;\n[WmiDataId(3)] uint8 y;\n};"
refuse 3:22 "leaves a gap" "${class}[WmiDataId(2)] uint8 x;\n};"
refuse 3:12 "WmiDataId takes a number from 1" "${class}[WmiDataId(0)] uint8 x;\n};"
refuse 3:2 "WmiDataId takes a number from 1" "${class}[WmiDataId] uint8 x;\n};"
refuse 4:26 "must come before the array" "${class}[WmiDataId(2)] uint32 n;\n[WmiDataId(1), WmiSizeIs(\"n\")] uint8 x[];\n};"
refuse 4:26 "must be an integer" "${class}[WmiDataId(1)] boolean n;\n[WmiDataId(2), WmiSizeIs(\"n\")] uint8 x[];\n};"
refuse 3:26 "has no such data member" "${class}[WmiDataId(1), WmiSizeIs(\"n\")] uint8 x[];\n};"
refuse 3:26 "must come before" "${class}[WmiDataId(1), WmiSizeIs(\"x\")] uint8 x[];\n};"
refuse 3:16 "is no array" "${class}[WmiDataId(1), WmiSizeIs(\"n\")] uint8 x;\n};"
refuse 3:16 "fixed number of elements and WmiSizeIs" "${class}[WmiDataId(1), WmiSizeIs(\"n\")] uint8 x[2];\n};"
refuse 3:22 "has no length" "${class}[WmiDataId(1)] uint8 x[];\n};"
refuse 3:24 "from 1 to" "${class}[WmiDataId(1)] uint8 x[0];\n};"
refuse 3:23 "larger than 256 MiB" "${class}[WmiDataId(1)] uint32 x[100000000];\n};"
refuse 3:16 "is no string" "${class}[WmiDataId(1), MaxLen(3)] uint8 x;\n};"
refuse 3:23 "MaxLen takes a number from 1 to 32766" "${class}[WmiDataId(1), MaxLen(32767)] string x;\n};"
refuse 3:22 "holds no references" "${class}[WmiDataId(1)] A ref x;\n};"
refuse 3:26 "no value of type uint8" "${class}[WmiDataId(1)] uint8 x = 256;\n};"
refuse 3:26 "no value of type sint8" "${class}[WmiDataId(1)] sint8 x = -129;\n};"
refuse 3:27 "its default is one value" "${class}[WmiDataId(1)] uint8 x = {1};\n};"
refuse 3:25 "no value of a uint8" "${class}[WmiDataId(1), ValueMap{\"256\"}, Values{\"a\"}] uint8 x;\n};"
refuse 3:23 "no bit number" "${class}[WmiDataId(1), BitMap{\"8\"}, Values{\"a\"}, DefineValues{\"B\"}] uint8 x;\n};"
refuse 3:31 "make them pairs" "${class}[WmiDataId(1), ValueMap{\"2\"}, Values{\"a\",\"b\"}] uint8 x;\n};"
refuse 3:29 "no name in C" "${class}[WmiDataId(1), DefineValues{\"a b\"}] uint8 x;\n};"
refuse 3:6 "has no WmiMethodId" "${class}void M();\n};"
refuse 4:36 "belongs to M already" "${class}[WmiMethodId(1), Implemented] void M();\n[WmiMethodId(1), Implemented] void N();\n};"
refuse 3:38 "must be void" "${class}[WmiMethodId(1), Implemented] uint32 M();\n};"
refuse 3:45 "neither [in] nor [out]" "${class}[WmiMethodId(1), Implemented] void M(uint32 a);\n};"
refuse 3:36 "number all or none" "${class}[WmiMethodId(1), Implemented] void M([in, id(0)] uint8 a, [in] uint8 b);\n};"
refuse 3:77 "must be 0, 1, 2" "${class}[WmiMethodId(1), Implemented] void M([in, id(0)] uint8 a, [in, id(2)] uint8 b);\n};"
refuse 3:63 "two parameters" "${class}[WmiMethodId(1), Implemented] void M([in] uint8 a, [in] uint8 A);\n};"
refuse 3:23 "word of C" "${class}[WmiDataId(1)] uint32 default;\n};"
refuse 5:7 "the header would have two A_x_ID" "${class}[WmiDataId(1)] uint32 x;\n};\nclass A_x_ID { [WmiDataId(1)] uint32 y; };"
refuse 4:29 "has another value or meaning" "${class}[WmiDataId(1), DefineValues{\"P\", \"Q\"}] uint32 x;\n[WmiDataId(2), DefineValues{\"Q\"}] uint32 y;\n};"
refuse 1:39 "has no property B" "class A { uint8 a; }; instance of A { B = 1; };"
refuse 1:19 "is called \$Nobody" "instance of A { B=\$Nobody; };"
refuse 1:28 "has a value already" "instance of A { B = 1; C=2;b = 2; };"
refuse 2:12 "in use already" "class A as \$X {};\nclass B as \$X {};"

# ---- limits: at the limit, and one past it ----
repeat() { awk -v n="$1" -v s="$2" 'BEGIN { while (n--) printf "%s", s }'; }
accept() { # name, source
    printf '%s' "$2" >a.mof
    check "accepts: $1" ./mofc -o a.h -j a.json -b a.bmf a.mof
}
accept "MaxLen 32766" 'class A { [WmiDataId(1), MaxLen(32766)] string x; };'
accept "lists nested 32 deep" "instance of A { B = $(repeat 32 '{')$(repeat 32 '}'); };"
refuse 1:53 "nested deeper than 32" "instance of A { B = $(repeat 33 '{')$(repeat 33 '}'); };"
chain() { # classes, each in the next
    awk -v n="$1" 'BEGIN { print "class C0 { [WmiDataId(1)] uint8 x; };"
        for (i = 1; i < n; i++) printf "class C%d { [WmiDataId(1)] C%d x; };\n", i, i - 1 }'
}
accept "classes 32 deep" "$(chain 32)"
refuse 33:32 "contains classes deeper than 32" "$(chain 33)"
bases() {
    awk -v n="$1" 'BEGIN { print "class C0 {};"; for (i = 1; i < n; i++) printf "class C%d : C%d {};\n", i, i - 1 }'
}
accept "bases 32 deep" "$(bases 32)"
refuse 33:13 "inherits classes deeper than 32" "$(bases 33)"
forward() { # the same, each used before it is declared
    awk -v n="$1" 'BEGIN { for (i = 1; i < n; i++) printf "class C%d { [WmiDataId(1)] C%d x; };\n", i, i + 1
        printf "class C%d { [WmiDataId(1)] uint8 x; };\n", n }'
}
accept "classes 32 deep before they are declared" "$(forward 32)"
refuse 1:30 "contains classes deeper than 32" "$(forward 33)"
refuse 33:32 "contains classes deeper than 32" "$(forward 50)"
accept "128 qualifiers" "[$(awk 'BEGIN { for (i = 1; i < 128; i++) printf "q%d, ", i }') q] class A {};"
refuse 1:535 "more than 128 qualifiers" "[$(awk 'BEGIN { for (i = 1; i <= 128; i++) printf "q%d,", i }') q] class A {};"
messages_are() { # errors of one kind, text of the last line
    ./mofc e.mof 2>messages
    code=$?
    cat messages
    [ $code = 1 ] && [ "$(grep -c 'error: this is no number' messages)" = "$1" ] && tail -1 messages | grep -q "$2"
}
source e.mof "$(repeat 19 '[q(09)] class A;\n')"
check "19 errors are all shown" messages_are 19 "e.mof:19:4"
source e.mof "$(repeat 30 '[q(09)] class A;\n')"
check "the run ends with the 20th" messages_are 20 "20 errors, stopped here"
too_long() {
    awk 'BEGIN { for (i = 0; i < 16 * 1024; i++) printf "%1023s\n", "" }' >long.mof
    ./mofc long.mof || return 1
    echo >>long.mof
    ./mofc long.mof 2>messages
    [ $? = 1 ] && grep -q "long.mof: the file makes the sources longer than 16 MiB" messages
}
check "16 MiB of source, and one byte more" too_long
rm -f long.mof

# ---- all of the language, all outputs ----
cp "$tool"/tests/*.mof .
check "language: three outputs" ./mofc -o language.h -j language.json -b language.bmf language.mof
check "policies: header" ./mofc -o policies.h policies.mof
says() { # texts that a file must have
    file=$1
    shift
    for text; do grep -qF -- "$text" "$file" || { echo "not in $file: $text"; return 1; }; done
}
check "JSON says what the source says" says language.json '"name": "Holder"' '"displayName": "Holder of others"' \
    '"guid": "abcdef01-2345-6789-abcd-ef0123456789"' '"sizeIs": "Count"' '"class": "Inner"' '"default": 16' \
    '"default": -128' '"default": 127' '"default": 5' '"default": 18446744073709551615' \
    '"default": -9223372036854775808' '"default": 9786' '"default": "-1.50e-3"' '"default": "0.5"' \
    '"default": "a\tb\"c\" d😀"' '"value": 16' '"define": "INNER_ON"' '"description": "it is on"' '"bit": 31' \
    '"disableoverride"' '"base": "WMIEvent"' '"alias": "Provider"' '"class": "__Win32Provider"' \
    '"Ordinary": 6' '"name": "amendment"' '"nofail"' '"maxLen": 7' '"count": 3' '"write": true' \
    '"otherMembers"' '"namespace": "root\\wmi"' '"variable": true' '"description": "Line one\nline two'
have python3 && check "JSON is JSON" python3 -m json.tool language.json /dev/null
round_trip() { ./mofc --dump language.bmf >dumped && cmp dumped language.json; }
check "the binary holds the same" round_trip
checksum() { # the CRC-32 that gzip makes of the same bytes
    tail -c +17 language.bmf | gzip -c | tail -c 8 | head -c 4 | od -An -tx1 >want
    dd if=language.bmf bs=1 skip=12 count=4 2>/dev/null | od -An -tx1 | cmp - want
}
check "the checksum is CRC-32" checksum
again() { ./mofc -o again.h -j again.json -b again.bmf language.mof && cmp again.bmf language.bmf && cmp again.json language.json; }
check "the same source gives the same bytes" again
damaged() { # text, then a command that changes broken.bmf
    text=$1
    shift
    cp language.bmf broken.bmf
    "$@" || return 1
    ./mofc --dump broken.bmf >dumped 2>messages
    [ $? = 1 ] && grep -qF -- "$text" messages && [ ! -s dumped ]
}
# shellcheck disable=SC2059
write_at() { printf "$2" | dd of=broken.bmf bs=1 seek="$1" conv=notrunc 2>/dev/null; }
cut_one() { size=$(wc -c <language.bmf) && head -c $((size - 1)) language.bmf >broken.bmf; }
check "binary: another kind of file" damaged "does not begin with OMOF" write_at 0 X
check "binary: Microsoft's" damaged "compiled MOF of Microsoft" write_at 0 FOMB
check "binary: a later version" damaged "a version that this mofc does not know" write_at 4 '\002'
check "binary: cut off" damaged "cut off" cut_one
check "binary: one bit" damaged "checksum is wrong" write_at 40 '\377'
check "binary: empty" damaged "does not begin with OMOF" eval ': >broken.bmf'

# ---- encodings, includes, names of places ----
# shellcheck disable=SC2059
encoded() { # iconv's name, mark
    { printf "$2"; printf '[Description("Gr\303\266\303\237e")]\nclass A { uint8 };\n' | iconv -f UTF-8 -t "$1"; } >u.mof
    ./mofc u.mof 2>messages
    [ $? = 1 ] && grep -q 'u.mof:2:17: error' messages || return 1
    { printf "$2"; printf '[Description("Gr\303\266\303\237e")] class A { uint8 x; };\n' | iconv -f UTF-8 -t "$1"; } >u.mof
    ./mofc -j u.json u.mof && grep -q '"description": "Größe"' u.json
}
if have iconv; then
    check "UTF-8 with mark" encoded UTF-8 '\357\273\277'
    check "UTF-8 without" encoded UTF-8 ''
    check "UTF-16 little-endian" encoded UTF-16LE '\377\376'
    check "UTF-16 big-endian" encoded UTF-16BE '\376\377'
    check "code page 1252" encoded WINDOWS-1252 ''
fi
dashes() {
    printf '[Description("\200 \226 \227 \377")] class A { uint8 x; };' >dash.mof
    ./mofc -j dash.json dash.mof && grep -q '"description": "€ – — ÿ"' dash.json
}
check "code page 1252 between 0x80 and 0x9F" dashes
fails() { # text, arguments
    text=$1
    shift
    ./mofc "$@" >messages 2>&1
    code=$?
    cat messages
    [ $code = 1 ] && grep -qF -- "$text" messages
}
printf '\377\376a' >odd.mof
check "half a UTF-16 character" fails "odd.mof: the file is not whole UTF-16" odd.mof
printf 'c\0l\0' >nul.mof
check "UTF-16 without a mark" fails "nul.mof: the file has a NUL character" nul.mof
check "a file that is not there" fails "nowhere.mof: the file does not exist" nowhere.mof
check "a directory" fails "cannot be read" /
mkdir -p in
printf 'class Inner { [WmiDataId(1)] uint8 x; };\n#pragma include("deeper.mof")\n' >in/inner.mof
printf '/* */ class Deeper { [WmiDataId(1)] unit8 x; };\n' >in/deeper.mof
printf '#pragma include("inner.mof")\nclass A { [WmiDataId(1)] Inner x; };\n' >main.mof
check "-I finds a file, which finds the one beside it" fails "in/deeper.mof:1:37: error: unit8" -I in main.mof
check "without -I" fails "main.mof:1:1: error: #pragma include: the file inner.mof is neither" main.mof
includes() { # a chain of files, each includes the next
    awk -v n="$1" 'BEGIN { for (i = 1; i < n; i++) printf "#pragma include(\"f%d.mof\")\n", i + 1 >("f" i ".mof")
                           printf "" >("f" n ".mof") }'
    ./mofc f1.mof 2>messages
}
check "32 files deep" includes 32
too_deep() { ! includes 33 && grep -q 'f32.mof:1:1: error: .*more than 32 files deep' messages; }
check "33 files deep" too_deep
printf '# 7 "original.mof"\nclass A { uint8 };\n' >line.mof
check "places of a preprocessed source" fails "original.mof:7:17: error" line.mof
printf 'class A { [Q("\\\033")] uint8 x; };#\033 "\033"' >escape.mof
quiet() { ./mofc escape.mof 2>messages; [ $? = 1 ] && ! grep -q "$(printf '\033')" messages; }
check "messages send nothing to the terminal" quiet

# ---- use ----
use() { # code, text, arguments
    want=$1 text=$2
    shift 2
    ./mofc "$@" >messages 2>&1
    code=$?
    cat messages
    [ $code = "$want" ] && grep -qF -- "$text" messages
}
check "--help has an example" use 0 "mofc -o mydsmwmi.h -b mydsm.bmf mydsm.mof" --help
check "no source" use 2 "no source given" -o x.h
check "two sources" use 2 "one source at a time" a.mof b.mof
check "unknown option" use 2 "unknown option: -x" -x
check "option without value" use 2 "option needs a value: -b" a.mof -b
check "--dump and a source" use 2 "--dump stands alone" --dump a.bmf a.mof
check "output in a directory that is not there" use 1 "cannot write no/x.h" -o no/x.h policies.mof
printf 'class A { uint8 x; };' >space.mof
space() { ./mofc -j space.json --root-namespace 'root\other' space.mof && grep -qF '"namespace": "root\\other"' space.json; }
check "--root-namespace" space

# ---- layouts: what every compiler makes of the headers ----
dsm="-ffreestanding -fms-extensions -fsyntax-only -Wall -Werror -Wno-multichar -I. -I$ddk/include/crt -I$ddk/include"
for cc in "gcc -fshort-wchar -mms-bitfields" "x86_64-w64-mingw32-gcc -nostdinc" \
    "clang -fshort-wchar -mms-bitfields -Wno-microsoft-anon-tag -Wno-four-char-constants"; do
    # shellcheck disable=SC2086
    have "${cc%% *}" && check "layout ${cc%% *}" $cc $dsm "$tool/tests/layout.c"
done
have i686-w64-mingw32-gcc && check "layout i686" i686-w64-mingw32-gcc -fsyntax-only -Wall -Werror -DTYPES -I. "$tool/tests/layout.c"
have g++ && check "layout C++" g++ -x c++ -D_Static_assert=static_assert -fsyntax-only -Wall -Werror -DTYPES -I. "$tool/tests/layout.c"

# The places that the JSON gives are those of the C structures.
places='
/^      "name": / { gsub(/[",]/, ""); class = $2 }
/^      "size": / { gsub(/,/, ""); if ($2 > 0) printf "C_ASSERT(sizeof(%s) == %s);\n", class, $2 }
/^      "[a-zA-Z]*": / { section = $1 }
section == "\"members\":" && /^          "name": / { gsub(/[",]/, ""); member = $2 }
section == "\"members\":" && /^          "offset": / { gsub(/,/, ""); printf "C_ASSERT(FIELD_OFFSET(%s, %s) == %s);\n", class, member, $2 }
section == "\"members\":" && /^          "size": / { gsub(/,/, ""); printf "C_ASSERT(sizeof(((%s *)0)->%s) == %s);\n", class, member, $2 }'
same_places() { # MOF
    ./mofc -o places.h -j places.json "$1" || return 1
    awk "$places" places.json >asserts
    [ "$(wc -l <asserts)" -gt 30 ] || { echo "few places"; return 1; }
    { echo "#include <ntddk.h>"; echo "#include \"places.h\""; cat asserts; } >places.c
    gcc -std=gnu11 -fms-extensions -w -fsyntax-only -fshort-wchar -I. -I"$ddk/include" places.c
}
for mof in "$tool/tests/language.mof" "$tool/tests/policies.mof" "$ddk/mof/mpiodisk.mof" "$ddk/mof/mpiowmi.mof"; do
    check "places in the JSON of $(basename "$mof")" same_places "$mof"
done

# ---- our own headers, made again ----
# Every structure, member, guid and macro of a header; then a C program that prints their values.
facts='
/^typedef struct _/ { struct = $3; sub(/^_/, "", struct); print "SIZEOF " struct }
struct != "" && /^ +[A-Za-z][A-Za-z0-9_]* [A-Za-z0-9_]+(\[.*\])?;$/ { name = $2; sub(/[[;].*/, "", name); print "OFFSET " struct " " name }
/^}/ { struct = "" }
/^ *#define [A-Za-z0-9_]+Guid / { sub(/Guid$/, "", $2); print "GUID " $2; next }
/^ *#define / && $2 !~ /_h_$/ { print "NUMBER " $2 }'
program() { # header, then files with facts
    printf '#include <stdio.h>\n#include <ntddk.h>\n#include "%s"\nint main(void) {\n' "$1"
    shift
    cat "$@" | sort -u | awk '
        $1 == "SIZEOF" { printf "printf(\"sizeof %s %%d\\n\", (int)sizeof(%s));\n", $2, $2 }
        $1 == "OFFSET" { printf "printf(\"%s.%s %%d %%d\\n\", (int)FIELD_OFFSET(%s, %s), (int)sizeof(((%s *)0)->%s));\n", $2, $3, $2, $3, $2, $3 }
        $1 == "NUMBER" { printf "printf(\"%s %%d\\n\", (int)(%s));\n", $2, $2 }
        $1 == "GUID" { printf "{ GUID g = %sGuid; const unsigned char *b = (void *)&g; printf(\"%s \");\n", $2, $2
                       printf "for (int i = 0; i < 16; i++) printf(\"%%02x\", b[i]); puts(\"\"); }\n" }'
    echo "return 0; }"
}
values() { # header, files with facts
    program "$@" >facts.c
    gcc -std=gnu11 -fms-extensions -w -I. -I"$ddk/include" -o facts facts.c && ./facts
}
same_facts() { # name of a MOF and of the header of ours
    ./mofc -o "made_$1.h" "$ddk/mof/$1.mof" || return 1
    awk "$facts" "$ddk/include/$1.h" >ours
    awk "$facts" "made_$1.h" >made
    [ "$(wc -l <ours)" -gt 200 ] || { echo "few facts in $1.h"; return 1; }
    values "$1.h" ours made >ours.values && values "made_$1.h" ours made >made.values &&
        diff ours.values made.values
}
check "mpiodisk.mof makes mpiodisk.h" same_facts mpiodisk
check "mpiowmi.mof makes mpiowmi.h" same_facts mpiowmi
sample=$ddk/../dsm_sample
sample_facts() { # the structure by hand in wmi.c
    ./mofc -o samplewmi.h "$sample/dsm_sample.mof" || return 1
    awk '/^#define SampleLunStatusGuid/, /^} SampleLunStatus;/' "$sample/wmi.c" >by_hand.h
    awk "$facts" by_hand.h >ours
    [ "$(wc -l <ours)" = 5 ] || { cat ours; return 1; }
    values by_hand.h ours >ours.values && values samplewmi.h ours >made.values && diff ours.values made.values
}
[ -f "$sample/wmi.c" ] && grep -q '^typedef struct _SampleLunStatus' "$sample/wmi.c" &&
    check "dsm_sample.mof makes what dsm_sample has" sample_facts

# ---- fuzzing ----
fuzz() {
    # shellcheck disable=SC2046
    clang -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -o fuzz_mof \
        "$tool/tests/fuzz_mof.c" $(ls "$tool"/*.c | grep -v main.c) || return 1
    mkdir -p corpus seeds
    cp ./*.mof "$ddk"/mof/*.mof language.bmf seeds/
    ./fuzz_mof -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -max_len=16384 corpus seeds
}
[ "${1:-}" = all ] && have clang && check "fuzzing" fuzz
echo "mofc: $passed passed, $failed failed"
[ "$failed" = 0 ]
