// What is written for three sites, held against golden files and against the
// programs that read it; and the installer, run.

package systemd_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/systemd"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/testbed"
)

var update = flag.Bool("update", false, "write the golden files")

type page = gorgon.Page[string]

func view(s string) gorgon.Component { return gorgon.Text(s) }

// site is an app as it is to be deployed.
func site(app gorgon.App, setting plan.Setting, change func(*deploy.Site)) deploy.Site {
	target := systemd.Target()
	s := deploy.Site{
		App: plan.Describe(app), Outcome: plan.Judge(plan.Describe(app), target.Target, setting),
		Package: pack.Manifest{
			Format: pack.Format, App: app.Name, Build: "b1-LD_9x", Program: app.Name, Seed: app.Name + ".seed",
			OS: "linux", Arch: "amd64", Go: "go1.26.0", Pages: 3, Parts: plan.Parts(app), MadeAt: time.Unix(1_700_000_000, 0).UTC(),
		},
	}
	if change != nil {
		change(&s)
	}
	return s
}

func sites() map[string]deploy.Site {
	still := gorgon.App{Name: "docs", Parts: []gorgon.Part{page{Path: "/", View: view}}}
	blog := gorgon.App{Name: "blog", Origin: "https://blog.example.com", Parts: []gorgon.Part{page{Path: "/{post}", View: view, Incremental: true, RevalidateAfter: time.Hour}}}
	shop := gorgon.App{
		Name: "shop", Origin: "https://shop.example.com", Parts: []gorgon.Part{
			page{Path: "/", View: view, RevalidateAfter: time.Minute},
			gorgon.Service{Name: "mailer", Every: time.Hour},
		},
	}
	return map[string]deploy.Site{
		"vps": site(gorgon.App{Name: "shop", Origin: "https://shop.example.com", Parts: []gorgon.Part{page{Path: "/now", LoadRequest: func(context.Context, gorgon.Input, *http.Request) (string, error) { return "", nil }, View: view}}}, plan.Setting{}, func(s *deploy.Site) {
			s.App.Parts = append(s.App.Parts, plan.Part{Name: plan.DatabasePart, Needs: []plan.Need{{Part: plan.DatabasePart, Kind: plan.File}}})
			s.Domain, s.Migrate = "shop.example.com", true
			s.Variables = []deploy.Variable{
				{Name: "DATABASE_URL", Secret: true, For: "the app's own database"},
				{Name: "GORGON_PURGE_KEY", Secret: true, Random: true, For: "signs purges over HTTP; without it there are none"},
			}
		}),
		"still": site(still, plan.Setting{}, nil),
		"disk": site(blog, plan.Setting{Store: "disk"}, func(s *deploy.Site) {
			s.Store, s.Domain = "disk:/data/store", "blog.example.com"
			s.Variables = []deploy.Variable{{Name: "GORGON_PURGE_KEY", Secret: true, Random: true, For: "what signs purges"}}
		}),
		"postgres": site(shop, plan.Setting{Store: "postgres", SharedStore: true}, func(s *deploy.Site) {
			s.Store, s.Domain, s.Migrate = "postgres://shop:***@db.internal/shop", "shop.example.com", true
			s.Variables = []deploy.Variable{
				{Name: "GORGON_PORT", Value: "8090", For: "where it listens"},
				{Name: "GORGON_STORE", Secret: true, For: "the store for pages generated at run time"},
				{Name: "MAIL_FROM", Value: `"Shop, 100%" <shop@example.com> \o/`, For: "who mails are from"},
				{Name: "MAIL_HOST", For: "what sends mails"},
			}
		}),
	}
}

