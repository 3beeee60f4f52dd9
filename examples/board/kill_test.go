// Two processes on one SQLite file, of which the one that owns a chat is killed.

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
)

// start starts the program, and waits until it serves.
func start(t *testing.T, program, dir, name string) (url string, kill func()) {
	t.Helper()
	addr, err := testbed.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", "--dist", filepath.Join(dir, name), "--addr", addr)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = append(os.Environ(), "DATABASE_URL=sqlite:"+filepath.Join(dir, "board.db"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	t.Cleanup(func() {
		kill()
		_ = log.Close()
		if said, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("%s said:\n%s", name, said)
		}
	})
	until(t, "the program serves", func() bool {
		resp, err := http.Get("http://" + addr + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	})
	return "http://" + addr, kill
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is not so: " + what)
		}
	}
}

// line sends a line with a number, as a client does until it is answered.
func line(via *http.Client, room string, n int) error {
	body := fmt.Sprintf(`{"client": "test-test-test-test", "ops": [{"n": %d, "op": {"text": "line %d"}}]}`, n, n)
	resp, err := via.Post(room, "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || strings.Contains(string(text), "problem")) {
		err = fmt.Errorf("%d: %s", resp.StatusCode, text)
	}
	return err
}

// What was acknowledged is there after a kill, once and in its order, and the
// guest goes on by the other process.
func TestOwnerKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "board.exe")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	migrate := exec.Command(program, "migrate")
	migrate.Dir, migrate.Env = dir, append(os.Environ(), "DATABASE_URL=sqlite:"+filepath.Join(dir, "board.db"))
	if out, err := migrate.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	one, kill := start(t, program, dir, "one")
	two, _ := start(t, program, dir, "two")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	via := &http.Client{Jar: jar, Timeout: 20 * time.Second} // cookies are of the host, whatever the port
	resp, err := via.PostForm(one+"/orders", url.Values{"name": {"Ada"}, "counts.roll": {"1"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	path := resp.Request.URL.Path
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(path, "/orders/") {
		t.Fatalf("the order is answered with %d at %s", resp.StatusCode, path)
	}
	for n := 1; n <= 6; n++ {
		to := one // which owns the chat, since it is asked first
		switch {
		case n == 4:
			kill()
			fallthrough
		case n == 2 || n > 4:
			to = two
		}
		until(t, fmt.Sprint("line ", n, " is accepted"), func() bool { return line(via, to+path+"/chat", n) == nil })
	}
	if err := line(via, two+path+"/chat", 3); err != nil { // again, as by a client that has heard nothing
		t.Error(err)
	}
	resp, err = via.Get(two + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, part := range strings.Split(string(page), `<li class="mine"><p>`)[1:] {
		text, _, _ := strings.Cut(part, "<")
		lines = append(lines, text)
	}
	if got, _ := json.Marshal(lines); string(got) != `["line 1","line 2","line 3","line 4","line 5","line 6"]` {
		t.Errorf("the chat has %s", got)
	}
}
