// ship.sh against a machine with a real systemd and sshd.

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
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// packages builds the versions of testdata/ship, as the tool does.
func packages(t *testing.T) (one, two string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	tool := filepath.Join(dir, "gorgon")
	do := func(folder, name string, args ...string) {
		t.Helper()
		c := exec.Command(name, args...)
		c.Dir = folder
		c.Env = append(os.Environ(), "GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000",
			"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=user.name", "GIT_CONFIG_VALUE_0=Shop", "GIT_CONFIG_KEY_1=user.email", "GIT_CONFIG_VALUE_1=shop@example.com")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
	}
	do(root, "go", "build", "-ldflags=-s -w", "-o", tool, "./cmd/gorgon")
	app := filepath.Join(dir, "an app")
	if err := os.CopyFS(app, os.DirFS("testdata/ship")); err != nil {
		t.Fatal(err)
	}
	put := func(name string, data []byte) {
		t.Helper()
		name = filepath.Join(app, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	get := func(name string) []byte {
		t.Helper()
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	mod := bytes.Replace(get(filepath.Join(root, "go.mod")), []byte("module github.com/gorgon-go/gorgon"), []byte("module example.com/shop"), 1)
	put("go.mod", append(mod, "\nrequire github.com/gorgon-go/gorgon v0.0.0\nreplace github.com/gorgon-go/gorgon => "+root+"\n"...))
	put("go.sum", get(filepath.Join(root, "go.sum")))
	put(".gitignore", []byte("/one/\n/two/\n/dist/\n/shop\n"))
	noise := rand.NewChaCha8([32]byte{1})
	photo := make([]byte, 5<<20) // an upload takes a while
	_, _ = noise.Read(photo)
	put("static/photo.bin", photo)
	do(app, "git", "init", "-q")
	for _, version := range []string{"one", "two"} {
		put("main.go", bytes.Replace(get("testdata/ship/main.go"), []byte(`version = "one"`), []byte(`version = "`+version+`"`), 1))
		do(app, "git", "add", "-A")
		do(app, "git", "commit", "-q", "-m", "shop: version "+version)
		do(app, tool, "deploy", "--to", "systemd", "--out", version, "--compress", "none", "--accept", "local-modules")
	}
	return filepath.Join(app, "one"), filepath.Join(app, "two")
}

// ok fails the test where a run did not end well.
func (s *shipping) ok(t *testing.T) {
	t.Helper()
	if s.code != 0 {
		t.Fatalf("ship.sh ended with %d\n%s", s.code, s.said.String())
	}
}

// refused fails the test where a run did not end with a code and a sentence.
func (s *shipping) refused(t *testing.T, code int, says ...string) {
	t.Helper()
	if s.code != code {
		t.Errorf("ship.sh ended with %d, not with %d", s.code, code)
	}
	for _, text := range says {
		if !strings.Contains(s.said.String(), text) {
			t.Errorf("it does not say %q", text)
		}
	}
	if t.Failed() {
		t.Fatalf("it said:\n%s", s.said.String())
	}
}

func TestShip(t *testing.T) {
	v := newVPS(t)
	one, two := packages(t)

	// The first time: nothing is there but the system, and a profile that greets.
	v.inside("echo 'echo welcome to the machine' >/tmp/.bashrc")
	first := v.ship(one, "deploy")
	first.ok(t)
	t.Logf("first deploy: %.1f s\n%s", first.took.Seconds(), first.said.String())
	if got := v.serves(); got != "version one 7" {
		t.Fatalf("it serves %q", got)
	}
	env := v.inside("stat -c '%a %U' /etc/shop/env; cat /etc/shop/env")
	key := ""
	for line := range strings.Lines(env) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), `GORGON_PURGE_KEY="`); found {
			key = strings.TrimSuffix(value, `"`)
		}
	}
	if !strings.HasPrefix(env, "600 root") || len(key) != 43 {
		t.Errorf("the secrets of the machine: %q", env)
	}
	secret := func(s *shipping) {
		t.Helper()
		if key != "" && strings.Contains(s.said.String(), key) {
			t.Error("a secret was printed")
		}
	}
	secret(first)
	caddy := dialer(dial).ask(v.addr+":80", "/now?n=7", nil)
	if caddy.err != nil || caddy.text != "version one 7" {
		t.Errorf("through Caddy: %q, %v", caddy.text, caddy.err)
	}

	// An update under load: directly at the socket, and through Caddy.
	direct, proxied := visit("at the socket", v.dialer(), "127.0.0.1:8080"), visit("through Caddy", dial, v.addr+":80")
	time.Sleep(time.Second)
	update := v.ship(two, "deploy")
	time.Sleep(2 * time.Second)
	update.ok(t)
	t.Logf("update: %.1f s\n%s", update.took.Seconds(), update.said.String())
	for _, l := range []*load{direct, proxied} {
		failed, versions := l.end(t)
		if failed > 0 {
			t.Errorf("%s: %d requests failed (at most 0)", l.name, failed)
		}
		if versions["one"] == 0 || versions["two"] == 0 {
			t.Errorf("%s: both versions did not answer: %v", l.name, versions)
		}
	}
	secret(update)
	if t.Failed() {
		t.FailNow()
	}

	status := v.ship(two, "deploy", "--status")
	status.ok(t)
	if said := status.said.String(); !strings.Contains(said, "active, since") || !strings.Contains(said, "ready     ready") {
		t.Errorf("--status says:\n%s", said)
	}
	// A command runs as the service does: with its variables, its user and its
	// folder, and with arguments as they were written.
	run := v.ship(two, "deploy", "--run", "said", "a  b", "$HOME", "'", "*")
	run.ok(t)
	if said := run.said.String(); !strings.Contains(said, `["a  b" "$HOME" "'" "*"]`) || !strings.Contains(said, "standalone true, key true, writes true, elsewhere false") {
		t.Errorf("--run says:\n%s", said)
	}
	v.ship(two, "deploy", "--run", "why", "/").ok(t)
	v.ship(two, "deploy", "--run", "nothing").refused(t, 2, "nothing")
	if said := v.inside("/opt/shop/run migrate --pending"); !strings.Contains(said, "up to date") { // the service's own database
		t.Errorf("migrate says:\n%s", said)
	}
	logs := v.ship(two, "deploy", "--logs")
	logs.ok(t)
	if !strings.Contains(logs.said.String(), "shop") {
		t.Errorf("--logs says:\n%s", logs.said.String())
	}

	// Back by hand, under load, too.
	direct = visit("roll-back by hand", v.dialer(), "127.0.0.1:8080")
	back := v.ship(two, "root", "--back")
	back.ok(t)
	if failed, _ := direct.end(t); failed > 0 || v.serves() != "version one 7" {
		t.Errorf("after --back: %d requests failed, it serves %q", failed, v.serves())
	}
	secret(back)
	t.Logf("roll-back by hand: %.1f s", back.took.Seconds())

	v.failures(one, two, secret)
}

