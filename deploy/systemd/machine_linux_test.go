// A machine with a real systemd, a real sshd and sudo, in namespaces of its own.

package systemd_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
)

// A vps is the machine that is shipped to. Its users are root; deploy, who has
// sudo without a password, as a terminal-less sudo of a newer Debian has it; and
// visitor, whose sudo asks for a password.
type vps struct {
	t    *testing.T
	dir  string // of the client: keys and configuration of ssh
	pid  int    // of its systemd, as this machine counts
	addr string
	dial dialer
}

// shipTarget is what starts with the machine.
const shipTarget = "[Unit]\nRequires=basic.target\nAfter=basic.target\nWants=ssh.service\n"

func newVPS(t *testing.T) *vps {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: ship.sh is tested against a machine in namespaces, which only root can make")
	}
	for _, name := range []string{"unshare", "nsenter", "ip", "sshd", "ssh", "ssh-keygen", "sudo", "caddy", "bash"} {
		testbed.Program(t, name)
	}
	if _, err := os.Stat("/lib/systemd/systemd"); err != nil {
		t.Skip("SKIPPED: systemd is not installed here: run scripts/servers")
	}
	v := &vps{t: t, dir: t.TempDir()}
	v.keys()
	v.boot()
	return v
}

// keys writes what the client and the machine know of each other.
func (v *vps) keys() {
	change := filepath.Join(v.dir, "change")
	for _, name := range []string{"host", "client"} {
		v.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(v.dir, name))
	}
	public, host := v.read("client.pub"), v.read("host.pub")
	accounts := func(name string, add ...string) string {
		data, err := os.ReadFile(name)
		if err != nil {
			v.t.Fatal(err)
		}
		return strings.TrimRight(string(data), "\n") + "\n" + strings.Join(add, "\n") + "\n"
	}
	taken, err := net.InterfaceAddrs()
	if err != nil {
		v.t.Fatal(err)
	}
	for free := false; !free; {
		network := fmt.Sprintf("10.213.%d.", 1+rand.IntN(250))
		free = !slices.ContainsFunc(taken, func(a net.Addr) bool { return strings.HasPrefix(a.String(), network) })
		v.addr = network + "2"
	}
	for name, text := range map[string]string{
		"etc/ssh/sshd_config": "HostKey /etc/ssh/ship_key\nAuthorizedKeysFile /etc/ssh/keys\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\nStrictModes no\n",
		"etc/ssh/ship_key":    v.read("host"), "etc/ssh/keys": public,
		"etc/passwd":                     accounts("/etc/passwd", "deploy:x:7001:7001::/tmp:/bin/bash", "visitor:x:7002:7002::/tmp:/bin/sh"),
		"etc/group":                      accounts("/etc/group", "deploy:x:7001:", "visitor:x:7002:"),
		"etc/shadow":                     accounts("/etc/shadow", "deploy:*:19000::::::", "visitor:*:19000::::::"),
		"etc/sudoers.d/ship":             "Defaults use_pty\ndeploy ALL=(ALL) NOPASSWD: ALL\n",
		"etc/systemd/system/ship.target": shipTarget,
		"etc/systemd/system/ssh.service.d/plain.conf":  "[Unit]\nConditionPathExists=\n",
		"etc/systemd/system/caddy.service.d/site.conf": "[Service]\nEnvironment=SITE=:80\n", // an authority cannot be reached
		"etc/systemd/journald.conf.d/ship.conf":        "[Journal]\nStorage=volatile\nRateLimitBurst=0\n",
		"etc/profile.d/greeting.sh":                    "",
		"etc/hosts":                                    "127.0.0.1 localhost machine\n", "etc/hostname": "machine\n",
		"etc/systemd/system/systemd-sysctl.service":       "", // masks: they are for real machines
		"etc/systemd/system/systemd-udevd.service":        "",
		"etc/systemd/system/systemd-modules-load.service": "",
		"etc/systemd/system/systemd-timesyncd.service":    "",
		"etc/systemd/system/systemd-hwdb-update.service":  "",
	} {
		mode := os.FileMode(0o644)
		if strings.HasSuffix(name, "_key") || strings.Contains(name, "sudoers") || strings.HasSuffix(name, "shadow") {
			mode = 0o600
		}
		path := filepath.Join(change, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode)); err != nil {
			v.t.Fatal(err)
		}
	}
	v.write("known_hosts", "vps "+host)
	v.write("config", fmt.Sprintf("Host *\n\tHostName %s\n\tHostKeyAlias vps\n\tIdentityFile %s\n\tUserKnownHostsFile %s\n\tStrictHostKeyChecking yes\n\tBatchMode yes\n\tLogLevel ERROR\n",
		v.addr, filepath.Join(v.dir, "client"), filepath.Join(v.dir, "known_hosts")))
}