func write(t *testing.T, s deploy.Site) string {
	t.Helper()
	folder := t.TempDir()
	if err := systemd.Target().Write(t.Context(), s, folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestGolden(t *testing.T) {
	for name, s := range sites() {
		t.Run(name, func(t *testing.T) {
			golden := filepath.Join("testdata", name)
			folder := write(t, s)
			if *update {
				if err := errors.Join(os.RemoveAll(golden), os.CopyFS(golden, os.DirFS(folder)), os.Remove(filepath.Join(golden, "ship.sh"))); err != nil {
					t.Fatal(err)
				}
			}
			got := read(t, folder)
			delete(got, "ship.sh") // has tests of its own
			if diff := cmp.Diff(read(t, golden), got); diff != "" {
				t.Errorf("run with -update if this is meant (-golden +written):\n%s", diff)
			}
			if info, err := os.Stat(filepath.Join(folder, "install.sh")); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("install.sh: %v, %v", info, err)
			}
		})
	}
}

// read reads a tree.
func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestNoSecretIsWritten(t *testing.T) {
	s := sites()["disk"]
	s.Variables = append(s.Variables, deploy.Variable{Name: "API_KEY", Value: "hunter2", Secret: true})
	for name, text := range read(t, write(t, s)) {
		if strings.Contains(text, "hunter2") {
			t.Errorf("%s holds it", name)
		}
	}
}

func TestValuesThatAUnitCannotHold(t *testing.T) {
	s := sites()["disk"]
	s.Variables = append(s.Variables, deploy.Variable{Name: "MOTTO", Value: "a\nExecStart=/bin/sh"})
	err := systemd.Target().Write(t.Context(), s, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "MOTTO") {
		t.Errorf("got %v", err)
	}
}

// A user of the system may have the app's name.
func TestTheUserIsNobodyElse(t *testing.T) {
	seen := map[string]bool{}
	long := strings.Repeat("long-", 10)
	for _, app := range []string{"root", "3d", long + "a", long + "b"} {
		s := sites()["still"]
		s.Package.App = app
		text := read(t, write(t, s))[app+".service"]
		_, rest, _ := strings.Cut(text, "\nUser=")
		user, _, _ := strings.Cut(rest, "\n")
		if !strings.HasPrefix(user, "app-") || len(user) > 31 || seen[user] {
			t.Errorf("%s runs as %q", app, user)
		}
		seen[user] = true
	}
}

// worst is the exposure that systemd-analyze may find, in tenths; 0 is a
// program that can do nothing, and 20 begins what it calls medium.
const worst = "15"

func TestUnitsAreReadBySystemd(t *testing.T) {
	analyze := testbed.Program(t, "systemd-analyze")
	for name, s := range sites() {
		t.Run(name, func(t *testing.T) {
			folder := write(t, s)
			// What is verified has to exist.
			program := filepath.Join(t.TempDir(), s.Package.App)
			if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			var units []string
			for file, text := range read(t, folder) {
				switch filepath.Ext(file) {
				case ".service", ".socket", ".timer":
					path := filepath.Join(folder, file)
					for _, link := range []string{"current", "next", "%i"} {
						text = strings.ReplaceAll(text, "/opt/"+s.Package.App+"/"+link+"/"+s.Package.App, program)
					}
					if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
					units = append(units, path)
				}
			}
			slices.Sort(units)
			said, err := exec.CommandContext(t.Context(), analyze, append([]string{"verify", "--man=no", "--recursive-errors=no"}, units...)...).CombinedOutput()
			if err != nil || len(said) > 0 {
				t.Errorf("verify: %v\n%s", err, said)
			}
			for _, u := range units {
				if !strings.HasSuffix(u, ".service") {
					continue
				}
				said, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--no-pager", "--threshold="+worst, u).CombinedOutput()
				if err != nil {
					t.Errorf("security of %s: %v\n%s", filepath.Base(u), err, said)
				}
			}
		})
	}
}

func TestScriptIsPlain(t *testing.T) {
	for name, s := range sites() {
		folder := write(t, s)
		script, ship, run := filepath.Join(folder, "install.sh"), filepath.Join(folder, "ship.sh"), filepath.Join(folder, "run")
		for _, check := range [][]string{{"shellcheck", "--shell=sh", script}, {"dash", "-n", script}, {"shellcheck", "--shell=sh", run}, {"dash", "-n", run}, {"shellcheck", "--shell=bash", ship}, {"bash", "-n", ship}} {
			if said, err := exec.CommandContext(t.Context(), testbed.Program(t, check[0]), check[1:]...).CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %v\n%s", name, check[0], err, said)
			}
		}
	}
}