// failures are the ways in which a ship goes wrong. Version one serves before and
// after each, and no visitor sees an error.
func (v *vps) failures(one, two string, secret func(*shipping)) {
	t := v.t
	stays := func(t *testing.T, l *load) {
		t.Helper()
		failed, versions := l.end(t)
		if failed > 0 || versions["two"] > 0 {
			t.Errorf("%d requests failed; versions %v", failed, versions)
		}
		if got := v.serves(); got != "version one 7" {
			t.Errorf("it serves %q", got)
		}
		if out, _ := v.try("ls -A /opt/shop/incoming /opt/shop/next 2>/dev/null"); strings.Contains(out, "package") || strings.Contains(out, "shop.seed") {
			t.Errorf("left on the machine: %q", out)
		}
	}
	for _, c := range []struct {
		name, fault string
		says        []string
		served      bool // the fault shows only once it serves
	}{
		{"migration fails", "migrate", []string{"the store could not be laid out, and the release before stays", "missing/shop.db"}, false},
		{"does not start", "start", []string{"the release before stays", "the licence of the fonts has ended"}, false},
		{"is not ready", "unready", []string{"the release before stays", "shop: not ready: the database cannot be used", "00001_orders"}, false},
		{"is not ready with visitors", "late", []string{"back to release", "shop: not ready: the database cannot be used", "00001_orders"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			v.inside("echo 'SHOP_FAULT=" + c.fault + "' >>/etc/shop/env; echo READY_WITHIN=4 >>/etc/shop/env")
			defer v.inside("sed -i -e /SHOP_FAULT/d -e /READY_WITHIN/d /etc/shop/env")
			l := visit(c.name, v.dialer(), "127.0.0.1:8080")
			s := v.ship(two, "deploy")
			if c.served { // pages that need no database were answered by both
				failed, versions := l.end(t)
				if failed > 0 || versions["two"] == 0 || v.serves() != "version one 7" {
					t.Errorf("%d requests failed; it serves %q", failed, v.serves())
				}
			} else {
				stays(t, l)
			}
			secret(s)
			s.refused(t, 1, c.says...)
			t.Logf("%.1f s; it said:\n%s", s.took.Seconds(), s.said.String())
		})
	}

	t.Run("cut in the middle of the upload", func(t *testing.T) {
		// So that there is something to upload.
		v.inside("rm -rf /opt/shop/releases/$(readlink /opt/shop/previous | cut -d/ -f2) /opt/shop/incoming/*")
		l := visit("cut off", v.dialer(), "127.0.0.1:8080")
		slow := newRelay(t, v.addr+":22", 2<<20)
		s := v.begin(two, "deploy", slow.options())
		part := func() int {
			out, _ := v.try("cd /opt/shop/incoming && find . -type f -size +2M | head -n 1 | xargs -r stat -c %s")
			n := 0
			_, _ = fmt.Sscan(out, &n)
			return n
		}
		if !eventually(func() bool { return part() > 0 }) {
			t.Fatalf("nothing arrives:\n%s", s.said.String())
		}
		ids := killed(t, s.cmd.Process.Pid, "ssh")
		<-s.done
		s.refused(t, 1, "it continues")
		t.Logf("killed ssh (%v) when %d bytes had arrived", ids, part())
		stays(t, l)
		// A connection that falls silent: neither side learns of it.
		l = visit("falls silent", v.dialer(), "127.0.0.1:8080")
		before := part()
		silent := newRelay(t, v.addr+":22", 4<<20)
		silent.end.Store(4 << 20)
		s = v.begin(two, "deploy", silent.options()+" -o ServerAliveInterval=1")
		<-s.done
		s.refused(t, 1, "it continues")
		if part() <= before {
			t.Errorf("%d bytes had arrived, %d are there", before, part())
		}
		stays(t, l)
		v.ship(two, "deploy").refused(t, 1, "another ship to deploy@vps is going on")
		silent.close()
		s = v.ship(two, "deploy")
		s.ok(t)
		s.refused(t, 0, "arrived before")
		if got := v.serves(); got != "version two 7" {
			t.Errorf("it serves %q", got)
		}
		t.Logf("and again, %.1f s:\n%s", s.took.Seconds(), s.said.String())
		v.ship(two, "deploy", "--back").ok(t)
	})

	t.Run("cut in the middle of the roll-out", func(t *testing.T) {
		s := v.begin(two, "deploy", "")
		if !eventually(func() bool {
			out, _ := v.try("systemctl is-active shop-next.service")
			return out == "activating" || out == "active"
		}) {
			t.Fatalf("it is not tried:\n%s", s.said.String())
		}
		killed(t, s.cmd.Process.Pid, "ssh")
		<-s.done
		s.refused(t, 1, "finishes what it does by itself")
		if !eventually(func() bool { return v.serves() == "version two 7" }) {
			t.Errorf("the machine did not go through with it: it serves %q", v.serves())
		}
		s = v.ship(two, "deploy")
		s.ok(t)
		v.ship(two, "deploy", "--back").ok(t)
	})

	t.Run("two at once", func(t *testing.T) {
		l := visit("two at once", v.dialer(), "127.0.0.1:8080")
		// The first one has something to send, which takes it longer than the second
		// one waits.
		v.inside("rm -rf /opt/shop/releases/$(readlink /opt/shop/previous | cut -d/ -f2) /opt/shop/incoming/*")
		slow := newRelay(t, v.addr+":22", 2<<20)
		before, _ := v.try("cat /run/shop-ship.lock") // to ask flock would take the lock for a moment
		a := v.begin(two, "deploy", slow.options())
		if !eventually(func() bool {
			out, err := v.try("cat /run/shop-ship.lock")
			return err == nil && out != "" && out != before
		}) {
			t.Fatalf("no lock:\n%s", a.said.String())
		}
		b := v.ship(two, "root")
		b.refused(t, 1, "another ship to root@vps is going on (", "since")
		<-a.done
		a.ok(t)
		if failed, _ := l.end(t); failed > 0 || v.serves() != "version two 7" {
			t.Errorf("%d requests failed; it serves %q", failed, v.serves())
		}
		v.ship(two, "deploy", "--back").ok(t)
	})

	t.Run("disk full", func(t *testing.T) {
		v.inside("rm -rf /opt/shop/releases/$(readlink /opt/shop/previous | cut -d/ -f2) /opt/shop/incoming/*")
		// A small disk, with what is installed on it.
		v.inside("systemctl stop shop.service shop.socket && mkdir /tmp/opt && cp -a /opt/shop /tmp/opt && mount -t tmpfs -o size=160m full /opt && cp -a /tmp/opt/shop /opt && rm -rf /tmp/opt && systemctl start shop.socket shop.service")
		defer func() {
			v.inside("mkdir /tmp/opt && cp -a /opt/shop /tmp/opt && systemctl stop shop.service shop.socket && umount /opt && rm -rf /opt/shop && cp -a /tmp/opt/shop /opt && rm -rf /tmp/opt && systemctl start shop.socket shop.service")
		}()
		l := visit("disk full", v.dialer(), "127.0.0.1:8080")
		v.inside("head -c $(($(df -Pk /opt | tail -n 1 | tr -s ' ' | cut -d' ' -f4) - 20000))K /dev/zero >/opt/filler")
		s := v.ship(two, "deploy")
		s.refused(t, 1, "MB free below /opt, and this needs")
		v.inside("rm /opt/filler")
		// Full in the middle of the upload.
		slow := newRelay(t, v.addr+":22", 2<<20)
		s = v.begin(two, "deploy", slow.options())
		if !eventually(func() bool { out, _ := v.try("find /opt/shop/incoming -type f -size +1M"); return out != "" }) {
			t.Fatalf("nothing arrives:\n%s", s.said.String())
		}
		_, _ = v.try("cat /dev/zero >/opt/filler")
		<-s.done
		s.refused(t, 1, "is its disk full?")
		v.inside("rm /opt/filler")
		stays(t, l)
		s = v.ship(two, "deploy")
		s.ok(t)
		v.ship(two, "deploy", "--back").ok(t)
	})

	t.Run("wrong architecture", func(t *testing.T) {
		other := filepath.Join(t.TempDir(), "other")
		if err := os.CopyFS(other, os.DirFS(two)); err != nil {
			t.Fatal(err)
		}
		script := filepath.Join(other, "systemd/ship.sh")
		data, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		data = bytes.Replace(data, []byte("arch='amd64'"), []byte("arch='riscv64'"), 1)
		if err := os.WriteFile(script, data, 0o755); err != nil {
			t.Fatal(err)
		}
		v.ship(other, "deploy").refused(t, 1, "vps is amd64, and the package is for riscv64", "--arch amd64")
	})

	t.Run("no sudo", func(t *testing.T) {
		v.ship(two, "visitor").refused(t, 1, "sudo on visitor@vps asks for a password", "NOPASSWD")
		v.inside("mv /usr/bin/sudo /usr/bin/sudo-away")
		defer v.inside("mv /usr/bin/sudo-away /usr/bin/sudo")
		v.ship(two, "deploy").refused(t, 1, "has no sudo")
		v.ship(two, "root", "--check").ok(t)
	})

	t.Run("an unknown host key", func(t *testing.T) {
		known := v.read("known_hosts")
		v.write("known_hosts", "")
		defer v.write("known_hosts", known)
		v.ship(two, "deploy").refused(t, 1, "there is no connection to deploy@vps")
	})
}

