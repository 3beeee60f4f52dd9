#!/usr/bin/env bash
# Ships {{.App}} to a machine with systemd over ssh, the first time and each time
# after it.
#
#   ship.sh user@host              uploads what changed, migrates, hands over
#   ship.sh user@host --back       goes back to the release that ran before
#   ship.sh user@host --status     says what runs there, and whether it is ready
#   ship.sh user@host --logs [-f]  prints the last lines of the log
#   ship.sh user@host --run ...    runs a command of the program there: why /
#   ship.sh user@host --check      checks the machine, and changes nothing
#
# The user is root or has sudo without a password. Ports, keys and jump hosts
# belong into ~/.ssh/config; or into SSH_OPTIONS, as in SSH_OPTIONS='-p 2222'.
# Host keys are checked as ssh checks them. KEEP is how many releases stay
# there (3).
#
# Whatever goes wrong, the release before goes on serving, and the same command
# continues: an upload where it ended, a roll-out by itself, since the machine
# goes through with it even where the connection is lost.
#
# Exit codes: 1 for a failure, 2 for wrong arguments, 3 where values of yours are
# needed there first.
set -euo pipefail

app='{{.App}}'
build='{{.Build}}'
arch='{{.Arch}}'
keep=${KEEP:-3}
oldest=247 # the systemd that the units need
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
package=$(CDPATH='' cd -- "$here/.." && pwd)

say() { printf '%s: %s\n' "$app" "$*"; }
fail() {
	printf '%s: %s\n' "$app" "$*" >&2
	exit 1
}
usage() {
	sed -n '5,10s/^# *//p' "$0" >&2
	exit 2
}

[ $# -ge 1 ] || usage
host=$1 what=${2:---ship}
case $host in
-* | '' | *[[:space:]]*) usage ;;
esac
case $what in
--logs) [ $# -le 2 ] || { [ $# -eq 3 ] && [ "$3" = -f ]; } || usage ;;
--run) [ $# -ge 3 ] || usage ;;
--ship | --back | --status | --check) [ $# -le 2 ] || usage ;;
*) usage ;;
esac
case $keep in
'' | *[!0-9]* | 0) fail 'KEEP is how many releases stay: a number from 1' ;;
esac

digest() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }
size() { wc -c <"$1" | tr -d ' '; }
megabytes() { printf '%d.%d MB' $(($1 / 1000000)) $(($1 / 100000 % 10)); }

