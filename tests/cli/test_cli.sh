#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_cli.sh HLSIM HLTHUNK: the commands as a person and a script call them
set -u
hlsim=$1 hlthunk=$2
. "$(dirname "$0")/runs.sh"

# without a device: what is wrong, what to do, exit code 3
for command in list info doctor who monitor topology demo; do
    runs 3 "$hlthunk" $command
    warns "no Habana device"
    warns "hlsim run"
done
runs 2 "$hlthunk" && warns usage
runs 2 "$hlthunk" what && warns 'no command "what"'
runs 2 "$hlthunk" list --what
runs 0 "$hlthunk" --help && says list && says '--version'
runs 0 "$hlthunk" --version && says '^hlthunk [0-9]'
version=$(sed 's/.* //' "$out")
runs 0 "$hlsim" --version && says "^hlsim $version\$"
silent
for command in list info doctor who monitor topology demo; do
    runs 0 "$hlthunk" $command --help && says usage
done

two="run --device gaudi2 --device gaudi --"
# shellcheck disable=SC2086
{
    runs 0 "$hlsim" $two "$hlthunk" list && says '0000:10:00.0 .*Operational .*/dev/accel/accel0'
    silent
    [ "$(wc -l <"$out")" = 3 ] || bad "not a heading and two lines"
    runs 0 "$hlsim" $two "$hlthunk" list --json && says '"pci_address":.*"0000:11:00.0"'
    runs 0 "$hlsim" $two "$hlthunk" info && says 'gaudi2 0 (0000:10:00.0)'
    runs 0 "$hlsim" $two "$hlthunk" info 1 && says 'gaudi 1 (0000:11:00.0)'
    runs 0 "$hlsim" $two "$hlthunk" info 0000:11:00.0 && says 'physical addresses'
    runs 0 "$hlsim" $two "$hlthunk" info gaudi --json && says '"memory_bytes":.*33822867456'
    runs 3 "$hlsim" $two "$hlthunk" info 7 && warns 'index 7'
    runs 3 "$hlsim" $two "$hlthunk" info goya && warns 'ASIC goya'
    runs 2 "$hlsim" $two "$hlthunk" info 0 1
    runs 2 "$hlsim" $two "$hlthunk" info x && warns '"x" is not an index'
    # every command means the same device by the same words
    for command in info who topology 'monitor --count 1' 'doctor --passive'; do
        for address in 0:11:0.0 11:00.0 00000000:11:00.0; do
            runs 0 "$hlsim" $two "$hlthunk" $command $address
        done
        runs 3 "$hlsim" $two "$hlthunk" $command 1:11:00.0
        runs 2 "$hlsim" $two "$hlthunk" $command zz:zz && warns '"zz:zz" is not an index'
    done
    runs 2 "$hlsim" $two "$hlthunk" doctor --importer x && warns '"x" is not a value'
    runs 2 "$hlsim" $two "$hlthunk" doctor --root / 0 && warns 'DEVICE is a PCI address'
}
# what a preloaded library cannot reach is said (Debian's ldconfig is static)
if ! ldd /sbin/ldconfig >/dev/null 2>&1; then
    runs 0 "$hlsim" run -- /sbin/ldconfig -V && warns 'ldconfig is linked statically'
    PATH=/sbin:$PATH runs 0 "$hlsim" run -- ldconfig -V && warns 'ldconfig is linked statically'
fi
for loader in /lib64/ld-linux-*.so.?; do
    [ ! -x "$loader" ] || { runs 0 "$hlsim" run -- "$loader" "$hlthunk" list && silent; }
done
for asic in gaudi gaudi2; do
    for kernel in 6.6 6.12 vendor; do
        runs 0 "$hlsim" run --device $asic --kernel $kernel -- "$hlthunk" demo
        says '13 steps done, 0 failed, 0 skipped'
    done
