#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: environment.sh LIBHLTHUNK FILE…: no library reads a variable that a set-user-ID program's
# caller could set
set -u
failed=0
readelf --dyn-syms -W "$1" | grep -Eq ' UND secure_getenv(@|$)' || { echo "$1 reads no variable at all?"; failed=1; }
for file; do
    if readelf --dyn-syms -W "$file" | grep -E ' UND _*getenv(@|$)'; then
        echo "$file: getenv() and not secure_getenv()"
        failed=1
    fi
done
exit $failed