// packed makes the folder of a package.
func packed(t *testing.T, content string) string {
	t.Helper()
	folder := t.TempDir()
	files := map[string]string{"shop": content, "shop.seed": "seed of " + content, "manifest.json": "{}", "a folder/b": "c"}
	var sums strings.Builder
	for _, name := range []string{"a folder/b", "manifest.json", "shop", "shop.seed"} {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(files[name]), 0o600)); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(files[name]))
		fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	}
	if err := os.WriteFile(filepath.Join(folder, pack.SumsName), []byte(sums.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

// A machine is a root to install into, with a systemctl that notes what it is
// told and fails where a file says so.
type machine struct {
	t             *testing.T
	root, scripts string
	systemctl     string
	release       func() // of a lock
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, root: t.TempDir(), scripts: write(t, sites()["postgres"])}
	m.write("etc/shop/env", "MINE=1\n")
	m.systemctl = filepath.Join(t.TempDir(), "systemctl")
	stub := "#!/bin/sh\necho \"$*\" >>\"$0.log\"\n[ ! -e \"$0.fails\" ] || ! grep -qxF \"$*\" \"$0.fails\"\n"
	if err := os.WriteFile(m.systemctl, []byte(stub), 0o755); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *machine) write(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		m.t.Fatal(err)
	}
}

// install runs the script, and says what was said and what systemctl was told.
func (m *machine) install(args ...string) (said string, told []string, err error) {
	m.t.Helper()
	_ = os.Remove(m.systemctl + ".log")
	cmd := exec.CommandContext(m.t.Context(), testbed.Program(m.t, "dash"), append([]string{filepath.Join(m.scripts, "install.sh")}, args...)...)
	cmd.Env = append(os.Environ(), "DESTDIR="+m.root, "SYSTEMCTL="+m.systemctl)
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	log, _ := os.ReadFile(m.systemctl + ".log")
	return string(out), strings.Split(strings.TrimSpace(string(log)), "\n"), err
}

func (m *machine) must(args ...string) []string {
	m.t.Helper()
	said, told, err := m.install(args...)
	if err != nil {
		m.t.Fatalf("install.sh %q: %v\n%s", args, err, said)
	}
	return told
}

// runs is what the current release holds.
func (m *machine) runs() string {
	data, err := os.ReadFile(filepath.Join(m.root, "opt/shop/current/shop"))
	if err != nil {
		return ""
	}
	return string(data)
}

func (m *machine) releases() int {
	entries, _ := os.ReadDir(filepath.Join(m.root, "opt/shop/releases"))
	return len(entries)
}

