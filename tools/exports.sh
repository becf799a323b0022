#!/bin/sh
# SPDX-License-Identifier: MIT
# Turns export lists (.def) into a linker's dynamic list.
echo "{"
awk '/^[[:space:]]*(;|EXPORTS|LIBRARY|NAME)/ {next} NF {sub(/[ \t=@].*/, "", $1); print "    " $1 ";"}' "$@" | sort -u
echo "    __asan_default_options;" # read by a sanitizer runtime that was preloaded for a DSM
echo "};"