# One connection carries everything. Options of yours come first, and win.
tmp=$(mktemp -d "${TMPDIR:-/tmp}/ship.XXXXXX")
read -r -a options <<<"${SSH_OPTIONS:-}" || :
options+=(-o ServerAliveInterval=10 -o ServerAliveCountMax=3 -o ConnectTimeout=15 -o RequestTTY=no -o RemoteCommand=none -o "ControlPath=\"$tmp/s\"")
# shellcheck disable=SC2029 # what is put in here is meant to be
remote() { ssh ${options[@]+"${options[@]}"} "$host" "$@"; }
connection='' lock='' holder=''
# Called by the trap.
# shellcheck disable=SC2317
end() {
	if [ -n "$lock" ]; then
		kill "$lock" 2>/dev/null || :
		for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do # until the lock is free for the next ship
			kill -0 "$holder" 2>/dev/null || break
			sleep 0.2
		done
	fi
	[ -z "$connection" ] || kill "$connection" 2>/dev/null || :
	rm -rf "$tmp"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
ssh ${options[@]+"${options[@]}"} -M -N "$host" </dev/null &
connection=$!
until ssh ${options[@]+"${options[@]}"} -O check "$host" 2>/dev/null; do
	kill -0 "$connection" 2>/dev/null || fail "there is no connection to $host: ssh says why above. Its port, key and user belong into ~/.ssh/config or SSH_OPTIONS"
	sleep 0.1
done

# ask runs a script there, as the user; do_there, as root. Arguments have no
# character that a shell reads.
sudo=''
ask() { remote "sh -s -- $*"; }
do_there() { remote "$sudo sh -s -- $*"; }

# What the machine is. Lines are marked: a profile there may print some, too.
facts=$(
	ask "$app" <<'HOST'
fact() { printf 'fact %s %s\n' "$1" "$2"; }
fact os "$(uname -s)"
fact arch "$(uname -m)"
fact systemd "$(systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')"
[ -d /run/systemd/system ] && fact runs yes
fact now "$(date +%s)"
for program in base64 flock gzip journalctl sha256sum systemd-run tar timeout; do
	command -v "$program" >/dev/null 2>&1 || fact lacks "$program"
done
if [ "$(id -u)" = 0 ]; then
	fact root already
elif ! command -v sudo >/dev/null 2>&1; then
	fact root no
elif sudo -n true 2>/dev/null; then
	fact root sudo
else
	fact root password
fi
for place in "/opt/$1" /opt /; do
	[ ! -d "$place" ] || break
done
fact free "$(df -Pk "$place" | tail -n 1 | sed 's,.* \([0-9][0-9]*\)  *[0-9]*% .*,\1,')"
HOST
) || fail "$host cannot be asked what it is"
fact() { sed -n "s/^fact $1 //p" <<<"$facts"; }

case $(fact arch) in
x86_64 | amd64) machine=amd64 ;;
aarch64 | arm64) machine=arm64 ;;
armv[67]l) machine=arm ;;
i[3-6]86) machine=386 ;;
*) machine=$(fact arch) ;;
esac
[ "$(fact os)" = Linux ] || fail "$host runs $(fact os), and the package is for Linux"
[ "$machine" = "$arch" ] || fail "$host is $machine, and the package is for $arch: make one with gorgon deploy --to systemd --arch $machine"
[ "$(fact runs)" = yes ] || fail "$host does not run systemd: use another target, such as oci"
version=$(fact systemd)
[ "${version:-0}" -ge $oldest ] || fail "$host has systemd ${version:-of no version}, and the units need $oldest: upgrade its system"
[ -z "$(fact lacks)" ] || fail "$host lacks $(fact lacks | tr '\n' ' '): install them"
case $(fact root) in
already) ;;
sudo) sudo='sudo -n' ;;
password) fail "sudo on $host asks for a password. Log in as root, or allow the user there, as root: echo \"\$USER ALL=(ALL) NOPASSWD: ALL\" >/etc/sudoers.d/\$USER" ;;
*) fail "$host has no sudo, and its user is not root: log in as root, or install sudo" ;;
esac
free=$(fact free)
case $free in
'' | *[!0-9]*) fail "$host does not say how much of its disk is free" ;;
esac
skew=$(($(fact now) - $(date +%s)))
skew=${skew#-}
[ "$skew" -le 300 ] || fail "the clock of $host is $skew s away from this one's, so certificates and schedules go wrong: sudo timedatectl set-ntp true"
[ "$skew" -le 30 ] || say "the clock of $host is $skew s away from this one's: sudo timedatectl set-ntp true" >&2

case $what in
--check)
	say "$host is ready: systemd $version, $machine, $((free / 1024)) MB free"
	exit 0
	;;
--logs)
	remote "$sudo journalctl -u $app.service -u $app-next.service -u '$app-migrate@*.service' -u $app-maintain.service -n 100 --no-pager ${3:-}"
	exit 0
	;;
--run)
	status=0
	remote "$sudo /opt/$app/run$(printf ' %q' "${@:3}")" || status=$?
	exit $status
	;;
--status)
	do_there "$app" {{.Program}} <<'HOST'
app=$1 root=/opt/$1
current=$(readlink "$root/current") || { echo "$app: nothing is installed"; exit 1; }
echo "release   ${current#releases/}, of $(ls "$root/releases" | wc -l) here"
echo "state     $(systemctl show --property=ActiveState --value "$app.service"), since $(systemctl show --property=ActiveEnterTimestamp --value "$app.service"), socket $(systemctl show --property=ActiveState --value "$app.socket")"
timeout 4 systemctl start "$app-ready.service"
ready=$?
[ $ready = 0 ] || systemctl stop "$app-ready.service"
journalctl --sync 2>/dev/null
echo "ready     $(journalctl "_SYSTEMD_UNIT=$app-ready.service" -n 1 --no-pager -o cat)"
echo "disk      $(df -Ph "$root" | tail -n 1 | sed 's/.* \([^ ][^ ]*\)  *[0-9]*% .*/\1/') free"
exit $ready
HOST
	exit 0
	;;
esac

# One ship at a time. The lock is held by a connection that says every few
# seconds that it lives, so a machine that is gone does not hold it for long.
mkfifo "$tmp/beats" "$tmp/locked"
remote "$sudo sh -c 'exec 9>>/run/$app-ship.lock; flock -w 3 9 || { echo busy \$(cat /run/$app-ship.lock); exit; }; echo \"\$1\" >/run/$app-ship.lock; echo held; while x=\$(timeout 45 head -c 1) && [ -n \"\$x\" ]; do :; done' sh '$(id -un | tr -cd '[:alnum:]._-')@$(hostname | tr -cd '[:alnum:]._-'), since $(date -u +%H:%M:%S) UTC'" <"$tmp/beats" >"$tmp/locked" &
holder=$!
{
	exec >"$tmp/beats"
	while printf .; do sleep 10 >/dev/null; done
} 2>/dev/null &
lock=$!
while read -r held; do # a profile there may print lines of its own
	case $held in held | busy*) break ;; esac