func TestInstall(t *testing.T) {
	m := newMachine(t)
	m.write("etc/caddy/Caddyfile", "# A sample.\n\n:80 {\n\t# Of the distribution.\n\troot * /usr/share/caddy\n\n\tfile_server\n}\n")
	one := packed(t, "one")
	told := m.must(one)
	want := []string{
		"daemon-reload", "start shop-migrate@next.service", "start shop-next.service", "stop shop-next.service",
		"daemon-reload", "enable shop.service", "enable --now shop.socket",
		"restart shop.service", "start shop-ready.service", "reload-or-restart caddy.service",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("systemctl (-want +told):\n%s", diff)
	}
	if got := m.runs(); got != "one" {
		t.Errorf("it runs %q", got)
	}
	for name, mode := range map[string]fs.FileMode{
		"opt/shop/current/shop": 0o755, "opt/shop/current/shop.seed": 0o644, "opt/shop/current/a folder/b": 0o644,
		"etc/systemd/system/shop.service": 0o644, "etc/systemd/system/shop.socket": 0o644,
		"etc/systemd/system/shop-migrate@.service": 0o644, "etc/systemd/system/shop-maintain.timer": 0o644,
		"etc/systemd/system/shop-next.service": 0o644, "etc/systemd/system/shop-ready.service": 0o644,
		"etc/shop/env": 0o600, "etc/caddy/sites/shop.caddy": 0o644, "etc/caddy/Caddyfile.before-shop": 0o600,
	} {
		if info, err := os.Stat(filepath.Join(m.root, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}

	if data, _ := os.ReadFile(filepath.Join(m.root, "etc/caddy/Caddyfile")); string(data) != "import sites/*.caddy\n" {
		t.Errorf("Caddy reads %q", data)
	}

	// Again: nothing is undone, and what is the operator's stays.
	m.must(one)
	if data, _ := os.ReadFile(filepath.Join(m.root, "etc/shop/env")); string(data) != "MINE=1\n" || m.runs() != "one" || m.releases() != 1 {
		t.Errorf("the second time: env %q, runs %q, %d releases", data, m.runs(), m.releases())
	}
	if said, _, err := m.install("--rollback"); err == nil || !strings.Contains(said, "no release to go back to") {
		t.Errorf("rollback of the first: %v\n%s", err, said)
	}

	for _, next := range []string{"two", "three", "four", "five"} {
		m.must(packed(t, next))
	}
	if m.runs() != "five" || m.releases() != 3 {
		t.Errorf("it runs %q, %d releases", m.runs(), m.releases())
	}
	if told := m.must("--rollback"); m.runs() != "four" || !slices.Equal(told, []string{"daemon-reload", "enable --now shop.socket", "restart shop.service", "start shop-ready.service"}) {
		t.Errorf("after a rollback it runs %q, told %q", m.runs(), told)
	}
	if m.must("--rollback"); m.runs() != "five" {
		t.Errorf("after a second rollback it runs %q", m.runs())
	}
}

func TestASocketThatMovesIsOpenedAgain(t *testing.T) {
	m := newMachine(t)
	one := packed(t, "one")
	m.must(one)
	socket := filepath.Join(m.scripts, "shop.socket")
	data, err := os.ReadFile(socket)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(socket, bytes.ReplaceAll(data, []byte("8090"), []byte("8091")), 0o644); err != nil {
		t.Fatal(err)
	}
	moved := packed(t, "two")
	told := m.must(moved)
	if i := slices.Index(told, "stop shop.service shop.socket"); i < 0 || i > slices.Index(told, "restart shop.service") {
		t.Errorf("told %q", told)
	}
	// And going back opens the one before.
	if told := m.must("--rollback"); told[0] != "stop shop.service shop.socket" {
		t.Errorf("going back: told %q", told)
	}
	if data, _ := os.ReadFile(filepath.Join(m.root, "etc/systemd/system/shop.socket")); !bytes.Contains(data, []byte("8090")) {
		t.Errorf("after going back the socket is\n%s", data)
	}
}

func TestInstallRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(m *machine, folder string) error
		args  []string // default: the package
		says  string
	}{
		"an altered file": {
			spoil: func(_ *machine, folder string) error {
				return os.WriteFile(filepath.Join(folder, "shop.seed"), []byte("other"), 0o644)
			},
			says: "is not as it was packed",
		},
		"a missing file": {
			spoil: func(_ *machine, folder string) error { return os.Remove(filepath.Join(folder, "shop")) },
			says:  "is not as it was packed",
		},
		"no package": {args: []string{"/nonexistent"}, says: "name the folder of the package"},
		"a flag":     {args: []string{"--help"}, says: "usage:"},
		"two":        {args: []string{"a", "b"}, says: "usage:"},
		"a file outside": {
			spoil: func(_ *machine, folder string) error {
				outside := filepath.Join(filepath.Dir(folder), "outside")
				sum := sha256.Sum256(nil)
				return errors.Join(os.WriteFile(outside, nil, 0o644),
					os.WriteFile(filepath.Join(folder, pack.SumsName), fmt.Appendf(nil, "%x  ../outside\n", sum), 0o644))
			},
			says: "outside the package",
		},
		"another's unit": {
			spoil: func(m *machine, _ string) error {
				return os.WriteFile(filepath.Join(m.root, "etc/systemd/system/shop.service"), []byte("[Service]\nExecStart=/usr/bin/shop\n"), 0o644)
			},
			says: "belongs to something else",
		},
		"another's helper": {
			spoil: func(m *machine, _ string) error {
				return os.WriteFile(filepath.Join(m.root, "etc/systemd/system/shop-next.service"), []byte("[Service]\nExecStart=/opt/shop-next/current/shop-next serve\n"), 0o644)
			},
			says: "belongs to something else",
		},
		"the system's unit": {
			spoil: func(m *machine, _ string) error {
				dir := filepath.Join(m.root, "usr/lib/systemd/system")
				return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "shop.socket"), nil, 0o644))
			},
			says: "belongs to something else",
		},
		"a failing migration": {
			spoil: func(m *machine, _ string) error {
				return os.WriteFile(m.systemctl+".fails", []byte("start shop-migrate@next.service\n"), 0o644)
			},
			says: "could not be laid out, and the release before stays",
		},
		"a release that is not ready": {
			spoil: func(m *machine, _ string) error {
				return os.WriteFile(m.systemctl+".fails", []byte("start shop-next.service\n"), 0o644)
			},
			says: "is not ready, and the release before stays",
		},
		"another that works": {
			spoil: func(m *machine, _ string) error {
				holder := exec.Command("flock", "--no-fork", filepath.Join(m.root, "opt/shop/.lock"), "sh", "-c", "echo held; exec sleep 60")
				out, err := holder.StdoutPipe()
				if err != nil {
					return err
				}
				m.release = func() { _ = holder.Process.Kill(); _ = holder.Wait() }
				if err := holder.Start(); err != nil {
					return err
				}
				_, err = out.Read(make([]byte, 1))
				return err
			},
			says: "another install.sh works here",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.must(packed(t, "zero"))
			m.must(packed(t, "one"))
			folder := packed(t, "two")
			if c.spoil != nil {
				if err := c.spoil(m, folder); err != nil {
					t.Fatal(err)
				}
			}
			if c.args == nil {
				c.args = []string{folder}
			}
			said, told, err := m.install(c.args...)
			if err == nil || !strings.Contains(said, c.says) {
				t.Errorf("%v, it says %q, want %q", err, said, c.says)
			}
			if slices.Contains(told, "restart shop.service") || m.runs() != "one" {
				t.Errorf("told %q; it runs %q", told, m.runs())
			}
			_ = os.Remove(m.systemctl + ".fails")
			if m.release != nil {
				m.release()
			}
			if left := read(t, filepath.Join(m.root, "opt/shop/releases")); left[".new/shop"] != "" {
				t.Error("a part of a release is left")
			}
			if m.must("--rollback"); m.runs() != "zero" {
				t.Errorf("after it, a rollback leads to %q", m.runs())
			}
		})
	}
}

