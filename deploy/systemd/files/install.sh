#!/bin/sh
# Installs, upgrades and rolls back {{.App}} on a machine with systemd.
#
#   install.sh [PACKAGE]     installs or upgrades from the folder of a package
#   install.sh --rollback    goes back to the release that ran before
#
# A new release is tried beside the one that serves, and takes its place only
# when it is ready. Exit codes: 1 for a failure, where the release before goes
# on serving; 2 for wrong arguments; 3 where values of yours are needed first.
#
# KEEP is how many releases stay (3). For building images and for tests: DESTDIR
# is put before every path, and then no service is touched; SYSTEMCTL names the
# command that is.
set -eu

app='{{.App}}'
build='{{.Build}}'
keep=${KEEP:-3}
dest=${DESTDIR:-}
systemctl=${SYSTEMCTL:-}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$dest/opt/$app
units=$dest/etc/systemd/system

say() { printf '%s: %s\n' "$app" "$*"; }
fail() {
	printf '%s: %s\n' "$app" "$*" >&2
	exit 1
}
usage() {
	printf 'usage: install.sh [PACKAGE] | install.sh --rollback\n' >&2
	exit 2
}

# control runs systemctl, where there is one to run.
control() { [ -z "$systemctl" ] || "$systemctl" "$@"; }

# last prints what a unit has said since this began, which tells why it failed.
# What a program says as its last word has the name of its unit, and not always
# more that would tell one run from another.
begun=$(date +%s)
last() {
	[ -z "$dest" ] || return 0
	journalctl --sync 2>/dev/null || :
	printf '%s\n' "--- the last lines of $1:" >&2
	journalctl "_SYSTEMD_UNIT=$1" --since "@$begun" -n 15 --no-pager -o cat >&2 || :
	printf '%s\n' '---' >&2
}

# point makes a link lead to a release, in one step.
point() {
	ln -sfn "releases/$2" "$root/.$1.new"
	mv -fT "$root/.$1.new" "$root/$1"
}

# leads says which release a link leads to; nothing where there is no link.
leads() {
	[ ! -L "$root/$1" ] || basename "$(readlink "$root/$1")"
}

# restore makes a link lead to what it led to before, which may be nothing.
restore() {
	if [ -n "$2" ]; then
		point "$1" "$2"
	else
		rm -f "$root/$1"
	fi
}

# place puts a file where systemd reads it, whole or not at all.
place() {
	cp "$1" "$2/.new"
	chmod 644 "$2/.new"
	mv -fT "$2/.new" "$2/$(basename "$1")"
}