// killed ends the processes of a name that descend from one, by their ids.
func killed(t *testing.T, from int, name string) (ids []int) {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", from))
	if err != nil {
		return nil
	}
	for field := range strings.FieldsSeq(string(data)) {
		var id int
		if _, err := fmt.Sscan(field, &id); err != nil {
			continue
		}
		comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", id))
		ids = append(ids, killed(t, id, name)...)
		if strings.TrimSpace(string(comm)) == name && syscall.Kill(id, syscall.SIGKILL) == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// A relay is a slow way to a machine, which may fall silent in the middle.
type relay struct {
	listener net.Listener
	end      atomic.Int64 // bytes to the machine, after which nothing passes; 0 for never
	mu       sync.Mutex
	conns    []net.Conn
}

func newRelay(t *testing.T, to string, bytesPerSecond int) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l}
	t.Cleanup(r.close)
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := dial(to)
			if err != nil {
				_ = near.Close()
				continue
			}
			r.mu.Lock()
			r.conns = append(r.conns, near, far)
			r.mu.Unlock()
			go r.pass(near, far, bytesPerSecond)
		}
	}()
	return r
}

// pass passes on what comes, both ways, until one side ends.
func (r *relay) pass(near, far net.Conn, bytesPerSecond int) {
	var sent atomic.Int64
	silent := func() bool { end := r.end.Load(); return end > 0 && sent.Load() >= end }
	one := func(to, from net.Conn, there bool) {
		defer func() {
			if !silent() { // else the other side does not learn of it
				_ = to.Close()
			}
		}()
		piece := make([]byte, 16<<10)
		for {
			n, err := from.Read(piece)
			if !silent() && n > 0 {
				if _, err := to.Write(piece[:n]); err != nil {
					return
				}
				if there {
					sent.Add(int64(n))
					time.Sleep(time.Duration(n) * time.Second / time.Duration(bytesPerSecond))
				}
			}
			if err != nil {
				return
			}
		}
	}
	go one(near, far, false)
	one(far, near, true)
}

// close ends the listener and all connections.
func (r *relay) close() {
	_ = r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.Close()
	}
}

// options lead ssh this way.
func (r *relay) options() string {
	host, port, _ := net.SplitHostPort(r.listener.Addr().String())
	return "-o HostName=" + host + " -p " + port
}
