#!/bin/sh
# SPDX-License-Identifier: MIT
# cases.sh BUILD [GROUP…]: the cases of one side of tests/rig/differential. "classic" is the group of
# the original library's functions.
build=$1
shift
set -e
case " $* " in
"  " | *" classic "*) [ ! -x "$build/tests/rig/rig-classic" ] || "$build/tests/rig/rig-classic" ;;
esac
[ "$*" = classic ] || "$build/tests/rig/rig-cases" "$@"
