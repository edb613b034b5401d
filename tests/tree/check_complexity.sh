#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: check_complexity.sh [BOUND]
# No function of the tree has a cyclomatic complexity above BOUND (15).  pmccabe's modified count: a
# switch is one branch, however many cases it hands on to functions of their own.
set -eu
bound=${1:-15}
cd "$(dirname "$0")/../.."
# C++ too; what it cannot parse to the end of the file it says on stderr, having counted the functions
git ls-files '*.c' '*.h' '*.cpp' | xargs pmccabe 2>/dev/null | sort -rn | awk -v bound="$bound" '
    { functions++ }
    $1 > bound { print $6, $7 ": complexity " $1 ", the bound is " bound; above++ }
    END {
        if (!functions) print "complexity: no function was counted"
        exit above || !functions
    }'