done <"$tmp/locked"
case ${held:-} in
held) ;;
busy*) fail "another ship to $host is going on (${held#busy }): wait for it" ;;
*) fail "$host does not give the lock /run/$app-ship.lock" ;;
esac

# What a lost connection left going there ends first.
do_there "$app" <<'HOST' || fail "$host cannot be asked what it does"
if systemctl is-active --quiet "$1-ship.service"; then
	echo "$1: a roll-out from before still goes on there: waiting for it"
	while systemctl is-active --quiet "$1-ship.service"; do sleep 0.2; done
	cat "/opt/$1/ship.log"
fi
HOST

# roll_out runs install.sh there as a unit of its own, which goes on where this
# connection ends, and prints what it says.
roll_out() {
	local code=0
	do_there "$app" "$keep" "$@" <<'HOST' || code=$?
set -eu
app=$1 keep=$2 root=/opt/$1 unit=$1-ship.service
shift 2
systemctl reset-failed "$unit" 2>/dev/null || :
log=$root/ship.log
rm -f "$root/ship.code"
: >"$log"
systemd-run --quiet --collect --unit="$unit" --setenv=KEEP="$keep" \
	--property=StandardOutput="append:$log" --property=StandardError="append:$log" \
	sh -c 'root=$1; shift; sh "$root/incoming/package/systemd/install.sh" "$@"; code=$?
		rm -rf "$root/incoming/package"; echo $code >"$root/.code"; mv "$root/.code" "$root/ship.code"' sh "$root" "$@"
shown=0
while :; do
	running=yes
	systemctl is-active --quiet "$unit" || running=
	now=$(wc -c <"$log")
	if [ "$now" -gt "$shown" ]; then
		tail -c "+$((shown + 1))" "$log" | head -c "$((now - shown))"
		shown=$now
	fi
	[ -n "$running" ] || break
	sleep 0.1
done
exit "$(cat "$root/ship.code" || echo 1)"
HOST
	[ $code -lt 128 ] || fail "the connection to $host was lost. The machine finishes what it does by itself: see ship.sh $host --status, or run this again"
	return $code
}

if [ "$what" = --back ]; then
	remote "$sudo sh -c 'mkdir -p /opt/$app/incoming/package/systemd && cat >/opt/$app/incoming/package/systemd/install.sh'" <"$here/install.sh"
	code=0
	roll_out --rollback || code=$?
	exit $code
fi

started=$SECONDS
[ "$(basename "$here")" = systemd ] || fail "$here is not the folder systemd of a package, where this script belongs"
[ -f "$package/SHA256SUMS" ] || fail "there is no SHA256SUMS in $package: this script belongs into a package"
grep -q "\"build\": \"$build\"" "$package/manifest.json" || fail "$package is of another build than this script: run gorgon deploy --to systemd again"
(cd "$package" && digest -c SHA256SUMS >"$tmp/checked" 2>&1) || fail "$package is not as it was packed: run gorgon deploy --to systemd again
$(grep -v ': OK$' "$tmp/checked" | head -n 3)"

# The files of the release, and this target's own; other targets' stay here.
cp "$package/SHA256SUMS" "$tmp/sums"
sed -n 's,^[0-9a-f]\{64\} [ *]\([^/ ]*\)/deployed\.json$,\1,p' "$package/SHA256SUMS" | while IFS= read -r folder; do
	[ "$folder" != "$(basename "$here")" ] || continue
	grep -v "^[0-9a-f]\{64\} [ *]$folder/" "$tmp/sums" >"$tmp/sums.new" || :
	mv "$tmp/sums.new" "$tmp/sums"
done

