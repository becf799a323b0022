#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes docs/contract/01-checks.md from the one list of rules in mpio/nt/rules.h. With `check`: fails when the page
# is not up to date.
cd "$(dirname "$0")/.." || exit 2
page=docs/contract/01-checks.md
make_page() {
    cat <<'P'
# The always-on checks

Made by `tools/rules.sh` from `mpio/nt/rules.h`; do not edit. A breach ends the machine with a *bug check*: the rule,
the DSM's call stack with files and lines, and the seed. P1 and P2 are the two parameters of the report.

| id | what was broken |
|---|---|
P
    sed -n 's/^ *X(RULE_[A-Z_]*, *"\([A-Z0-9-]*\)", *"\(.*\)") *\\*$/| \1 | \2 |/p' mpio/nt/rules.h | sed 's/ *\\$//'
}
if [ "${1:-}" = check ]; then
    make_page | cmp -s - "$page" && exit 0
    echo "docs/contract/01-checks.md is not what tools/rules.sh makes of mpio/nt/rules.h"
    exit 1
fi
make_page >"$page"