# use makes a release the current one: its units, and the link.
use() {
	from=$root/units/$1
	if [ -d "$from" ]; then
		if [ -e "$units/$app.socket" ] && ! cmp -s "$from/$app.socket" "$units/$app.socket"; then
			# It listens elsewhere, which it can only begin while nothing uses it.
			control stop "$app.service" "$app.socket"
		fi
		for unit in "$from"/*; do
			place "$unit" "$units"
		done
	fi
	point current "$1"
	touch "$root/releases/$1"
	control daemon-reload
}

# serves restarts the program, and waits until it is ready.
serves() {
	if ! control enable --now "$app.socket"; then
		say 'its socket cannot be opened: does another program listen at {{.Listen}}?' >&2
		return 1
	fi
	if ! control restart "$app.service"; then
		last "$app.service"
		return 1
	fi
	if ! control start "$app-ready.service"; then
		last "$app-ready.service"
		last "$app.service"
		return 1
	fi
}

[ $# -le 1 ] || usage
case ${1:-} in
--rollback) ;;
-*) usage ;;
esac
case $keep in
'' | *[!0-9]* | 0) fail 'KEEP is how many releases stay: a number from 1' ;;
esac

if [ -z "$dest" ]; then
	[ "$(id -u)" -eq 0 ] || fail 'this needs root: use sudo'
	if [ -z "$systemctl" ]; then
		command -v systemctl >/dev/null || fail 'there is no systemctl here: use another target, such as oci'
		[ -d /run/systemd/system ] || fail 'systemd does not run here: use another target, such as oci'
		systemctl=systemctl
	fi
fi

# One at a time: the lock goes when this ends, however it ends.
mkdir -p "$root/releases" "$root/units"
chmod 755 "$root" "$root/releases"
exec 9>"$root/.lock"
flock -n 9 || fail 'another install.sh works here: wait for it'

current=$(leads current)
previous=$(leads previous)

if [ "${1:-}" = --rollback ]; then
	[ -n "$previous" ] || fail 'there is no release to go back to'
	[ -d "$root/releases/$previous" ] || fail "release $previous is gone: install its package again"
	use "$previous"
	restore previous "$current"
	serves || fail "release $previous is not ready. It stays, so that you can look: install.sh --rollback leads to $current again"
	say "back to release $previous"
	exit 0
fi

# The package: the folder that was named, or one that this lies in.
package=${1:-}
if [ -z "$package" ]; then
	for package in "$here/.." "$here/../.." "$here"; do
		[ ! -f "$package/SHA256SUMS" ] || break
	done
fi
[ -f "$package/SHA256SUMS" ] || fail "there is no SHA256SUMS in $package: name the folder of the package"
package=$(CDPATH='' cd -- "$package" && pwd)
(cd "$package" && sha256sum --check --quiet --strict SHA256SUMS) ||
	fail "$package is not as it was packed: copy it again"

# A unit of this name from another source is left alone.
for unit in "$app.service" "$app.socket" "$app-next.service" "$app-ready.service" "$app-maintain.service" "$app-maintain.timer"; do
	for folder in "$dest/usr/lib/systemd/system" "$dest/lib/systemd/system"; do
		[ ! -e "$folder/$unit" ] || fail "$folder/$unit belongs to something else: give the app another name"
	done
	if [ -e "$units/$unit" ] && ! grep -q -e "^Exec.*/opt/$app/" -e "^Description=Socket of $app\$" -e "^Description=Timer of the maintenance of $app\$" "$units/$unit"; then
		fail "$units/$unit belongs to something else: give the app another name, or remove it"
	fi
done

# The folders of targets stay where they are: an image is not part of a release.
sums=$(mktemp)
new=$root/releases/.new
trap 'rm -rf "$sums" "$sums.new" "$new" "$root/next"' EXIT
cp "$package/SHA256SUMS" "$sums"
sed -n 's,^[0-9a-f]\{64\} [ *]\([^/ ]*\)/deployed\.json$,\1,p' "$package/SHA256SUMS" | while IFS= read -r folder; do
	grep -v "^[0-9a-f]\{64\} [ *]$folder/" "$sums" >"$sums.new" || :
	mv "$sums.new" "$sums"
done

# The release: named by build and content, whole or not there.
release=$build-$(sha256sum <"$sums" | cut -c 1-8)
if ! (cd "$root/releases/$release" 2>/dev/null && sha256sum --check --quiet --strict SHA256SUMS >/dev/null 2>&1); then
	rm -rf "$new" "$root/releases/$release"
	mkdir "$new"
	sed 's/^\\*[0-9a-f]\{64\} [ *]//' "$sums" | while IFS= read -r name; do
		case /$name/ in
		*/../* | //*) fail "SHA256SUMS names $name, which lies outside the package" ;;
		esac
		mkdir -p "$(dirname "$new/$name")"
		cp "$package/$name" "$new/$name"
	done
	cp "$sums" "$new/SHA256SUMS"
	# Whatever the umask and the modes on the way here were.
	find "$new" -type d -exec chmod 755 {} +
	find "$new" -type f -exec chmod 644 {} +
	chmod 755 "$new/{{.Program}}"
	(cd "$new" && sha256sum --check --quiet --strict SHA256SUMS) || fail 'the copy is damaged: is the disk full?'
	mv -T "$new" "$root/releases/$release"
fi

# Its units stay with it, so that going back brings the old ones back, too.
rm -rf "${root:?}/units/$release"
mkdir "$root/units/$release"
for unit in "$app.service" "$app.socket" "$app-ready.service" "$app-maintain.service" "$app-maintain.timer"; do
	place "$here/$unit" "$root/units/$release"
done
cp "$here/run" "$root/.run.new"
chmod 755 "$root/.run.new"
mv -fT "$root/.run.new" "$root/run"
mkdir -p "$units" "$dest/etc/$app"
place "$here/$app-next.service" "$units"
{{- if .Migrate}}
place "$here/$app-migrate@.service" "$units"
{{- end}}
rm -f "$units/$app-migrate.service" # of a Gorgon before this

env=$dest/etc/$app/env
if [ ! -e "$env" ]; then
	(umask 077 && {{if .Generated}}while IFS= read -r line; do
		# printf is part of the shell: no other program gets to see a secret.
		case $line in
{{- range .Generated}}
		'#{{.Name}}=""') printf '%s="%s"\n' '{{.Name}}' "$(head -c 32 /dev/urandom | base64 | tr -d '=\n' | tr '+/' '-_')" ;;
{{- end}}
		*) printf '%s\n' "$line" ;;
		esac
	done <"$here/env.example" >"$env.new"{{else}}cp "$here/env.example" "$env.new"{{end}})
	chmod 600 "$env.new"
	mv -fT "$env.new" "$env"
{{- if .Asked}}
	if [ -n "$systemctl" ]; then
		say "$env is there now, and asks for values of yours:{{range .Asked}} {{.Name}}{{end}}" >&2
		say 'set those that it needs (sudoedit), and run this again: nothing was started' >&2
		exit 3
	fi
{{- end}}
fi

# The new release is tried while the one before serves: no visitor meets one
# that cannot start, or that is not ready.
stays='the release before stays'
[ -n "$current" ] || stays='nothing serves yet'
point next "$release"
control daemon-reload
{{- if .Migrate}}
if ! control start "$app-migrate@next.service"; then
	last "$app-migrate@next.service"
	fail "the store could not be laid out, and $stays"
fi
{{- end}}
if ! control start "$app-next.service"; then
	last "$app-next.service"
	fail "release $release does not start or is not ready, and $stays"
fi
control stop "$app-next.service"

# The hand-over: the socket stays open, and connections wait in it.
use "$release"
[ -z "$current" ] || [ "$current" = "$release" ] || point previous "$current"
control enable "$app.service"
{{- if .Scheduled}}
control enable --now "$app-maintain.timer"
{{- end}}
if ! serves; then
	if [ -z "$current" ] || [ "$current" = "$release" ]; then
		fail "release $release is not ready, and there is none to go back to: it goes on trying"
	fi
	use "$current"
	restore previous "$previous"
	serves || fail "release $release is not ready, and neither is $current, which is back"
	fail "release $release is not ready: back to release $current"
fi

# The last releases stay, and those that links lead to.
# shellcheck disable=SC2012 # names are ours: letters, digits, - and _
ls -1t "$root/releases" | tail -n "+$((keep + 1))" | while IFS= read -r old; do
	[ "$old" = "$(leads current)" ] || [ "$old" = "$(leads previous)" ] || rm -rf "${root:?}/releases/$old" "${root:?}/units/$old"
done
{{- if .Domain}}

# Caddy, where it is installed: a file of the site's own, and one line that
# reads it. What the operator has written there is left alone.
main=$dest/etc/caddy/Caddyfile
site=$dest/etc/caddy/sites/$app.caddy
line='import sites/*.caddy'
# sample is a Caddyfile without comments and blank lines.
sample() { sed -e 's/[[:space:]]*#.*$//' -e '/^[[:space:]]*$/d' "$1" | tr -d ' \t'; }
if [ ! -d "$dest/etc/caddy" ]; then
	say 'Caddy is not installed here, so nothing answers for {{.Domain}}: apt install caddy, and run this again'
elif [ ! -e "$site" ]; then
	mkdir -p "$dest/etc/caddy/sites"
	place "$here/Caddyfile" "$dest/etc/caddy/sites"
	mv -fT "$dest/etc/caddy/sites/Caddyfile" "$site"
	if [ ! -e "$main" ] || [ "$(sample "$main")" = "$(printf ':80{\nroot*/usr/share/caddy\nfile_server\n}')" ]; then
		[ ! -e "$main" ] || cp "$main" "$main.before-$app"
		printf '%s\n' "$line" >"$main"
	fi
	if grep -qxF "$line" "$main"; then
		control reload-or-restart caddy.service || say "Caddy does not take $site: see 'journalctl -u caddy'"
	else
		say "$main is yours: add the line '$line' to it, and reload Caddy"
	fi
elif ! cmp -s "$here/Caddyfile" "$site"; then
	say "$site is not the Caddyfile of this package: compare them, since it is left as it is"
fi
{{- end}}
if [ -n "$systemctl" ]; then
	say "release $release serves"
else
	say "release $release is installed; no service was touched"
fi