# What is there already, in releases, is not sent.
do_there "$app" >"$tmp/there" <<'HOST' || fail "$host cannot be asked what it has"
set -eu
mkdir -p "/opt/$1/releases" "/opt/$1/incoming"
chmod 755 "/opt/$1" && chmod 700 "/opt/$1/incoming"
cd "/opt/$1/releases"
find . -type f ! -path './.new/*' -exec sha256sum {} + | sed -n 's/^\([0-9a-f]\{64\}\).*/there \1/p' | sort -u
HOST
bytes=0 sent=0
: >"$tmp/list"
while IFS= read -r line; do
	hash=${line%% *} name=${line#* } name=${name#[ *]}
	length=$(size "$package/$name")
	bytes=$((bytes + length))
	if ! grep -q "^there $hash\$" "$tmp/there"; then
		sent=$((sent + length))
		printf './%s\n' "$name" >>"$tmp/list"
	fi
done <"$tmp/sums"
for file in "$here"/*; do # those that SHA256SUMS does not have, such as this one
	printf './%s/%s\n' "$(basename "$here")" "$(basename "$file")"
done >>"$tmp/list"
sort -u "$tmp/list" -o "$tmp/list"
# The same files give the same archive, which a second run continues.
(cd "$package" && COPYFILE_DISABLE=1 tar -c -f - -T "$tmp/list") | gzip -n >"$tmp/archive"
cp "$tmp/sums" "$tmp/wanted"
length=$(size "$tmp/archive")
key=$(digest <"$tmp/archive" | cut -c 1-64)

# Room for the archive, what comes out of it, and the release that is made of it.
need=$(((length + 2 * bytes) / 1024 + 16384))
[ "$free" -ge "$need" ] || fail "$host has $((free / 1024)) MB free below /opt, and this needs $((need / 1024)) MB: remove what is not needed, or use a larger disk"

offset=$(
	do_there "$app" "$key" <<'HOST'
cd "/opt/$1/incoming" || exit 1
for old in * .[!.]*; do
	[ "$old" = "$2" ] || [ ! -e "$old" ] || rm -rf "$old"
done
[ -f "$2" ] || : >"$2"
echo "have $(wc -c <"$2" | tr -d ' ')"
HOST
) || fail "$host does not take files"
offset=$(sed -n 's/^have //p' <<<"$offset")
[ "${offset:-0}" -le "$length" ] || offset=0
if [ "${offset:-0}" -gt 0 ]; then
	say "sending $(megabytes $((length - offset))): $(megabytes "$offset") of $(megabytes "$length") arrived before"
else
	say "sending $(megabytes "$length"), compressed from $(megabytes "$sent"); $(megabytes $((bytes - sent))) are there"
fi
# A full disk leaves nothing behind; a connection that is cut leaves what has
# arrived.
tail -c "+$((offset + 1))" "$tmp/archive" |
	remote "$sudo sh -c 'cd /opt/$app/incoming && { cat >>$key || { rm -f $key; exit 28; }; }'" || {
	code=$?
	[ $code -ne 28 ] || fail "$host could not keep the upload: is its disk full?"
	fail "the upload to $host was cut off. Nothing changed there; run this again, and it continues"
}

do_there "$app" "$key" <<'HOST' || fail "the package could not be unpacked on $host: nothing changed there; run this again"
set -eu
cd "/opt/$1/incoming"
if [ "$(sha256sum <"$2" | cut -c 1-64)" != "$2" ]; then
	rm -f "$2"
	echo "$1: the upload arrived damaged" >&2
	exit 1
fi
umask 022
rm -rf package
trap 'code=$?; [ $code = 0 ] || rm -rf package "$2"; exit $code' EXIT
mkdir package
gzip -dc "$2" | tar -x -f - --no-same-owner -C package
rm -f "$2"
HOST
say "sent in $((SECONDS - started)) s"
complete() {
	do_there "$app" <<HOST
set -eu
cd "/opt/\$1/incoming/package"
trap 'code=\$?; [ \$code = 0 ] || rm -rf "/opt/\$1/incoming/package"; exit \$code' EXIT
find ../../releases -type f ! -path '*/.new/*' -exec sha256sum {} + >../sums
while IFS= read -r line; do
	hash=\${line%% *} name=\${line#* } name=\${name#[ *]}
	[ ! -e "\$name" ] || continue
	from=\$(sed -n "s/^\$hash [ *]//p" ../sums | head -n 1)
	mkdir -p "\$(dirname "\$name")"
	cp "\$from" "\$name"
done <<'SUMS'
$(cat "$tmp/wanted")
SUMS
rm -f ../sums
HOST
}
complete || fail "the package could not be completed on $host: run this again"
roll_out_code=0
# The sums that were checked here are those of the release.
remote "$sudo sh -c 'cat >/opt/$app/incoming/package/SHA256SUMS'" <"$tmp/wanted" || fail "$host does not take files"
roll_out "/opt/$app/incoming/package" || roll_out_code=$?
case $roll_out_code in
0) say "shipped to $host in $((SECONDS - started)) s" ;;
3) say "set them with: ssh -t $host ${sudo:+sudo }\"\${EDITOR:-nano}\" /etc/$app/env" >&2 ;;
*) say 'the roll-out failed, as said above' >&2 ;;
esac
exit $roll_out_code