done
runs 0 "$hlsim" run --device gaudi --kernel 6.1 -- "$hlthunk" demo
# one of several devices
runs 0 "$hlsim" run --device gaudi2 --device gaudi -- "$hlthunk" demo && says '13 steps done, 0 failed, 0 skipped'
runs 1 "$hlsim" run --device gaudi2 --kernel 6.1 -- "$hlthunk" demo && says 'cannot export'
runs 1 "$hlsim" run --fault export:2:EMFILE -- "$hlthunk" demo && says 'FAILED'

# who holds a device
# shellcheck disable=SC2016
{
    runs 0 "$hlsim" run -- "$hlthunk" who && says 'No holder of a device' && says 'Looked at [1-9]'
    hold='exec 3<>/dev/accel/accel0 4<>/dev/accel/accel_controlD1; "$0" who "$@"'
    # shellcheck disable=SC2086
    {
        runs 0 "$hlsim" $two sh -c "$hold" "$hlthunk" && says ' sh  .* accel0  *node  *3 '
        says ' sh  .* accel1  *control node  *4 '
        runs 0 "$hlsim" $two sh -c "$hold" "$hlthunk" 1 && says 'control node'
        ! grep -q accel0 "$out" || bad "told of a device that was not asked for"
        runs 0 "$hlsim" $two sh -c "$hold" "$hlthunk" --json gaudi2 && says '"kind":.*"node"'
        says '"hidden_processes":'
        runs 3 "$hlsim" $two "$hlthunk" who 7 && warns '"7"'
        runs 2 "$hlsim" $two "$hlthunk" who x && warns 'not an index'
        runs 2 "$hlsim" $two "$hlthunk" who 0 1
    }
}

# doctor speaks of the simulated kernel, not of this machine's
doctor() {
    runs 0 "$hlsim" "$@"
}
doctor run -- "$hlthunk" doctor
says 'device  *ok  *gaudi2 0 at 0000:10:00.0' && says 'open  *ok .*was opened' && says 'export  *ok'
says 'holders  *ok  *Nobody' && says '^problems: 0' && says 'p2pdma  *ok' && says 'Linux 6.12.0-hlsim'
doctor run -- "$hlthunk" doctor --passive && says 'open  *unknown .*not tried'
doctor run -- "$hlthunk" doctor --try 0 && says 'export  *ok  *Tried'
for both in '--passive --try' '--try --passive'; do
    # shellcheck disable=SC2086
    runs 2 "$hlsim" run -- "$hlthunk" doctor $both && warns '^usage: hlthunk doctor'
    [ ! -s "$out" ] || bad "doctor $both has looked"
done
doctor run -- "$hlthunk" doctor --passive --passive
doctor run -- sh -c "\"$hlthunk\" info >/dev/null; exec 3<>/dev/accel/accel0; \"$hlthunk\" doctor 3>&-"
says 'open  *ok .*in use' && says 'holders  *warning  *sh (PID'
runs 4 "$hlsim" run --fault open:1:EACCES -- "$hlthunk" doctor && says 'open  *PROBLEM'
runs 4 "$hlsim" run --kernel 6.1 -- "$hlthunk" doctor && says 'export  *PROBLEM' && says EOPNOTSUPP
runs 4 "$hlsim" run --fault export:1:ENOMEM -- "$hlthunk" doctor --try && says 'export  *PROBLEM  *Tried'
runs 2 "$hlsim" run -- "$hlthunk" doctor x
runs 3 "$hlsim" run -- "$hlthunk" doctor 5
runs 1 "$hlsim" run -- "$hlthunk" doctor --importer 0000:77:00.0 && warns '0000:77:00.0'
runs 1 "$hlthunk" doctor --root /no/such/folder && warns 'is not a folder'
elsewhere=$(mktemp -d)
runs 3 "$hlthunk" doctor --root "$elsewhere" 0000:99:00.0 && warns '0000:99:00.0'
rmdir "$elsewhere"
# another Habana card is an importer with the vendor's driver alone
runs 4 "$hlsim" run --device gaudi2 --device gaudi -- "$hlthunk" doctor --importer 0000:11:00.0 0
says '^  importer  *PROBLEM .* does not import' && says '^  import  *PROBLEM  *None of the 1 '
runs 4 "$hlsim" run --device gaudi --device gaudi --kernel 6.1 -- "$hlthunk" doctor --importer 0000:11:00.0 0
says '^  importer  *PROBLEM .* does not import'
runs 0 "$hlsim" run --device gaudi2 --device gaudi --kernel vendor -- "$hlthunk" doctor --importer 0000:11:00.0 0
says "^  importer  *unknown  *The vendor's driver imports"
runs 0 "$hlsim" run --device gaudi2 --device gaudi -- "$hlthunk" doctor --importer 0000:10:00.0 0
says '^  import  *unknown .*this device itself'
runs 0 "$hlsim" run --device gaudi2 --device gaudi -- "$hlthunk" doctor 0 && says '^  import  *unknown .*no other PCI device'
case $("$hlsim" run -- "$hlthunk" doctor --json) in
*'"verdict"'*'"checks"'*'"id"'*'"p2pdma"'*) ;;
*) bad "doctor --json" ;;
esac

