#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes the table of exports, with a wrapper per routine, from the export lists and the prototypes that the compiler
# finds in the headers (gcc -aux-info: one line per function, types only). Routines with `...` or a va_list, those that do not
# return, and the names of crt.def have a wrapper written by hand in mpio/load/exports_*.c. A routine that fits neither fails the build.
# `thunks.sh WORKDIR >exports_table.c`, from the top of the tree. CC: the compiler; LEFT_OUT: files that are not built.
LC_ALL=C
export LC_ALL
work=$1
mkdir -p "$work" || exit 2
headers='ntddk.h wmilib.h wmistr.h dsm.h storport.h openmpio/wpp.h'
for h in evntrace.h; do
    [ -f "ddk/include/$h" ] && headers="$headers $h"
done
for h in $headers; do echo "#include <$h>"; done >"$work/all.c"
${CC:-gcc} -std=gnu11 -fms-extensions -w -Iddk/include -aux-info "$work/prototypes" -fsyntax-only "$work/all.c" || exit 1
by_hand() { grep -ho 'PE_[A-Z]* [^(]*pe_[A-Za-z0-9_]*(' /dev/null "$@" | sed 's/.*pe_//; s/($//'; }
here= elsewhere=
for f in mpio/load/exports_*.c; do
    case " ${LEFT_OUT:-} " in *" $f "*) elsewhere="$elsewhere $f" ;; *) here="$here $f" ;; esac
done
by_hand $here >"$work/hand"
by_hand $elsewhere >"$work/elsewhere" # of the C library's list: names that this processor's images do not know
sed -n 's/^ *@\([A-Za-z_0-9]*\)@[0-9]*$/\1/p' ddk/lib/x86/*.def >"$work/fastcall"
for def in ddk/lib/*.def; do
    awk -v crt="$([ "${def##*/}" = crt.def ] && echo 1)" '
        $1 == "LIBRARY" { module = tolower($2); sub(/\..*/, "", module); next }
        /^[ \t]*(;|EXPORTS|NAME)/ { next }
        NF { name = $1; sub(/=.*/, "", name)
             ordinal = 0
             for (i = 2; i <= NF; i++) if ($i ~ /^@[0-9]+$/) ordinal = substr($i, 2)
             print module, name, ordinal, crt + 0 }' "$def"
done | sort -k1,1 -k2,2 >"$work/exports"
echo '/* SPDX-License-Identifier: MIT */'
echo '/* Made by tools/thunks.sh from ddk/lib/(lists).def and the headers of ddk/include. */'
echo '#include "load/exports.h"'
for h in $headers; do echo "#include <$h>"; done
awk '
    FILENAME ~ /hand$/ { hand[$1] = 1; next }
    FILENAME ~ /elsewhere$/ { elsewhere[$1] = 1; next }
    FILENAME ~ /fastcall$/ { fast[$1] = 1; next }
    FILENAME ~ /prototypes$/ {
        line = $0
        if (!sub(/^\/\* [^*]* \*\/ extern /, "", line) || line !~ /\);$/) next
        open = index(line, " (")
        left = substr(line, 1, open - 1)
        arguments[n = substr(left, match(left, /[A-Za-z_0-9]+$/))] = substr(line, open + 2, length(line) - open - 3)
        result[n] = substr(left, 1, RSTART - 1)
        sub(/ $/, "", result[n])
        next
    }
    { module = $1; name = $2; crt = $4 }
    crt {
        if (name in done || name in elsewhere) next
        print "void pe_" name "(void);" # the linker names what is missing
        done[name] = 1
        table = table "    {\"" module "\", \"" name "\", " $3 ", NULL, (void *)pe_" name "},\n"
        next
    }
    { table = table "    {\"" module "\", \"" name "\", " $3 ", (void *)" name ", PE_OWN(" name ")},\n" }
    name in done { next }
    { done[name] = 1 }
    (name in result) && hand[name] { variadic = variadic "void pe_" name "(void);\n"; next }
    !(name in result) && hand[name] { print "void " name "(void);"; variadic = variadic "void pe_" name "(void);\n"; next }
    !(name in result) { bad = bad "  " name ": no plain prototype in " headers "\n"; next }
    arguments[name] ~ /\.\.\.|va_list/ {
        bad = bad "  " name " (" arguments[name] "): variadic, and mpio/load/exports_*.c has no pe_" name "\n"
        next
    }
    arguments[name] ~ /\(/ || result[name] ~ /\(/ { bad = bad "  " name ": a function type spelled out; give it a typedef\n"; next }
    {
        count = arguments[name] == "void" ? 0 : split(arguments[name], type, /, */)
        parameters = passed = ""
        for (i = 1; i <= count; i++) {
            parameters = parameters (i > 1 ? ", " : "") type[i] " a" i
            passed = passed (i > 1 ? ", " : "") "a" i
        }
        if (count == 0) parameters = "void"
        print (name in fast ? "PE_FAST_ROUTINE(" : "PE_ROUTINE(") result[name] ", " name ", (" parameters "), (" passed "))"
    }
    END {
        if (bad != "") { printf "thunks.sh: no wrapper can be made for\n%s", bad > "/dev/stderr"; exit 1 }
        printf "#ifdef NT_TWO_CONVENTIONS\n%s#endif\n", variadic
        printf "const struct export exports_table[] = {\n%s};\n", table
        print "const unsigned exports_count = sizeof exports_table / sizeof exports_table[0];"
    }' headers="$headers" "$work/hand" "$work/elsewhere" "$work/fastcall" "$work/prototypes" "$work/exports"
