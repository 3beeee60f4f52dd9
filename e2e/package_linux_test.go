// Packages: written by deploy, and run wherever they are copied to.

package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gorgon-go/gorgon/pack"
)

// A project is an app in its own repository.
type project struct {
	t   *testing.T
	dir string
}

// newProject makes a repository of testdata/shop, with this checkout of Gorgon.
func newProject(t *testing.T) *project { return newProjectOf(t, "shop") }

// newProjectOf makes one of another app below testdata.
func newProjectOf(t *testing.T, app string) *project {
	t.Helper()
	p := &project{t, t.TempDir()}
	here, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(here, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "go.mod" {
			data = bytes.Replace(data, []byte("module github.com/gorgon-go/gorgon"), []byte("module example.com/shop"), 1)
			data = append(data, "\nrequire github.com/gorgon-go/gorgon v0.0.0\nreplace github.com/gorgon-go/gorgon => "+here+"\n"...)
		}
		p.write(name, string(data))
	}
	main, err := os.ReadFile("testdata/" + app + "/main.go")
	if err != nil {
		t.Fatal(err)
	}
	p.write("main.go", string(main))
	p.write(".gitignore", "/pkg/\n/dist/\n/shop\n/infra/\n/.github/\n")
	p.git("init", "-q")
	p.commit()
	return p
}

func (p *project) write(name, data string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(data), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) git(args ...string) {
	p.t.Helper()
	c := exec.Command("git", append([]string{"-c", "user.name=Shop", "-c", "user.email=shop@example.com"}, args...)...)
	c.Dir = p.dir
	c.Env = append(os.Environ(), "GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000")
	if out, err := c.CombinedOutput(); err != nil {
		p.t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
}

func (p *project) commit() {
	p.t.Helper()
	p.git("add", "-A")
	p.git("commit", "-q", "-m", "shop: as it is")
}

// program returns the app as its developer runs it, built from the current
// source.
func (p *project) program() string {
	p.t.Helper()
	c := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", "shop", ".") // which links what has changed
	c.Dir = p.dir
	if out, err := c.CombinedOutput(); err != nil {
		p.t.Fatalf("go build: %v\n%s", err, out)
	}
	return filepath.Join(p.dir, "shop")
}

// run runs a command of the tool, and returns its exit code and what it said.
func (p *project) run(args ...string) (int, string) {
	p.t.Helper()
	return p.runWith(nil, args...)
}

// runWith runs a command of the tool with variables. This checkout of Gorgon
// may be between two commits.
func (p *project) runWith(env []string, args ...string) (int, string) {
	p.t.Helper()
	tool, err := gorgonTool()
	if err != nil {
		p.t.Fatal(err)
	}
	if args[0] == "deploy" {
		args = append(args, "--accept", "local-modules")
	}
	c := exec.Command(tool, args...)
	c.Dir, c.Env = p.dir, append(os.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -ldflags=-w")) // no debugger reads the program
	c.Env = append(c.Env, env...)
	out, err := c.CombinedOutput()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return e.ExitCode(), string(out)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return 0, string(out)
}

// deploy deploys, which must succeed, and returns the package's folder.
func (p *project) deploy(args ...string) string {
	p.t.Helper()
	if code, out := p.run(append([]string{"deploy"}, args...)...); code != 0 {
		p.t.Fatalf("deploy %v: exit code %d\n%s", args, code, out)
	}
	return filepath.Join(p.dir, "pkg")
}

// A tenant is a running package.
type tenant struct {
	url string
	cmd *exec.Cmd
	log *bytes.Buffer
	end func()

	wait func() error // until it has ended by itself; its output
}

// start starts a program in the root folder, with only the given environment. A
// nil user is the user of the test.
func start(t *testing.T, program string, user *syscall.Credential, env ...string) (*tenant, error) {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program)
	c.Dir, c.Stderr = "/", out
	c.Env = append([]string{"GORGON_STANDALONE=true", "GORGON_PORT=0"}, env...)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	if err := c.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	v := &tenant{cmd: c, log: new(bytes.Buffer)}
	said := func() []byte {
		b, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	v.end = sync.OnceFunc(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			_ = c.Process.Kill()
			<-ended
		}
	})
	v.wait = func() error {
		select {
		case err := <-ended:
			ended <- err
			if err == nil {
				return nil
			}
			return errors.New(string(said()))
		case <-time.After(patience):
			return errors.New("it does not end")
		}
	}
	t.Cleanup(v.end)
	for stop := time.Now().Add(patience); time.Now().Before(stop); time.Sleep(5 * time.Millisecond) {
		if m := serving.FindSubmatch(said()); m != nil {
			v.url = string(m[1])
			return v, nil
		}
		select {
		case err := <-ended:
			v.end = func() {}
			ended <- err
			return nil, errors.New(string(said()))
		default:
		}
	}
	t.Fatalf("%s does not serve: %s", program, said())
	return nil, nil
}

