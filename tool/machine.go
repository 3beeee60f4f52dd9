// What doctor checks of the machine.

package tool

import (
	"cmp"
	"context"
	"fmt"
	"go/version"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
)

func (e *examination) machine() {
	e.goCommand()
	e.goSettings()
	e.modules()
	e.cache()
	e.port()
	e.git()
	e.optional("templ", "for views in templ; html/template needs nothing", "go install github.com/a-h/templ/cmd/templ@latest", "templ")
	e.optional("chromium", "for looking at pages as a browser shows them", "install it from your distribution, as in apt-get install chromium", "chromium", "chromium-browser", "google-chrome", "chrome")
}

func (e *examination) goCommand() {
	const check = "go"
	if _, err := exec.LookPath("go"); err != nil {
		e.noGo = true
		e.add(check, bad, "there is no go command", "install Go from https://go.dev/dl/ and put its bin folder into PATH")
		return
	}
	wanted := leastGo
	if text, err := os.ReadFile(e.goEnv("GOMOD")); err == nil && len(text) > 0 {
		if f, err := modfile.ParseLax("go.mod", text, nil); err == nil && f.Go != nil && version.Compare("go"+f.Go.Version, "go"+wanted) > 0 {
			wanted = f.Go.Version
		}
	}
	has, err := says(e.ctx, "", nil, "go", "env", "GOVERSION")
	switch {
	case err != nil:
		e.noGo = true
		e.add(check, bad, err.Error(), "install Go "+wanted+" or later from https://go.dev/dl/")
	case version.Compare(has, "go"+wanted) < 0:
		e.noGo = true
		e.add(check, bad, fmt.Sprintf("it is %s, and Go %s is needed", has, wanted), "install it from https://go.dev/dl/, or let the go command get it: go env -w GOTOOLCHAIN=auto")
	default:
		e.add(check, good, has, "")
	}
}

func (e *examination) goEnv(name string) string {
	value, _ := says(e.ctx, "", nil, "go", "env", name)
	return value
}

// goSettings looks for settings with which builds do something else.
func (e *examination) goSettings() {
	const check = "go settings"
	if e.noGo {
		e.add(check, skipped, "there is no go command to ask", "")
		return
	}
	if root, err := filepath.Abs(filepath.Dir(e.goEnv("GOMOD"))); err == nil {
		_, err = os.Stat(filepath.Join(root, "vendor", "modules.txt"))
		e.vendored = err == nil
	}
	flags := strings.Fields(e.goEnv("GOFLAGS"))
	has := func(flag string) bool { return slices.Contains(flags, flag) || slices.Contains(flags, "-"+flag) }
	const unset = "go env -u GOFLAGS, or unset GOFLAGS where it comes from the environment"
	switch {
	case e.goEnv("GO111MODULE") == "off":
		e.add(check, bad, "GO111MODULE is off, and projects are modules", "go env -u GO111MODULE, or unset it where it comes from the environment")
	case has("-n"):
		e.add(check, bad, "GOFLAGS has -n: nothing is compiled", unset)
	case has("-mod=vendor") && !e.vendored:
		e.add(check, bad, "GOFLAGS has -mod=vendor, and there is no vendor folder", "go mod vendor, or "+unset)
	case has("-mod=mod"):
		e.add(check, advice, "GOFLAGS has -mod=mod: builds change go.mod, which deploy then finds uncommitted", unset)
	case len(flags) > 0:
		e.add(check, good, "GOFLAGS "+strings.Join(flags, " "), "")
	default:
		e.add(check, good, "nothing out of the ordinary", "")
	}
}

// modules says whether modules can be downloaded.
func (e *examination) modules() {
	const check = "modules"
	proxy := e.goEnv("GOPROXY")
	switch {
	case e.noGo:
		e.add(check, skipped, "there is no go command to ask", "")
		return
	case e.vendored:
		e.add(check, good, "the project carries them in vendor", "")
		return
	case proxy == "off":
		e.add(check, advice, "GOPROXY is off: only those in the module cache can be had", "go env -u GOPROXY, or unset it where it comes from the environment")
		return
	}
	ctx, cancel := context.WithTimeout(e.ctx, 15*time.Second)
	defer cancel()
	// Any module will do that every proxy has.
	if _, err := goSays(ctx, os.TempDir(), "list", "-m", "golang.org/x/mod@latest"); err != nil {
		e.add(check, advice, fmt.Sprintf("none can be downloaded by GOPROXY: %s", err),
			"those in the module cache can still be had; see to the network, set GOPROXY to a proxy that can be reached, or carry modules with go mod vendor")
		return
	}
	e.add(check, good, "they can be downloaded", "")
}

// cache says whether the go command can keep what it compiles.
func (e *examination) cache() {
	const check = "build cache"
	folder := e.goEnv("GOCACHE")
	if e.noGo || folder == "" {
		e.add(check, skipped, "there is no go command to ask", "")
		return
	}
	err := os.MkdirAll(folder, 0o777)
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(folder, "gorgon-doctor-*"); err == nil {
			err = cmp.Or(f.Close(), os.Remove(f.Name()))
		}
	}
	if err != nil {
		e.add(check, bad, err.Error(), "make the folder writable, or choose another with go env -w GOCACHE=FOLDER")
		return
	}
	e.add(check, good, folder+" can be written", "")
}

// port says whether the app can listen where it does by default.
func (e *examination) port() {
	const check = "port"
	port := cmp.Or(os.Getenv("GORGON_PORT"), os.Getenv("PORT"), "8080")
	addr := net.JoinHostPort(cmp.Or(os.Getenv("GORGON_HOST"), "127.0.0.1"), port)
	l, err := new(net.ListenConfig).Listen(e.ctx, "tcp", addr)
	if err != nil {
		e.add(check, advice, "an app cannot listen at "+addr+": "+err.Error(), "stop what listens there, or serve elsewhere with --addr 127.0.0.1:8081 or GORGON_PORT")
		return
	}
	_ = l.Close()
	e.add(check, good, addr+" is free", "")
}

func (e *examination) git() {
	said, err := git(e.ctx, "", "--version")
	if err != nil {
		e.add("git", advice, "there is none, and deploy wants a commit", "install git")
		return
	}
	e.add("git", good, strings.TrimPrefix(said, "git version "), "")
}

func (e *examination) optional(check, what, hint string, programs ...string) {
	for _, p := range programs {
		if at, err := exec.LookPath(p); err == nil {
			e.add(check, good, at, "")
			return
		}
	}
	e.add(check, advice, "not found; it may be left out: "+what, hint)
}