// What fails once it has visitors is taken back, with its units.
func TestAReleaseThatFailsIsTakenBack(t *testing.T) {
	for _, fails := range []string{"restart shop.service", "start shop-ready.service"} {
		m := newMachine(t)
		m.must(packed(t, "zero"))
		m.must(packed(t, "one"))
		// It fails once: what is taken back starts.
		stub := "#!/bin/sh\necho \"$*\" >>\"$0.log\"\n[ \"$*\" != '" + fails + "' ] || [ -e \"$0.failed\" ] || { : >\"$0.failed\"; exit 1; }\n"
		if err := os.WriteFile(m.systemctl, []byte(stub), 0o755); err != nil {
			t.Fatal(err)
		}
		said, _, err := m.install(packed(t, "two"))
		if err == nil || !strings.Contains(said, "back to release") || m.runs() != "one" {
			t.Errorf("%s: %v, it runs %q: %s", fails, err, m.runs(), said)
		}
		if m.must("--rollback"); m.runs() != "zero" {
			t.Errorf("%s: after it, a rollback leads to %q", fails, m.runs())
		}
	}
}

// Releases of an installer that kept no units with them are gone back to, and its
// unit of migrations goes.
func TestAnInstallationOfBefore(t *testing.T) {
	m := newMachine(t)
	m.must(packed(t, "one"))
	m.write("etc/systemd/system/shop-migrate.service", "[Service]\nExecStart=/opt/shop/current/shop migrate\n")
	if err := os.RemoveAll(filepath.Join(m.root, "opt/shop/units")); err != nil {
		t.Fatal(err)
	}
	m.must(packed(t, "two"))
	if _, err := os.Stat(filepath.Join(m.root, "etc/systemd/system/shop-migrate.service")); err == nil {
		t.Error("the unit of migrations of before is there")
	}
	if m.must("--rollback"); m.runs() != "one" {
		t.Errorf("it runs %q", m.runs())
	}
	if units := read(t, filepath.Join(m.root, "etc/systemd/system")); units["shop.service"] == "" || units["shop.socket"] == "" {
		t.Errorf("units are missing: %d are there", len(units))
	}
}

