// Clients of a real server, in the languages that they are made for.

package generate_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/generate"
	"github.com/gorgon-go/gorgon/testbed"
)

// installed finds a program that scripts/servers installs.
func installed(t *testing.T, name ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it runs compilers")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(append([]string{cache, "gorgon-testbed"}, name...)...)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("%s: %v", filepath.Join(name...), testbed.ErrMissing)
	}
	return file
}

// run runs a program in a folder, which may fail only if it is to.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	begun := time.Now()
	out, err := try(dir, args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	t.Logf("%s: %.1f s", filepath.Base(args[0]), time.Since(begun).Seconds())
	return out
}

func try(dir string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second) // a stream that starts again each time never ends
	defer cancel()
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir, c.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "REDOCLY_TELEMETRY=off", "CI=true")
	out, err := c.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, dir, name string, text []byte) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func modelOf(t *testing.T, openapi []byte) *generate.Model {
	t.Helper()
	m, err := generate.Read(openapi)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// report prints what a program says of its checks, which are at least so many.
func report(t *testing.T, said string, least int) {
	t.Helper()
	if strings.Contains(said, "FAIL") {
		t.Error(said)
		return
	}
	t.Log(strings.TrimSpace(said))
	made := 0
	if n := regexp.MustCompile(`(\d+) checks`).FindStringSubmatch(said); n != nil {
		made, _ = strconv.Atoi(n[1])
	}
	if made < least {
		t.Errorf("it made %d checks, fewer than %d", made, least)
	}
}

const strict = `{"compilerOptions": {"strict": true, "exactOptionalPropertyTypes": true, "noUncheckedIndexedAccess": true, "noImplicitOverride": true,
	"noPropertyAccessFromIndexSignature": true, "noUnusedLocals": true, "noUnusedParameters": true, "verbatimModuleSyntax": true, "isolatedModules": true,
	"noImplicitReturns": true, "noFallthroughCasesInSwitch": true, "skipLibCheck": false, "types": [],
	"target": "es2022", "lib": ["es2022", "dom", "dom.iterable"], "module": "nodenext", "outDir": "out"}, "include": ["*.ts"]}`

func TestClientsTypeScript(t *testing.T) {
	tsc := installed(t, "npm", "node_modules", ".bin", "tsc")
	url, openapi := serveApp(t)
	dir := t.TempDir()
	api := generate.TypeScript(modelOf(t, openapi))
	write(t, dir, "api.ts", api)
	write(t, dir, "package.json", []byte(`{"type": "module"}`))
	write(t, dir, "tsconfig.json", []byte(strict))
	for _, name := range []string{"check.ts", "calls.ts", "listed.ts", "unlisted.ts", "negative.ts"} {
		write(t, dir, name, read(t, "typescript/"+name))
	}
	if bytes.Contains(api, []byte("\nimport ")) {
		t.Error("the client imports something")
	}
	if n := strings.Count(string(read(t, "typescript/negative.ts")), "\n// @ts-expect-error "); n != 26 {
		t.Errorf("there are %d mistakes for the compiler", n)
	}
	run(t, dir, tsc, "--project", "tsconfig.json")
	begun := streams.Load()
	report(t, run(t, dir, "node", "out/calls.js", url), 20)
	if n := streams.Load() - begun; n < 20 {
		t.Errorf("the streams came over %d connections", n)
	}
	t.Logf("api.ts has %d lines", bytes.Count(api, []byte("\n")))
}

func TestClientsGo(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a compiler")
	}
	url, openapi := serveApp(t)
	dir := t.TempDir()
	client, err := generate.Go(modelOf(t, openapi), "kitchen")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "go.mod", []byte("module example.com/other\n\ngo 1.26\n"))
	write(t, dir, "kitchen/kitchen.go", client)
	write(t, dir, "main.go", read(t, "golang/main.go.txt"))
	run(t, dir, "go", "vet", "./...")
	report(t, run(t, dir, "go", "run", ".", url), 20)
	t.Logf("kitchen.go has %d lines", bytes.Count(client, []byte("\n")))
}

func TestClientsDart(t *testing.T) {
	modules := installed(t, "clients", "node_modules")
	_, openapi := serveApp(t)
	dir := t.TempDir()
	client := generate.Dart(modelOf(t, openapi))
	good := write(t, dir, "api.dart", client)
	said := run(t, ".", "node", "testdata/npm/dart.cjs", filepath.Dir(modules), good)
	if strings.Contains(said, "FAULT") || !strings.Contains(said, " nodes") {
		t.Error(said)
	}
	// The grammar finds what is broken.
	for _, broken := range [][2]string{{"Level.fromJson(", "Level.fromJson(("}, {"final class Level {", "final class {"}, {"final String text;", "final String text"},
		{"RoomConnection._(_app,", "RoomConnection._(_app"}, {"Stream<RoomEvent<S, Out>> events(", "Stream<RoomEvent<S, Out> events("}} {
		bad := bytes.Replace(client, []byte(broken[0]), []byte(broken[1]), 1)
		if bytes.Equal(bad, client) {
			t.Errorf("the client has no %q to break", broken[0])
		}
		said := run(t, ".", "node", "testdata/npm/dart.cjs", filepath.Dir(modules), write(t, dir, "bad.dart", bad))
		if !strings.Contains(said, "FAULT") {
			t.Errorf("%q: no fault was found: %s", broken, said)
		}
	}
	t.Logf("api.dart has %d lines; %s", bytes.Count(client, []byte("\n")), strings.TrimSpace(said))
}