// boot starts the machine and waits until sshd answers.
func (v *vps) boot() {
	t := v.t
	if err := os.Mkdir(filepath.Join(v.dir, "disk"), 0o755); err != nil {
		t.Fatal(err)
	}
	group := filepath.Join(unified(t), fmt.Sprintf("gorgon-ship-%d", os.Getpid()))
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skipf("SKIPPED: ship.sh is tested against a machine that needs a cgroup of its own: %v", err)
	}
	script, err := filepath.Abs("testdata/machine.sh")
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(v.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", script, v.dir, group)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // and with it process 1, and all that it started
		_ = cmd.Wait()
		_ = log.Close()
		eventually(func() bool { // a cgroup goes when its last process has
			_ = exec.Command("find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";").Run()
			_, err := os.Stat(group)
			return err != nil
		})
	})
	defer func() {
		if t.Failed() {
			said, _ := os.ReadFile(log.Name())
			t.Logf("the machine said:\n%s", said)
		}
	}()
	if !eventually(func() bool {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", cmd.Process.Pid))
		v.pid, _ = strconv.Atoi(strings.TrimSpace(string(data)))
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", v.pid))
		return strings.TrimSpace(string(name)) == "systemd"
	}) {
		t.Fatal("systemd does not begin")
	}
	link := fmt.Sprintf("gs%d", os.Getpid())
	v.run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(v.pid))
	v.run("ip", "addr", "add", strings.TrimSuffix(v.addr, "2")+"1/24", "dev", link)
	v.run("ip", "link", "set", link, "up")
	v.run("nsenter", "-t", strconv.Itoa(v.pid), "-n", "sh", "-c", "ip addr add "+v.addr+"/24 dev eth0 && ip link set eth0 up")
	if !eventually(func() bool {
		return exec.Command("ssh", "-F", filepath.Join(v.dir, "config"), "root@vps", "systemctl is-active -q basic.target").Run() == nil
	}) {
		t.Fatal("sshd does not answer")
	}
}

// unified is the cgroup, of version 2, that this process may make others in.
func unified(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("/proc/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[2] == "cgroup2" {
			return fields[1]
		}
	}
	t.Skip("SKIPPED: ship.sh is tested against a machine that needs cgroups of version 2")
	return ""
}

// inside runs a line of shell as the machine's root, beside ssh.
func (v *vps) inside(line string) string {
	v.t.Helper()
	out, err := v.try(line)
	if err != nil {
		v.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return out
}

func (v *vps) try(line string) (string, error) {
	out, err := exec.Command("nsenter", "-t", strconv.Itoa(v.pid), "-a", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c", line).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (v *vps) run(name string, args ...string) {
	v.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		v.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

func (v *vps) read(name string) string {
	v.t.Helper()
	data, err := os.ReadFile(filepath.Join(v.dir, name))
	if err != nil {
		v.t.Fatal(err)
	}
	return string(data)
}

func (v *vps) write(name, text string) {
	v.t.Helper()
	if err := os.WriteFile(filepath.Join(v.dir, name), []byte(text), 0o600); err != nil {
		v.t.Fatal(err)
	}
}

// A shipping is a run of ship.sh.
type shipping struct {
	cmd  *exec.Cmd
	said bytes.Buffer
	took time.Duration
	done chan struct{}
	code int
}

// begin starts ship.sh of a package. Options are more of ssh's.
func (v *vps) begin(pkg, user string, options string, args ...string) *shipping {
	v.t.Helper()
	s := &shipping{done: make(chan struct{})}
	s.cmd = exec.Command("bash", append([]string{filepath.Join(pkg, "systemd", "ship.sh"), user + "@vps"}, args...)...)
	tmp := filepath.Join(v.dir, "a folder") // of temporary files
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		v.t.Fatal(err)
	}
	s.cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "SSH_OPTIONS=-F "+filepath.Join(v.dir, "config")+" "+options)
	s.cmd.Dir = "/"
	s.cmd.Stdout, s.cmd.Stderr = &s.said, &s.said
	s.cmd.WaitDelay = 2 * time.Second
	begun := time.Now()
	if err := s.cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	go func() {
		defer close(s.done)
		_ = s.cmd.Wait()
		s.took, s.code = time.Since(begun), s.cmd.ProcessState.ExitCode()
	}()
	v.t.Cleanup(func() { _ = s.cmd.Process.Kill(); <-s.done })
	return s
}

// ship runs ship.sh to its end.
func (v *vps) ship(pkg, user string, args ...string) *shipping {
	v.t.Helper()
	s := v.begin(pkg, user, "", args...)
	<-s.done
	return s
}

// serves is what the machine's own socket answers with.
func (v *vps) serves() string {
	answer := v.dialer().ask("127.0.0.1:8080", "/now?n=7", nil)
	if answer.err != nil {
		return answer.err.Error()
	}
	return answer.text
}

func eventually(f func() bool) bool {
	for stop := time.Now().Add(30 * time.Second); time.Now().Before(stop); time.Sleep(50 * time.Millisecond) {
		if f() {
			return true
		}
	}
	return false
}
