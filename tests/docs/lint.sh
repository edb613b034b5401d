#!/bin/sh
# SPDX-License-Identifier: MIT
# lint.sh FOLDER…: mandoc has no complaint about the manual pages there.
command -v mandoc >/dev/null || {
    echo "mandoc is not installed"
    exit 77
}
pages=$(find "$@" -name '*.[137]' | xargs grep -L '^\.so ')
[ -n "$pages" ] || {
    echo "no pages in $*"
    exit 1
}
# its own list of installed pages is not of interest: that is a matter of style
# shellcheck disable=SC2086
complaints=$(mandoc -T lint -W warning $pages 2>&1 | grep -v 'outdated mandoc.db')
[ -z "$complaints" ] || {
    echo "$complaints"
    exit 1
}