var shopPaths = []string{"/", "/items/1", "/items/2", "/hourly", "/now?q=x", "/humans.txt", "/robots.txt", "/sitemap.xml", "/items/no-3", "/nowhere", "/items//1"}

// answers are the responses of a server for each path: status, headers except
// times, and body.
func answers(t *testing.T, base string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, path := range shopPaths {
		for _, coding := range []string{"identity", "br"} {
			a, err := fetch(base+path, "Accept-Encoding", coding)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"Date", "Age", "Last-Modified", "Cache-Status"} {
				a.header.Del(name)
			}
			var head []string
			for _, name := range slices.Sorted(maps.Keys(a.header)) {
				head = append(head, name+": "+strings.Join(a.header[name], ", "))
			}
			all[coding+" "+path] = http.StatusText(a.status) + "\n" + strings.Join(head, "\n") + "\n" + string(a.body)
		}
	}
	return all
}

func wantAnswers(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for path := range want {
		if got[path] != want[path] {
			t.Errorf("%s answers %s with\n%.600s\nand the development server with\n%.600s", what, path, got[path], want[path])
			return
		}
	}
}

// copyTree copies a package as an operator does.
func copyTree(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "site")
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v: %s", err, out)
	}
	for dir := to; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755) // so that others can come by
	}
	return to
}

var nobody = &syscall.Credential{Uid: 65534, Gid: 65534}

// development returns the answers of the development server for the same build:
// a package must give the same.
func (p *project) development() map[string]string {
	t := p.t
	t.Helper()
	dist := t.TempDir()
	build := exec.Command(p.program(), "build", "--out", dist, "--compress", "good")
	build.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	s := exec.Command(p.program(), "serve", "--addr", "127.0.0.1:0", "--dist", dist, "--store", "none")
	pipe, err := s.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Process.Signal(syscall.SIGTERM); _ = s.Wait() }()
	buf, n := make([]byte, 64<<10), 0
	for serving.FindSubmatch(buf[:n]) == nil {
		more, err := pipe.Read(buf[n:])
		if err != nil {
			t.Fatalf("the development server ends: %v: %s", err, buf[:n])
		}
		n += more
	}
	go func() { _, _ = io.Copy(io.Discard, pipe) }()
	return answers(t, string(serving.FindSubmatch(buf[:n])[1]))
}

func checkPackage(t *testing.T, program string, user *syscall.Credential, want map[string]string, env ...string) {
	t.Helper()
	v, err := start(t, program, user, env...)
	if err != nil {
		t.Fatal(err)
	}
	defer v.end()
	wantAnswers(t, program, answers(t, v.url), want)
}