// What cannot be made up is asked for, before anything is started.
func TestInstallAsksForValues(t *testing.T) {
	m := newMachine(t)
	env := filepath.Join(m.root, "etc/shop/env")
	if err := os.Remove(env); err != nil {
		t.Fatal(err)
	}
	one := packed(t, "one")
	said, told, err := m.install(one)
	if e, is := errors.AsType[*exec.ExitError](err); !is || e.ExitCode() != 3 || !strings.Contains(said, "GORGON_STORE MAIL_HOST") || told[0] != "" {
		t.Errorf("%v, told %q: %s", err, told, said)
	}
	if info, err := os.Stat(env); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if m.must(one); m.runs() != "one" {
		t.Errorf("it runs %q", m.runs())
	}
}

// A secret for which any text is right is made where it is used.
func TestInstallMakesSecrets(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		m := newMachine(t)
		s := sites()["still"]
		s.Package.App, s.Package.Program = "shop", "shop"
		s.Variables = []deploy.Variable{{Name: "GORGON_PURGE_KEY", Secret: true, Random: true, For: "what signs purges"}}
		m.scripts = write(t, s)
		if err := os.Remove(filepath.Join(m.root, "etc/shop/env")); err != nil {
			t.Fatal(err)
		}
		said, _, err := m.install(packed(t, "one"))
		if err != nil {
			t.Fatal(said)
		}
		data, _ := os.ReadFile(filepath.Join(m.root, "etc/shop/env"))
		_, rest, _ := strings.Cut(string(data), "\nGORGON_PURGE_KEY=\"")
		key, _, closed := strings.Cut(rest, "\"\n")
		if !closed || len(key) != 43 || seen[key] || strings.Contains(said, key) {
			t.Errorf("the key is %q; it said %s", key, said)
		}
		seen[key] = true
	}
}

// A Caddyfile that the operator wrote is not changed.
func TestInstallLeavesCaddyfilesAlone(t *testing.T) {
	m := newMachine(t)
	const mine = "example.org {\n\trespond hello\n}\n"
	m.write("etc/caddy/Caddyfile", mine)
	said, told, err := m.install(packed(t, "one"))
	if err != nil || !strings.Contains(said, "is yours: add the line 'import sites/*.caddy'") || slices.Contains(told, "reload-or-restart caddy.service") {
		t.Errorf("%v, told %q: %s", err, told, said)
	}
	m.write("etc/caddy/sites/shop.caddy", "# Changed.\n")
	said, _, err = m.install(packed(t, "two"))
	files := read(t, filepath.Join(m.root, "etc/caddy"))
	if err != nil || files["Caddyfile"] != mine || files["sites/shop.caddy"] != "# Changed.\n" || !strings.Contains(said, "it is left as it is") {
		t.Errorf("%v, %q: %s", err, files, said)
	}
}

