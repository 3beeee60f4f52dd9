#!/bin/sh
# The machine of the test of ship.sh: systemd as process 1 of namespaces of its
# own, over this machine's files, which it sees and does not change. It starts
# sshd and nothing else; what the test wants to be different lies in $1/change.
#
# machine.sh FOLDER CGROUP
set -eu
echo $$ >"$2/cgroup.procs"
exec unshare --mount --pid --fork --net --uts --ipc --cgroup --kill-child=KILL sh -c '
set -eu
base=$1
mount -t tmpfs -o size=1g machine "$base/disk"
mkdir "$base/disk/upper" "$base/disk/work" "$base/disk/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/disk/upper,workdir=$base/disk/work" "$base/disk/root"
cd "$base/disk/root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mount -t tmpfs -o mode=755 dev dev
for device in null zero full random urandom tty; do
	: >dev/$device
	mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=1777 shm dev/shm
find etc/systemd/system -mindepth 1 -maxdepth 1 -name "*.wants" -exec rm -r {} +
rm -rf opt var/lib/private etc/caddy/sites
mkdir opt
cp -a "$base/change/." .
echo machine >/proc/sys/kernel/hostname
ip link set lo up
mkdir before
exec env -i container=gorgon PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c "
	pivot_root . before
	umount -l /before
	exec /lib/systemd/systemd --system --unit=ship.target"
' sh "$1"