func TestPackage(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	folder := p.deploy("--compress", "good")
	want := p.development()

	check := func(t *testing.T, program string, user *syscall.Credential, env ...string) {
		t.Helper()
		checkPackage(t, program, user, want, env...)
	}
	t.Run("moved", func(t *testing.T) { check(t, filepath.Join(copyTree(t, folder), "shop"), nil) })
	t.Run("through a symbolic link", func(t *testing.T) {
		link := filepath.Join(t.TempDir(), "elsewhere")
		if err := os.Symlink(filepath.Join(copyTree(t, folder), "shop"), link); err != nil {
			t.Fatal(err)
		}
		check(t, link, nil)
	})
	t.Run("renamed", func(t *testing.T) {
		to := copyTree(t, folder)
		if err := os.Rename(filepath.Join(to, "shop"), filepath.Join(to, "shop-2")); err != nil {
			t.Fatal(err)
		}
		check(t, filepath.Join(to, "shop-2"), nil)
	})
	t.Run("as another user", func(t *testing.T) {
		needRoot(t)
		check(t, filepath.Join(copyTree(t, folder), "shop"), nobody)
	})
	t.Run("with a file missing", func(t *testing.T) {
		to := copyTree(t, folder)
		if err := os.Remove(filepath.Join(to, "shop.seed")); err != nil {
			t.Fatal(err)
		}
		if _, err := start(t, filepath.Join(to, "shop"), nil); err == nil || !strings.Contains(err.Error(), filepath.Join(to, "shop.seed")+" is missing") {
			t.Errorf("it starts, or says %v", err)
		}
	})
	for _, file := range []string{"shop", "shop.seed"} {
		t.Run("with a byte of "+file+" flipped", func(t *testing.T) {
			to := copyTree(t, folder)
			name := filepath.Join(to, file)
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			at := 100 // of the seed: within its first page
			if file == "shop" {
				at = len(data) - 100 // the last bytes that the linker wrote, which no instruction reads
			}
			data[at] ^= 1
			if err := os.WriteFile(name, data, 0o755); err != nil {
				t.Fatal(err)
			}
			v, err := start(t, filepath.Join(to, "shop"), nil)
			if err == nil {
				err = v.wait() // it serves undamaged parts until it has read everything
			}
			if err == nil || !strings.Contains(err.Error(), name+" is not what was packed") {
				t.Errorf("it goes on, or says %v", err)
			}
		})
	}
	t.Run("without a package", func(t *testing.T) {
		alone := filepath.Join(t.TempDir(), "shop")
		data, err := os.ReadFile(filepath.Join(folder, "shop"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(alone, data, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, program := range []string{alone, p.program()} {
			if _, err := start(t, program, nil); err == nil || !strings.Contains(err.Error(), "not part of a package") {
				t.Errorf("%s starts, or says %v", program, err)
			}
		}
	})
	t.Run("the same twice", func(t *testing.T) {
		first := copyTree(t, folder)
		// Elsewhere, and later, but with the same data.
		other := &project{t, copyTree(t, p.dir)}
		var of pack.Manifest
		manifest, err := os.ReadFile(filepath.Join(first, pack.ManifestName))
		if err == nil {
			err = json.Unmarshal(manifest, &of)
		}
		if err != nil {
			t.Fatal(err)
		}
		if since := time.Since(of.DataAt); since < 0 || since > time.Hour {
			t.Errorf("its data was read %v ago", since)
		}
		if out, err := exec.Command("diff", "-r", first, other.deploy("--compress", "good", "--data-time", of.DataAt.Format(time.RFC3339Nano))).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("as one executable", func(t *testing.T) {
		other := &project{t, copyTree(t, p.dir)}
		data, err := os.ReadFile(filepath.Join(other.deploy("--compress", "good", "--single"), "shop"))
		if err != nil {
			t.Fatal(err)
		}
		alone := filepath.Join(t.TempDir(), "renamed")
		if err := os.WriteFile(alone, data, 0o755); err != nil {
			t.Fatal(err)
		}
		check(t, alone, nil)
	})
}

// A package on mounts that are or become read-only.
func TestPackageMounted(t *testing.T) {
	t.Parallel()
	if !mayMount(t) {
		return
	}
	p := newProject(t)
	folder := p.deploy("--compress", "good")
	want := p.development()
	t.Run("read-only", func(t *testing.T) {
		to := t.TempDir()
		for dir := to; dir != os.TempDir(); dir = filepath.Dir(dir) {
			_ = os.Chmod(dir, 0o755) // so that the user nobody can read it
		}
		mount(t, "tmpfs", to, "tmpfs", 0, "size=96m,mode=0755")
		if out, err := exec.Command("cp", "-a", folder+"/.", to).CombinedOutput(); err != nil {
			t.Fatalf("cp: %v: %s", err, out)
		}
		if err := unix.Mount("", to, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, "x"), nil, 0o644); !errors.Is(err, syscall.EROFS) {
			t.Fatalf("it can be written to: %v", err)
		}
		checkPackage(t, filepath.Join(to, "shop"), nobody, want)
	})
	t.Run("full", func(t *testing.T) {
		to := t.TempDir()
		mount(t, "tmpfs", to, "tmpfs", 0, "size=96m,mode=0755")
		if out, err := exec.Command("cp", "-a", folder+"/.", to).CombinedOutput(); err != nil {
			t.Fatalf("cp: %v: %s", err, out)
		}
		f, err := os.Create(filepath.Join(to, "filler"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("the disk is not full: %v", err)
		}
		v, err := start(t, filepath.Join(to, "shop"), nil, "GORGON_STORE=disk:"+filepath.Join(to, "store"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/", "/items/1", "/items/new", "/now"} {
			if a, err := fetch(v.url + path); err != nil || a.status != 200 {
				t.Errorf("%s: %s, %v", path, a, err)
			}
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can become another user and mount")
	}
}

// deploy names what it refuses, and accepts it with --accept.
func TestDeployRefuses(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	refused := func(code int, says string, args ...string) {
		t.Helper()
		got, out := p.run(append([]string{"deploy"}, args...)...)
		if got != code || !regexp.MustCompile(says).MatchString(out) {
			t.Errorf("deploy %v: exit code %d, want %d, saying %q:\n%s", args, got, code, says, out)
		}
		if _, err := os.Stat(filepath.Join(p.dir, "pkg", "manifest.json")); err == nil {
			t.Fatalf("deploy %v wrote a package", args)
		}
	}
	refused(3, `page /now .*\n(.*\n)*.*\[|NO \[process\]`, "--to", "static")
	refused(3, `\[shared-store\]`, "--to", "kubernetes", "--store", "disk:/data/store", "--replicas", "2")
	refused(2, "there is no such target", "--to", "mars")
	refused(2, "--arch amd64,arm64", "--arch", "amd64,arm64")
	refused(2, "leave it out", "--to", "oci", "--single")

	p.write("notes.txt", "not committed")
	refused(3, `notes.txt(.*\n)*.*\[dirty\]|\[dirty\]`)
	p.git("add", "-A")
	refused(3, `\[dirty\]`)
	p.commit()

	for _, row := range []struct{ name, variable, says string }{
		{"default errors", "SHOP_BARE=1", "[default-errors]"},
		{"failing build", "SHOP_BROKEN=1", "the database said no"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if code, out := p.runWith([]string{row.variable}, "deploy"); code == 0 || !strings.Contains(out, row.says) {
				t.Errorf("exit code %d: %s", code, out)
			}
		})
	}
	p.write("broken.go", "package main\n\nfunc broken() { nonsense }\n")
	p.commit()
	if code, out := p.run("deploy"); code != 1 || !strings.Contains(out, "cannot be compiled") || !strings.Contains(out, "undefined: nonsense") {
		t.Errorf("a source that does not compile: exit code %d\n%s", code, out)
	}
	p.write("broken.go", "package main\n")
	p.commit()

	if err := os.Mkdir(filepath.Join(p.dir, "pkg"), 0o755); err != nil {
		t.Fatal(err)
	}
	p.write("pkg/mine.txt", "precious")
	refused(1, "is not an earlier package")
	if err := os.RemoveAll(filepath.Join(p.dir, "pkg")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(p.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	refused(3, `\[unversioned\]`)
	folder := p.deploy("--accept", "unversioned", "--compress", "none")
	data, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil || !strings.Contains(string(data), `"accepted": [`) {
		t.Errorf("the exception is not recorded: %v\n%s", err, data)
	}
}
