#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: check_packaging.sh SOURCE VERSION
# The packaging files are about this version; rpmlint has nothing to say of the spec.
set -u
cd "$1/packaging" || exit 1
version=$2 failed=0
same() {
    [ "$2" = "$version" ] || { echo "FAIL $1 says version \"$2\", meson.build \"$version\""; failed=1; }
}
same packaging/debian/changelog "$(sed -n '1s/^hlthunk (\(.*\)-[^-]*) .*/\1/p' debian/changelog)"
same packaging/rpm/hlthunk.spec "$(sed -n 's/^Version: *//p' rpm/hlthunk.spec)"
same "packaging/rpm/hlthunk.spec's changelog" "$(sed -n '/^%changelog/,$s/^\* .* - \(.*\)-[^-]*$/\1/p' rpm/hlthunk.spec | head -n 1)"
same packaging/hlthunk.wrap "$(sed -n 's/^revision = v//p' hlthunk.wrap)"
if command -v rpmlint >/dev/null 2>&1 && command -v rpm >/dev/null 2>&1; then
    rpmlint -c rpm/rpmlint.toml rpm/hlthunk.spec >/dev/null || { rpmlint -c rpm/rpmlint.toml rpm/hlthunk.spec; failed=1; }
else
    echo "note: no rpmlint here, the spec is not checked"
fi
exit $failed