// The next release listens where the present one does not.
func TestTheTrialHasAnAddressOfItsOwn(t *testing.T) {
	for host, want := range map[string]string{"": "127.0.0.2:8080", "127.0.0.1": "127.0.0.2:8080", "::1": "127.0.0.2:8080", "0.0.0.0": "127.0.0.2:8081", "::": "127.0.0.2:8081"} {
		s := sites()["still"]
		s.Variables = []deploy.Variable{{Name: "GORGON_HOST", Value: host}}
		unit := read(t, write(t, s))["docs-next.service"]
		if !strings.Contains(unit, " serve --role web --addr "+want+" ") || !strings.Contains(unit, " health --addr "+want+" ") {
			t.Errorf("beside %q the trial is not at %s:\n%s", host, want, unit)
		}
	}
}

// A database that is a file of this machine has no password.
func TestAFileOfRowsIsNamed(t *testing.T) {
	s := sites()["still"]
	s.App.Parts = append(s.App.Parts, plan.Part{Name: "database", Needs: []plan.Need{{Kind: plan.File}}})
	s.Variables = []deploy.Variable{{Name: "DATABASE_URL", Secret: true, For: "the app's own database"}}
	if unit := read(t, write(t, s))["docs.service"]; !strings.Contains(unit, "Environment=\"DATABASE_URL=sqlite:/var/lib/docs/docs.db\"\n") {
		t.Errorf("the unit does not name it:\n%s", unit)
	}
}

// The app's files are in the state directory, unless the program cannot have them
// on a disk: then they are in a bucket, to which the operator has the key.
func TestFilesAreOnTheDisk(t *testing.T) {
	s := sites()["still"]
	s.App.Parts = append(s.App.Parts, plan.Part{Name: plan.FilesPart, Needs: []plan.Need{{Part: plan.FilesPart, Kind: plan.AppFiles}}})
	s.Variables = s.Files("")
	files := read(t, write(t, s))
	if unit := files["docs.service"]; !strings.Contains(unit, "Environment=\"FILES_URL=disk:/var/lib/docs/files\"\n") {
		t.Errorf("the unit does not name them:\n%s", unit)
	}
	s.App.Files = []string{"s3"}
	s.Variables = s.Files("")
	files = read(t, write(t, s))
	for _, name := range []string{"FILES_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		if strings.Contains(files["docs.service"], name) || !strings.Contains(files["env.example"], "\n#"+name+"=\"\"\n") {
			t.Errorf("%s is not asked for:\n%s", name, files["env.example"])
		}
	}
	s.Variables = []deploy.Variable{{Name: "FILES_URL", Value: "disk:/srv/files"}}
	if unit := read(t, write(t, s))["docs.service"]; !strings.Contains(unit, "Environment=\"FILES_URL=disk:/srv/files\"\n") {
		t.Errorf("the site's own value is not there:\n%s", unit)
	}
}

// The folders that targets have in a package are not part of a release, which
// has the same name with and without them.
func TestInstallLeavesTargetsWhereTheyAre(t *testing.T) {
	m := newMachine(t)
	one := packed(t, "one")
	m.must(one)
	for _, name := range []string{"oci/deployed.json", "oci/image.tar", "oci/layout/blob"} {
		path := filepath.Join(one, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := pack.Sums(one); err != nil {
		t.Fatal(err)
	}
	m.must(one)
	if n := m.releases(); n != 1 {
		t.Errorf("%d releases of one package", n)
	}
	at := filepath.Join(m.root, "opt/shop/current")
	if _, err := os.Stat(filepath.Join(at, "oci")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the image is in the release: %v", err)
	}
	if data, err := os.ReadFile(filepath.Join(at, "a folder/b")); err != nil || string(data) != "c" {
		t.Errorf("a folder of the package is not: %q, %v", data, err)
	}
}
