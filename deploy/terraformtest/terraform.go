// How terraform is found and run, and how its providers are made.

package terraformtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// registry is the host in the addresses that terraform gives to short ones.
const registry = "registry.terraform.io"

// A tool is terraform with the providers of this repository.
type tool struct {
	program  string
	config   string // names the folder of providers
	attached string // the providers that run already
}

var found struct {
	sync.Once
	tool
	err  error
	open []io.Closer // what providers that run hold on to: one that is collected ends them
}

// errMissing is that terraform is not installed.
var errMissing = errors.New("terraform is not installed (scripts/servers says how)")

// need finds terraform. A test that lacks it is skipped, in CI it fails.
func need(t *testing.T) tool {
	t.Helper()
	found.Do(func() { found.tool, found.err = find() })
	if mayLack(found.err, os.Getenv("CI")) {
		t.Skipf("NOT CHECKED: %v", found.err)
	} else if found.err != nil {
		t.Fatal(found.err)
	}
	return found.tool
}

// mayLack reports whether a test is skipped for an error.
func mayLack(err error, ci string) bool { return errors.Is(err, errMissing) && ci != "true" }

func find() (tool, error) {
	program, err := exec.LookPath("terraform")
	if err != nil {
		return tool{}, errMissing
	}
	source, err := source()
	if err != nil {
		return tool{}, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return tool{}, err
	}
	folder, err := providers(source, filepath.Join(cache, "gorgon-testbed", "terraform"))
	if err != nil {
		return tool{}, err
	}
	attached, err := attach(folder)
	return tool{program, filepath.Join(folder, "terraformrc"), attached}, err
}

// attach starts each provider once for all runs, and says where they are. They end
// with this program, which holds the other end of their standard input.
func attach(folder string) (string, error) {
	programs, err := filepath.Glob(filepath.Join(folder, registry, "*", "*", "*", "*", "terraform-provider-*"))
	if err != nil {
		return "", err
	}
	all := map[string]json.RawMessage{}
	for _, program := range programs {
		c := exec.Command(program, "attach")
		in, err := c.StdinPipe()
		if err != nil {
			return "", err
		}
		found.open = append(found.open, in)
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			return "", err
		}
		if err := json.NewDecoder(out).Decode(&all); err != nil {
			return "", fmt.Errorf("%s says not where it is: %w", program, err)
		}
	}
	text, err := json.Marshal(all)
	return string(text), err
}

// source is the folder of the provider's module in this repository.
func source() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		at := filepath.Join(dir, "tools", "terraform")
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return "", errors.Join(err, errors.New("no folder above this one has tools/terraform"))
}

// providers builds the provider, and lays it out as terraform looks for those of
// several names. The folder is named by the content of all that goes into it.
func providers(source, cache string) (string, error) {
	h := sha256.New()
	var code []string
	for _, pattern := range []string{"*.go", "go.mod", "go.sum", "schemas/*.json"} {
		names, err := filepath.Glob(filepath.Join(source, pattern))
		if err != nil || len(names) == 0 {
			return "", errors.Join(err, fmt.Errorf("%s has no %s", source, pattern))
		}
		code = append(code, names...)
	}
	for _, name := range code {
		data, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n", filepath.Base(name), len(data))
		h.Write(data)
	}
	folder := filepath.Join(cache, hex.EncodeToString(h.Sum(nil))[:12])
	if done(folder) {
		return folder, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	// Test programs of several packages begin together: one of them builds.
	lock := flock.New(filepath.Join(cache, "lock"))
	if err := lock.Lock(); err != nil {
		return "", err
	}
	defer lock.Unlock()
	if done(folder) {
		return folder, nil
	}
	dir, err := os.MkdirTemp(cache, "making-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	if err := lay(source, dir, folder); err != nil {
		return "", err
	}
	forget(cache)
	return folder, os.Rename(dir, folder)
}

// forget removes providers that were made a month ago and more, of other contents.
func forget(cache string) {
	old, err := os.ReadDir(cache)
	if err != nil {
		return
	}
	for _, e := range old {
		if info, err := e.Info(); err == nil && e.IsDir() && time.Since(info.ModTime()) > 30*24*time.Hour {
			os.RemoveAll(filepath.Join(cache, e.Name()))
		}
	}
}

func done(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "terraformrc"))
	return err == nil
}

// lay fills a folder that is renamed afterwards.
func lay(source, dir, folder string) error {
	program := filepath.Join(dir, "provider")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, ".")
	build.Dir = source
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("the provider in %s is not built: %w\n%s", source, err, out)
	}
	facts, err := os.ReadFile(filepath.Join(source, "schemas", "facts.json"))
	if err != nil {
		return err
	}
	schemas, err := filepath.Glob(filepath.Join(source, "schemas", "*.json"))
	if err != nil {
		return err
	}
	for _, file := range schemas {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if name == "facts" {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var about struct {
			Version string `json:"x_version"`
		}
		if err := json.Unmarshal(data, &about); err != nil || about.Version == "" {
			return fmt.Errorf("%s: the provider's version is missing: %w", file, err)
		}
		at := filepath.Join(dir, registry, "hashicorp", name, about.Version, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		err = errors.Join(
			os.Link(program, filepath.Join(at, "terraform-provider-"+name+"_v"+about.Version)),
			os.WriteFile(filepath.Join(at, "schema.json"), data, 0o644),
			os.WriteFile(filepath.Join(at, "facts.json"), facts, 0o644),
		)
		if err != nil {
			return err
		}
	}
	config := fmt.Sprintf("provider_installation {\n  filesystem_mirror { path = %q }\n}\ndisable_checkpoint = true\n", folder)
	return os.WriteFile(filepath.Join(dir, "terraformrc"), []byte(config), 0o644)
}

// run runs terraform in a folder, and gives what it prints.
func (p tool) run(ctx context.Context, dir string, args ...string) ([]byte, []byte, error) {
	c := exec.CommandContext(ctx, p.program, args...)
	c.Dir = dir
	// What a developer has set for clouds and for terraform itself is not for here.
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "TF_") && !strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "GOOGLE_") {
			c.Env = append(c.Env, v)
		}
	}
	// terraform and its providers live for a second: to collect their garbage is a
	// third of it.
	c.Env = append(c.Env, "TF_CLI_CONFIG_FILE="+p.config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "GOGC=off", "GOMEMLIMIT=500MiB")
	// init compares the constraints with the versions that are there.
	if args[0] != "init" {
		c.Env = append(c.Env, "TF_REATTACH_PROVIDERS="+p.attached)
	}
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	return stdout.Bytes(), stderr.Bytes(), err
}
