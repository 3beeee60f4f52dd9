// The pages for operators, as commands offer them.

package command_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/operate"
)

// A panel shows what it is given, as JSON.
type panel struct{ guarded bool }

func (p panel) Guarded() bool { return p.guarded }

func (p panel) Open(_ context.Context, program *operate.Program) (http.Handler, error) {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/snapshot.json" {
			_ = json.NewEncoder(w).Encode(program.Snapshot(r.Context()))
			return
		}
		if r.Method == http.MethodPost {
			if program.Purge == nil {
				http.Error(w, "only shown", http.StatusForbidden)
				return
			}
			if err := program.Purge(r.Context(), "path", r.URL.Query().Get("path"), false); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
			}
			return
		}
		report, fault := program.Why(r.Context(), "/items/ada")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"app": program.About.App, "writes": program.Writes, "routes": program.Recorder.Routes(), "lines": program.Lines.Last(100, slog.LevelInfo),
			"checks": program.Checks(r.Context()), "parts": program.Parts, "state": program.State(), "why": report, "fault": fault,
		})
	}), nil
}

// read asks a panel.
func read(t *testing.T, client *http.Client, method, url string) (status int, said map[string]any, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var raw json.RawMessage
	_ = json.NewDecoder(res.Body).Decode(&raw)
	_ = json.Unmarshal(raw, &said)
	return res.StatusCode, said, string(raw)
}

// What the panel is given is what the server has done, and the address of a file
// is for the one who runs it alone.
func TestAdminOnAFile(t *testing.T) {
	x := newTrial(t)
	folder, err := os.MkdirTemp("", "admin") // short enough for the address of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	file := filepath.Join(folder, "admin.sock")
	for _, writes := range []bool{false, true} { // the second finds the file gone
		args := []string{"--admin", "unix:" + file}
		if writes {
			args = append(args, "--admin-write")
		}
		s := x.serves(args...)
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		s.wants("/items/ada", 200, "")
		s.wants("/items/ada", 200, "")
		client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", file)
		}}}
		status, said, text := read(t, client, "GET", "http://admin/")
		if status != 200 || said["fault"] != nil || said["writes"] != writes {
			t.Errorf("%d: %s", status, text)
		}
		for _, want := range []string{`"pattern":"/items/{name}","requests":2`, `"kind":"page","name":"/items/{name}"`, `"name":"store","ok":true`, `"phase":"fresh"`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is not in %s", want, text)
			}
		}
		if status, _, _ = read(t, client, "POST", "http://admin/?path=/items/ada"); (status == 200) != writes {
			t.Errorf("with writes %t, a purge gave %d", writes, status)
		}
		if _, _, text = read(t, client, "GET", "http://admin/"); strings.Contains(text, `"phase":"fresh"`) == writes {
			t.Errorf("with writes %t: %s", writes, text)
		}
		client.CloseIdleConnections()
		s.end()
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Errorf("the file is left: %v", err)
		}
	}
	// A file that a dead process has left is taken; one that something answers at
	// is not, and neither is what is not a socket.
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: file, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	x.fails(1, "stop what listens there", "serve", "--admin", "unix:"+file)
	dead.SetUnlinkOnClose(false)
	_ = dead.Close()
	x.serves("--admin", "unix:"+file).end()
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	x.fails(1, "stop what listens there", "serve", "--admin", "unix:"+file)
	if mine, err := os.ReadFile(file); string(mine) != "mine" {
		t.Errorf("%q, %v", mine, err)
	}
}

func TestAdminAddresses(t *testing.T) {
	x := newTrial(t)
	for addr, says := range map[string]string{
		"nothing": "write it as host:port", "unix:": "write it as host:port", "0.0.0.0:9465": "others could reach it",
		"[::]:9465": "others could reach it", "10.0.0.7:9465": "others could reach it", "example.com:9465": "others could reach it", "127.0.0.1.example.com:1": "others could reach it",
	} {
		x.fails(2, says, "serve", "--admin", addr)
	}
}