# topology: what is near
runs 0 "$hlsim" run --device gaudi2 --device gaudi -- "$hlthunk" topology
says '^gaudi2 0 at 0000:10:00.0: NUMA node'
says '^  0000:11:00.0 *accelerator *- *0 bridges up, below one root, '
runs 0 "$hlsim" run --device gaudi2 --device gaudi -- "$hlthunk" topology 1
[ "$(grep -c '^gaudi' "$out")" = 1 ] || bad "not one device alone"

# monitor: a line for each look, and what happened in between
runs 0 "$hlsim" run -- "$hlthunk" monitor --count 1 && says 'operational  *0 of 97536 MiB .* nobody '
[ "$(wc -l <"$out")" = 2 ] || bad "not a heading and one line"
runs 0 "$hlsim" run -- "$hlthunk" monitor --json --count 3 --interval 0.05
[ "$(grep -c '^{"time":.*"status":"operational".*}$' "$out")" = 3 ] || bad "not three objects"
# the user stays until it has been seen, and the monitor until it has seen the reset
seen=$(mktemp)
# shellcheck disable=SC2016 # the inner shell's
runs 0 "$hlsim" run -- sh -c '
    until_seen() { n=0; until grep -q "$1" "$seen"; do n=$((n + 1)); [ $n -lt 600 ] || return 0; sleep 0.1; done; }
    hlsim=$1 hlthunk=$2 seen=$3
    "$hlthunk" monitor --interval 0.2 >"$seen" & m=$!
    until_seen nobody
    { until_seen "\(sh\|sleep\|grep\) *([0-9]"; } 3<>/dev/accel/accel0
    until_seen " closed\|nobody.*0 B$"
    "$hlsim" ctl reset 0
    until_seen "hard reset"
    kill $m; wait $m' sh "$hlsim" "$hlthunk" "$seen"
