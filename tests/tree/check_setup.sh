#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: check_setup.sh SOURCE
# On a machine that has none of its packages, "./dev setup" tells a user who may not install them, in one line,
# what "./dev demo" and "./dev test" want, and what the tests that would be skipped want.
# Where it may install, what is optional removes nothing, and what cannot be installed is named.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
mkdir "$work/bin" "$work/clone"
cp "$1/dev" "$work/clone"
for command in cat dirname mktemp rm tail tr; do
    ln -s "$(command -v $command)" "$work/bin/$command"
done
printf '#!/bin/sh\necho 1000\n' >"$work/bin/id"
printf '#!/bin/sh\nexit 1\n' >"$work/bin/apt-get"
printf '#!/bin/sh\necho x86_64\n' >"$work/bin/uname"
chmod +x "$work/bin/id" "$work/bin/apt-get" "$work/bin/uname"
shell=$(command -v sh) failed=0

# asks COMMAND: the packages that it asks for; it fails, and installs nothing
asks() {
    if env -i PATH="$work/bin" "$shell" "$work/clone/dev" "$1" >"$work/out" 2>&1; then
        echo "FAIL ./dev $1 works without a compiler" >&2
    else
        sed -n 's/.*ask for: apt-get install //p' "$work/out"
    fi
}

setup=$(asks setup)
[ "$(echo "$setup" | wc -l)" = 1 ] || { echo "FAIL ./dev setup asks more than once:"; cat "$work/out"; failed=1; }
for package in $(asks demo) $(asks test) bubblewrap musl-tools mypy; do
    case " $setup " in
    *" $package "*) ;;
    *) echo "FAIL ./dev setup does not ask for $package but for: $setup"; failed=1 ;;
    esac
done
for command in demo test; do
    asks $command >/dev/null
    grep -q '\./dev setup' "$work/out" || { echo "FAIL ./dev $command does not mention ./dev setup"; failed=1; }
done

# as root, on a machine where one of the packages would remove another
printf '#!/bin/sh\necho 0\n' >"$work/bin/id"
cat >"$work/bin/apt-get" <<TEXT
#!/bin/sh
echo "\$*" >>"$work/calls"
case "\$*" in *gcc-multilib*) exit 100 ;; esac
TEXT
env -i PATH="$work/bin" "$shell" "$work/clone/dev" setup >"$work/out" 2>&1
if grep '^install' "$work/calls" | grep -qv -e --no-remove; then
    echo "FAIL ./dev setup lets optional packages remove others:"
    cat "$work/calls"
    failed=1
fi
grep -q '^install.* mypy$' "$work/calls" || { echo "FAIL mypy is not tried without gcc-multilib"; failed=1; }
grep -q 'could not install: gcc-multilib$' "$work/out" || { echo "FAIL nothing is said of gcc-multilib:"; cat "$work/out"; failed=1; }
exit $failed
