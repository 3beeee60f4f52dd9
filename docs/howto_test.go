// The guides of docs/how-to are run: the programs that they show are built as
// they stand, started, and asked for what the guides promise.

package docs_test

import (
	"bufio"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/wire"
)

// fence is a block of a guide that is a file: its name stands before it.
var fence = regexp.MustCompile("(?ms)^`([\\w./-]+)`:\n\n```\\w+\n(.*?)^```$")

// filesOf are the files that a guide shows.
func filesOf(text string) map[string]string {
	files := map[string]string{}
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		files[m[1]] = m[2]
	}
	return files
}

// build writes the program of each guide into a module of its own, and builds
// all of them at once.
func build(t *testing.T) (bin string) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	write("go.mod", strings.Replace(read("../go.mod"), "module github.com/gorgon-go/gorgon\n", "module example.com/guides\n", 1)+
		"\nrequire github.com/gorgon-go/gorgon v0.0.0\nreplace github.com/gorgon-go/gorgon => "+root+"\n")
	write("go.sum", read("../go.sum"))
	guides, err := filepath.Glob("how-to/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, guide := range guides {
		text := read(guide)
		name := strings.TrimSuffix(filepath.Base(guide), ".md")
		if checks[name] == nil && !strings.Contains(text, "```go\n") {
			continue // it shows no program
		}
		if checks[name] == nil {
			t.Errorf("%s has no check", guide)
		}
		files := filesOf(text)
		if strings.Count(text, "```go\n") != 1 || files["main.go"] == "" {
			t.Errorf("%s: a guide has one block of Go, a whole main.go: other Go would not be compiled", guide)
		}
		for file, content := range files {
			write(name+"/"+file, content)
		}
	}
	bin = filepath.Join(dir, "bin")
	c := exec.CommandContext(t.Context(), "go", "build", "-o", bin+string(filepath.Separator), "-ldflags=-s -w", "./...")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// migrating are the guides whose program has a database.
var migrating = map[string]bool{
	"database": true, "import": true, "migrations": true, "once": true, "sqlc": true,
	"oidc": true, "passkeys": true, "roles": true, "tokens": true, "delete-account": true, "job": true, "schedule": true, "progress": true,
}

func TestGuides(t *testing.T) {
	bin := build(t)
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := filepath.Join(bin, name)
			if runtime.GOOS == "windows" {
				program += ".exe"
			}
			checks[name](start(t, program, migrating[name]))
		})
	}
}

// A site is the program of a guide, and a visitor.
type site struct {
	*testing.T
	url    string
	client *http.Client
	log    func() string
}

// start runs a program with the variables that the guides need, after it has
// migrated its database, if it has one.
func start(t *testing.T, program string, migrates bool) *site {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, program, "serve", "--addr", "127.0.0.1:0")
	c.Dir = t.TempDir()
	database := "DATABASE_URL=sqlite:" + filepath.Join(c.Dir, "guide.db")
	if migrates {
		m := exec.CommandContext(ctx, program, "migrate")
		m.Dir, m.Env = c.Dir, append(os.Environ(), database)
		if said, err := m.CombinedOutput(); err != nil {
			t.Fatalf("migrate: %v\n%s", err, said)
		}
	}
	c.Env = append(os.Environ(), database, wire.ReadyVariable+"="+wire.ReadyJSON, "GORGON_DRAIN=0s",
		"SITE_PASSWORD=open sesame", "HOOK_KEY=a key", "HOOK_TOKEN=a token", "GREETING=Good day", "BAKERY_OVEN_KEY=oven key", "BAKERY_LOAVES=30", "BAKERY_MAIL_HOST=")
	c.Env = append(append(c.Env, providerVariables()...), mailVariables(strings.TrimSuffix(filepath.Base(program), ".exe"))...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 5 * time.Second
	said, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var log strings.Builder
	at, read := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if ready, ok := wire.ParseReady(lines.Text()); ok {
				at <- strings.TrimSuffix(ready.URL, "/")
			}
			mu.Lock()
			log.WriteString(lines.Text() + "\n")
			mu.Unlock()
		}
	}()
	text := func() string { mu.Lock(); defer mu.Unlock(); return log.String() }
	t.Cleanup(func() { stop(); <-read; _ = c.Wait() })
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case url := <-at:
		return &site{t, url, &http.Client{Jar: jar, Timeout: 20 * time.Second}, text}
	case <-read:
	}
	t.Fatalf("it does not serve:\n%s", text())
	return nil
}

// An answer is one, after redirects, and its body.
type answer struct {
	*http.Response
	body string
}

func (s *site) send(method, path, kind, body string, header ...string) answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := s.client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer{res, string(text)}
}

func (s *site) get(path string, header ...string) answer {
	s.Helper()
	return s.send(http.MethodGet, path, "", "", append([]string{"Accept", "text/html"}, header...)...)
}

func (s *site) post(path string, form url.Values, header ...string) answer {
	s.Helper()
	return s.send(http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode(), append([]string{"Accept", "text/html"}, header...)...)
}

// wants checks a status, and texts in the body. What follows would fail, too.
func (s *site) wants(a answer, status int, texts ...string) answer {
	s.Helper()
	missing := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return strings.Contains(a.body, text) })
	if a.StatusCode != status || len(missing) > 0 {
		s.Fatalf("%s %s: %s, want %d; it lacks %q:\n%s\nlog:\n%s", a.Request.Method, a.Request.URL, a.Status, status, missing, a.body, s.log())
	}
	return a
}

// wantsHeader checks the values of a header.
func (s *site) wantsHeader(a answer, name string, values ...string) {
	s.Helper()
	if got := a.Header.Values(name); !slices.Equal(got, values) {
		s.Errorf("%s %s: %s is %q, want %q", a.Request.Method, a.Request.URL, name, got, values)
	}
}

// eventually asks again until a body has a text.
func (s *site) eventually(path, text string) {
	s.Helper()
	var a answer
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if a = s.get(path); strings.Contains(a.body, text) {
			return
		}
	}
	s.Errorf("%s never shows %q: %s", path, text, a.body)
}

// logs waits for a line of the log with all of some texts.
func (s *site) logs(texts ...string) {
	s.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		for line := range strings.Lines(s.log()) {
			if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
				return
			}
		}
	}
	s.Errorf("no line of the log has %q:\n%s", texts, s.log())
}

// checks are what each guide promises.
var checks = map[string]func(*site){
	"form": checkForm, "sign-in": checkSignIn, "api": checkAPI, "feed": checkFeed, "redirects": checkRedirects,
	"webhook": checkWebhook, "events": checkEvents, "middleware": checkMiddleware, "errors": checkErrors,
	"migrations":  checkMigrations,
	"markdown":    checkMarkdown,
	"environment": func(s *site) { s.wants(s.get("/"), 200, "Good day") },
	"database":    checkDatabase, "import": checkImport, "sqlc": checkSqlc,
	"configuration": checkConfiguration,
	"once":          checkOnce,
	"mail":          checkMail,
	"job":           checkJob, "schedule": checkSchedule, "progress": checkProgress,
	"oidc": checkOIDC, "passkeys": checkPasskeys,
	"roles": checkRoles, "tokens": checkTokens, "delete-account": checkDeleteAccount, "who": checkWho,
}