cp "$seen" "$out"
rm "$seen"
says ' \(sh\|sleep\|grep\) *([0-9]'
says '\* .*opened' && says '\* .*hard reset'
runs 0 "$hlsim" run --device gaudi2 --device goya -- sh -c "exec 9<>/dev/accel/accel0; '$hlthunk' monitor --prometheus"
says '^hlthunk_in_use{device="0",asic="gaudi2",pci_address="0000:10:00.0"} 1$'
says '^hlthunk_in_use{device="1",asic="goya",pci_address="0000:11:00.0"} 0$'
says '^hlthunk_status{.*,status="operational"} 1$'
silent
# each line is a comment or a sample of the metric that was announced, once
awk '/^# HELP / { if (seen[$3]++) exit 1; name = $3; next }
     /^# TYPE / { if ($3 != name || $4 !~ /^(gauge|counter)$/) exit 1; next }
     !match($0, /^[a-z_]+\{([a-z_]+="[^"]*",?)+\} [0-9.e+-]+$/) || index($0, name "{") != 1 { exit 1 }' "$out" ||
    bad "not Prometheus' text format"
# Prometheus' own judge (Debian: in the package prometheus)
if command -v promtool >/dev/null; then
    cp "$out" "$err"
    promtool check metrics <"$err" >"$out" 2>&1 || bad "promtool does not take the metrics"
    : >"$err"
else
    echo "note: no promtool: the metrics' names and types are not judged"
fi
runs 0 "$hlsim" run --device gaudi2 --device goya -- "$hlthunk" monitor --prometheus 1
[ "$(grep -c '^hlthunk_up' "$out")" = 1 ] || bad "not one device alone"
runs 2 "$hlthunk" monitor --interval 0 && warns '"0" is not a value of this option'
runs 2 "$hlthunk" monitor --count x && warns '"x" is not a value of this option'
runs 3 "$hlsim" run -- "$hlthunk" monitor 9

# on a terminal: one picture that fits, whatever the terminal's size
# terminal ROWS COLUMNS COMMAND…: a shell's command on a terminal of that size, in a simulation
terminal() {
    rows=$1 columns=$2
    shift 2
    runs 0 "$hlsim" run -- script -qec "stty rows $rows cols $columns; $*" /dev/null
}
# fits ROWS COLUMNS: each picture begins at the top, and no line of it goes over an edge
fits() {
    tr -d '\r' <"$out" | sed "s/$escape\[[JK]//g; s/$escape\[H/\n&/g" |
        awk -v rows="$1" -v columns="$2" -v home="$escape[H" '
            index($0, home) == 1 { line = 0; pictures++; $0 = substr($0, 1 + length(home)) }
            pictures && ++line > rows { print "row " line ": " $0; bad = 1 }
            length($0) > columns { print length($0) " columns: " $0; bad = 1 }
            END { exit bad || !pictures }' >>"$err" || bad "pictures that do not fit $1 x $2"
}
escape=$(printf '\033')
export TERM=xterm
if command -v script >/dev/null; then
    terminal 24 80 "'$hlthunk' monitor --count 2 --interval 0.1" && says '^mappings  *0' && says "^$escape\[K"
    fits 24 80
    terminal 10 40 "'$hlthunk' monitor --count 2 --interval 0.1" && says '^mappings  *0'
    fits 10 40
    if unshare -Urpf --mount-proc true 2>/dev/null; then
        # AddressSanitizer's leak checker fails in a PID namespace
        terminal 24 80 "ASAN_OPTIONS=\$ASAN_OPTIONS:detect_leaks=0 unshare -Urpf --mount-proc '$hlthunk' monitor --count 1"
        says '^not seen  *processes outside this container'
        fits 24 80
    fi
    terminal 4 20 "'$hlthunk' monitor --count 2 --interval 0.1" && says '^memory in use  0 of'
    fits 4 20
    terminal 0 0 "'$hlthunk' monitor --count 1" && says '^mappings  *0'
    # what happened is seen on a small one, too
    terminal 11 40 "'$hlthunk' monitor --count 30 --interval 0.1 & sleep 1; '$hlsim' ctl remove 0; wait \$!"
    says 'status: ' && says '^hard resets  *-[^0-9]'
    fits 11 40
    # another size is drawn at once; Ctrl-C ends the line and the command, not as a failure
    terminal 24 80 "'$hlthunk' monitor --interval 60 & sleep 1; stty rows 10 cols 40; sleep 1; kill -INT \$!; wait \$!"
    [ "$(grep -c "$escape\[H" "$out")" -ge 2 ] || bad "not drawn again for another size"
    [ -z "$(tail -c 1 "$out")" ] || bad "the last line has no end"
    terminal 24 80 "TERM=dumb '$hlthunk' monitor --count 1" && says '^TIME'
    ! grep -q "$escape" "$out" || bad "escape sequences on a dumb terminal"
else
    echo "note: no script(1): nothing was tried on a terminal"
fi

# numbers are not cut, and nothing but digits is one
for n in 4294967296 18446744073709551616 -1 +0 ' 0' 0x0 ''; do
    for command in info who doctor; do
        runs 2 "$hlsim" run -- "$hlthunk" $command "$n"
    done
    [ "$n" = 4294967296 ] || runs 2 "$hlsim" run -- "$hlthunk" monitor --count "$n"
done

# a container that was given the second card alone, under the first one's name
room=$(mktemp -d)
in_container="(cd $room/hlsim-*/dev/accel && rm accel0 accel_controlD0 && mv accel1 accel0 && mv accel_controlD1 accel_controlD0)"
TMPDIR=$room runs 0 "$hlsim" run --device gaudi2 --device gaudi -- sh -c "$in_container && '$hlthunk' list"
says 'gaudi2 .*0000:10:00.0 .*not passed to this container$'
says 'gaudi .*0000:11:00.0 .*/dev/accel/accel0$'
TMPDIR=$room runs 0 "$hlsim" run --device gaudi2 --device gaudi -- sh -c "$in_container && '$hlthunk' info gaudi && '$hlthunk' list --json"
says '^device  *gaudi 1 (0000:11:00.0)' && says '"node":.*null'
TMPDIR=$room runs 3 "$hlsim" run --device gaudi2 --device gaudi -- sh -c "$in_container && '$hlthunk' info gaudi2"
warns 'not passed to this container'
TMPDIR=$room runs 0 "$hlsim" run --device gaudi2 --device gaudi -- sh -c "$in_container && exec 3<>/dev/accel/accel0 && '$hlthunk' who"
says 'accel1  *node'
TMPDIR=$room runs 4 "$hlsim" run --device gaudi2 --device gaudi -- sh -c "$in_container && '$hlthunk' doctor gaudi2"
says 'node  *PROBLEM .*'
rm -r "$room"

# a process's name is its own choice, and no command to a terminal
odd=$(mktemp -d)
until_named="until [ \"\$(cat /proc/\$!/comm)\" != sh ]; do sleep 0.05; done"
cp "$(command -v sleep)" "$odd/e${escape}[31mx"
for command in 'monitor --count 1' who 'doctor --passive'; do
    runs 0 "$hlsim" run -- sh -c "'$odd/e${escape}[31mx' 60 3<>/dev/accel/accel0 & $until_named; '$hlthunk' $command; kill \$!"
    says 'e?\[31mx'
    ! grep -q "$escape" "$out" || bad "an escape sequence of another process"
done
# nor is it always UTF-8, which JSON has to be
cp "$(command -v sleep)" "$odd/$(printf 'e\377\303')"
for command in 'monitor --count 1 --json' 'who --json' 'doctor --passive --json'; do
    runs 0 "$hlsim" run -- sh -c "'$odd/$(printf 'e\377\303')' 60 3<>/dev/accel/accel0 & $until_named; '$hlthunk' $command; kill \$!"
    python3 -c 'import json, sys; sys.exit("e\ufffd\ufffd" not in str(json.loads(open(sys.argv[1], "rb").read().decode())))' \
        "$out" || bad "$command is not JSON in UTF-8, or lacks the name"
done
rm -r "$odd"

# what the kernel's list has as importers and names of dma-bufs is others' choice as well
list=/sys/kernel/debug/dma_buf/bufinfo
room=$(mktemp -d)
if [ -e $list ]; then
    echo "this machine's list of dma-bufs is in the way: names in it are not tried"
else
    printf '%s\n' 'size flags mode count exp_name ino name' >"$room/list"
    printf '00008192\t00000002\t00080007\t00000002\thabanalabs\t00000050\tn%s[31m\377\n' "$escape" >>"$room/list"
    printf '\tAttached Devices:\n\ti%s[31m\377\nTotal 1 devices attached\n' "$escape" >>"$room/list"
    with_list="for tree in $room/hlsim-*; do mkdir -p \$tree${list%/*} && cp $room/list \$tree$list; done"
    TMPDIR=$room runs 0 "$hlsim" run -- sh -c "$with_list; '$hlthunk' who"
    says 'imported by i?\[31m' && says 'named "n?\[31m'
    ! grep -q "$escape" "$out" || bad "an escape sequence of an importer"
    TMPDIR=$room runs 0 "$hlsim" run -- sh -c "$with_list; '$hlthunk' who --json"
    python3 -c 'import json, sys; t = str(json.loads(open(sys.argv[1], "rb").read().decode())); sys.exit("i\\x1b[31m\ufffd" not in t)' \
        "$out" || bad "importers are not JSON in UTF-8"
fi
rm -r "$room"

# hlsim itself: exit codes, signals, options
runs 7 "$hlsim" run -- sh -c 'exit 7'
runs 143 "$hlsim" run -- sh -c 'kill -TERM $$'
runs 127 "$hlsim" run -- /no/such/program
runs 125 "$hlsim" run --device what -- true && warns 'no such device'
runs 125 "$hlsim" run --kernel 5.4 -- true && warns 'no such kernel'
runs 125 "$hlsim" run && warns 'no PROGRAM'
runs 0 "$hlsim" run --device goya -- sh -c 'cat /sys/class/accel/accel0/device/device_type' && says GOYA
runs 0 "$hlsim" run --kernel 6.1 -- sh -c 'ls /sys/class/habanalabs; cat /sys/class/habanalabs/hl0/pci_addr'
says hl_controlD0 && says 0000:10:00.0
# ordinary programs look around
runs 0 "$hlsim" run -- ls -l /dev/accel && says '^crw.* 261, *0 .* accel0'
silent
runs 0 "$hlsim" run -- sh -c 'exec 3<>/dev/accel/accel0; readlink /proc/$$/fd/3' && says '^/dev/accel/accel0$'
runs 0 "$hlsim" run -- realpath /sys/class/accel/accel0 && says '^/sys/devices/.*/accel/accel0$'
runs 0 "$hlsim" run -- sh -c 'cd /sys/class/accel/accel0/device && cat device_type' && says GAUDI2
# a reset lasts as long as the device has a user
runs 0 "$hlsim" run -- sh -c "exec 3<>/dev/accel/accel0
                              \"$hlsim\" ctl reset 0 && cat /sys/class/accel/accel0/device/status"
says 'In reset'
# from a folder whose name the loader would take for two
odd="$(mktemp -d)/a folder: b"
mkdir "$odd" && cp "$hlsim" "$(dirname "$hlsim")/libhlsim.so" "$odd/"
runs 0 "$odd/hlsim" run -- sh -c 'cat /sys/class/accel/accel0/device/device_type' && says GAUDI2
silent
rm -r "$odd" && rmdir "$(dirname "$odd")"
# an administrator's reset, through sysfs: it comes and it goes
for kernel in 6.1:habanalabs/hl0 6.12:accel/accel0/device; do
    dir=/sys/class/${kernel#*:}
    runs 0 "$hlsim" run --kernel "${kernel%%:*}" -- sh -c "
        until_is() { n=0; until grep -q \"\$1\" $dir/\$2; do n=\$((n + 1)); [ \$n -lt 500 ] || exit 9; sleep 0.02; done; }
        echo x >$dir/hard_reset; echo 1 >$dir/hard_reset
        until_is '^1$' hard_reset_cnt && until_is Operational status
        echo 1 >$dir/hard_reset
        until_is '^2$' hard_reset_cnt && until_is Operational status
        exec 3>$dir/hard_reset
        for count in 3 4; do
            echo 0x1 >&3
            until_is ^\$count$ hard_reset_cnt && until_is Operational status
        done
        ! cat $dir/hard_reset 2>/dev/null"
done
runs 1 "$hlsim" ctl reset 0 && warns 'not within'
runs 0 "$hlsim" ctl --help && says '^usage: hlsim run' && silent
for option in --help --version 'run --help'; do
    runs 125 sh -c '"$0" $1 >/dev/full' "$hlsim" "$option" && warns '^hlsim: the output could not be written'
done
runs 1 "$hlsim" run -- sh -c '"$0" ctl add gaudi >/dev/full' "$hlsim"
warns '^hlsim: device added as /dev/accel/accel1, but the output could not be written'
left=$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'hlsim-??????' -newer "$0" 2>/dev/null | wc -l)
[ "$left" = 0 ] || echo "note: $left simulations of others run meanwhile"
exit $failed
