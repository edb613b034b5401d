#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: check_packaging.sh SOURCE VERSION [again]
# The packaging files are about this version, and about another one after packaging/set-version; rpmlint has
# nothing to say of the spec.
set -u
self=$(readlink -f "$0")
cd "$1/packaging" || exit 1
version=$2 failed=0
same() {
    [ "$2" = "$version" ] || { echo "FAIL $1 says version \"$2\", meson.build \"$version\""; failed=1; }
}
# packages sort a release candidate before the release with another sign: 1.0.0~rc1
same packaging/debian/changelog "$(sed -n '1s/^hlthunk (\(.*\)-[^-]*) .*/\1/p' debian/changelog | tr '~' -)"
same packaging/rpm/hlthunk.spec "$(sed -n 's/^%global *upstream_version *//p' rpm/hlthunk.spec)"
same "packaging/rpm/hlthunk.spec's changelog" \
    "$(sed -n '/^%changelog/,$s/^\* .* - \(.*\)-[^-]*$/\1/p' rpm/hlthunk.spec | head -n 1 | tr '~' -)"
same packaging/hlthunk.wrap "$(sed -n 's/^revision = v//p' hlthunk.wrap)"
for project in python pytorch; do
    same integrations/$project/pyproject.toml "$(sed -n 's/^version = "\(.*\)"/\1/p' ../integrations/$project/pyproject.toml)"
done
# the name that programs load
soname=libhlthunk.so.${version%%.*}
for file in debian/libhlthunk[0-9]*.symbols rpm/hlthunk.spec ../integrations/python/hlthunk/_native.py \
    ../docs/frameworks.md ../docs/coming-from-the-original.md; do
    grep -qF "$soname" "$file" || { echo "FAIL packaging/$file is not about $soname"; failed=1; }
done
# Symbols' versions are those of releases up to this one, and Debian's lists have each.
for library in '' -diag -verbs; do
    case $library in
    '') map=lib/hlthunk.map ;;
    *) map=${library#-}/${library#-}.map ;;
    esac
    nodes=$(sed -n 's/^\(HLTHUNK[A-Z_]*_[0-9.]*\) {$/\1/p' "../$map")
    [ -n "$nodes" ] || { echo "FAIL $map has no symbol versions"; failed=1; }
    for node in $nodes; do
        printf '%s\n' "${node##*_}" "${version%-*}" | sort -C -V || { echo "FAIL $map: $node is after $version"; failed=1; }
        grep -qF "(symver)$node " debian/libhlthunk$library[0-9]*.symbols || { echo "FAIL no $node in Debian's symbols"; failed=1; }
    done
done
[ $# = 2 ] || exit $failed
if command -v rpmlint >/dev/null 2>&1 && command -v rpm >/dev/null 2>&1; then
    rpmlint -c rpm/rpmlint.toml rpm/hlthunk.spec >/dev/null || { rpmlint -c rpm/rpmlint.toml rpm/hlthunk.spec; failed=1; }
else
    echo "note: no rpmlint here, the spec is not checked"
fi
# set-version finds all of them, also where the first number changes
next=$((${version%%.*} + 1)).0.0-rc1
if command -v git >/dev/null 2>&1; then
    copy=$(mktemp -d) || exit
    trap 'rm -rf "$copy"' EXIT
    trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
    (cd .. && tar -cf - meson.build packaging docs lib/hlthunk.map diag/diag.map verbs/verbs.map \
        integrations/*/pyproject.toml integrations/python/hlthunk/_native.py) | tar -xf - -C "$copy"
    if ! (cd "$copy" && unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE && git init -q && git add . && packaging/set-version $next) >"$copy/said" 2>&1 ||
        ! sh "$self" "$copy" $next again >>"$copy/said" 2>&1; then
        echo "FAIL after packaging/set-version $next:"
        cat "$copy/said"
        failed=1
    fi
fi
exit $failed
