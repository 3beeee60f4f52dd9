#!/bin/sh
# Installs, upgrades and rolls back blog on a machine with systemd.
#
#   install.sh [PACKAGE]     installs or upgrades from the folder of a package
#   install.sh --rollback    goes back to the release that ran before
#
# For building images and for tests: DESTDIR is put before every path, and
# then no service is touched; SYSTEMCTL names the command that is.
set -eu

app='blog'
build='b1-LD_9x'
keep=3
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

# point makes a link lead to a release, in one step.
point() {
	ln -sfn "releases/$2" "$root/.$1.new"
	mv -fT "$root/.$1.new" "$root/$1"
}

# leads says which release a link leads to; nothing where there is no link.
leads() {
	[ ! -L "$root/$1" ] || basename "$(readlink "$root/$1")"
}

# switch makes a release the current one.
switch() {
	old=$(leads current)
	point current "$1"
	touch "$root/releases/$1"
	if [ -n "$old" ] && [ "$old" != "$1" ]; then
		point previous "$old"
	fi
}

# restore makes a link lead to what it led to before, which may be nothing.
restore() {
	if [ -n "$2" ]; then
		point "$1" "$2"
	else
		rm -f "$root/$1"
	fi
}

restart() {
	control restart "$app.service" ||
		fail "it did not start: see 'journalctl -u $app'; to go back, use install.sh --rollback"
}

[ $# -le 1 ] || usage
case ${1:-} in
--rollback) ;;
-*) usage ;;
esac

if [ -z "$dest" ]; then
	[ "$(id -u)" -eq 0 ] || fail 'this needs root: use sudo'
	if [ -z "$systemctl" ]; then
		command -v systemctl >/dev/null || fail 'there is no systemctl here: use another target, such as oci'
		[ -d /run/systemd/system ] || fail 'systemd does not run here: use another target, such as oci'
		systemctl=systemctl
	fi
fi

if [ "${1:-}" = --rollback ]; then
	to=$(leads previous)
	[ -n "$to" ] || fail 'there is no release to go back to'
	[ -d "$root/releases/$to" ] || fail "release $to is gone: install its package again"
	switch "$to"
	restart
	say "back to release $to"
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
for unit in "$app.service" "$app.socket"; do
	for folder in "$dest/usr/lib/systemd/system" "$dest/lib/systemd/system"; do
		[ ! -e "$folder/$unit" ] || fail "$folder/$unit belongs to something else: give the app another name"
	done
	if [ -e "$units/$unit" ] && ! grep -q -e "^ExecStart=/opt/$app/" -e "^Description=Socket of $app\$" "$units/$unit"; then
		fail "$units/$unit belongs to something else: give the app another name, or remove it"
	fi
done

# The folders of targets stay where they are: an image is not part of a release.
sums=$(mktemp)
trap 'rm -f "$sums"' EXIT
cp "$package/SHA256SUMS" "$sums"
sed -n 's,^[0-9a-f]\{64\} [ *]\([^/ ]*\)/deployed\.json$,\1,p' "$package/SHA256SUMS" | while IFS= read -r folder; do
	grep -v "^[0-9a-f]\{64\} [ *]$folder/" "$sums" >"$sums.new" || :
	mv "$sums.new" "$sums"
done

# The release: named by build and content, whole or not there.
release=$build-$(sha256sum <"$sums" | cut -c 1-8)
mkdir -p "$root/releases"
chmod 755 "$root" "$root/releases"
if ! (cd "$root/releases/$release" 2>/dev/null && sha256sum --check --quiet --strict SHA256SUMS >/dev/null 2>&1); then
	new=$root/releases/.new
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
	chmod 755 "$new/blog"
	(cd "$new" && sha256sum --check --quiet --strict SHA256SUMS) || fail 'the copy is damaged: is the disk full?'
	mv -T "$new" "$root/releases/$release"
fi

mkdir -p "$units" "$dest/etc/$app"
if [ -e "$units/$app.socket" ] && ! cmp -s "$here/$app.socket" "$units/$app.socket"; then
	# It listens elsewhere now, which it can only begin while nothing uses it.
	control stop "$app.service" "$app.socket"
fi
for unit in "$app.service" "$app.socket" "$app-maintain.service" "$app-maintain.timer"; do
	cp "$here/$unit" "$units/.$unit.new"
	chmod 644 "$units/.$unit.new"
	mv -fT "$units/.$unit.new" "$units/$unit"
done
rm -f "$units/$app-migrate.service"
if [ ! -e "$dest/etc/$app/env" ]; then
	(umask 077 && cp "$here/env.example" "$dest/etc/$app/env")
	chmod 600 "$dest/etc/$app/env"
fi

switch "$release"
control daemon-reload
control enable --now "$app.socket"
control enable "$app.service"
restart

# The last releases stay, and those that links lead to.
# shellcheck disable=SC2012 # names are ours: letters, digits, - and _
ls -1t "$root/releases" | tail -n "+$((keep + 1))" | while IFS= read -r old; do
	[ "$old" = "$(leads current)" ] || [ "$old" = "$(leads previous)" ] || rm -rf "${root:?}/releases/$old"
done
if [ -n "$systemctl" ]; then
	say "release $release runs"
else
	say "release $release is installed; no service was touched"
fi
