//go:build unix

// The effects of the flags of doctor.

package command_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func checksOfDoctor() map[string]func(*trial) {
	// runs starts a program with admin pages, and says where they are.
	runs := func(x *trial) (s *server, at string) {
		folder, err := os.MkdirTemp("", "doctor") // short enough for the address of a socket
		if err != nil {
			x.Fatal(err)
		}
		x.Cleanup(func() { _ = os.RemoveAll(folder) })
		at = "unix:" + filepath.Join(folder, "a")
		return x.serves("--admin", at), at
	}
	return map[string]func(*trial){
		"doctor --live": func(x *trial) {
			s, at := runs(x)
			s.wants("/items/ada", 200, "")
			x.says("1 request since the program was started\nnothing is wrong", "doctor", "--live", at, "--for", "0s")
			s.end()
			x.fails(1, "start the program with --admin", "doctor", "--live", at, "--for", "0s")
			x.fails(2, "say where the admin pages", "doctor")
			x.fails(2, "write it as a URL", "doctor", "--live", "nowhere")
		},
		"doctor --for": func(x *trial) {
			_, at := runs(x)
			began := time.Now()
			if said := x.does("doctor", "--live", at, "--for", "300ms"); !strings.Contains(said, "0 requests in the last") || time.Since(began) < 300*time.Millisecond {
				x.Errorf("after %s: %s", time.Since(began), said)
			}
			x.fails(2, "--for", "doctor", "--live", at, "--for", "-1s")
		},
		"doctor --json": func(x *trial) {
			_, at := runs(x)
			for _, asJSON := range []bool{false, true} {
				args := []string{"doctor", "--live", at, "--for", "0s"}
				if asJSON {
					args = append(args, "--json")
				}
				if code, out, log := x.run(args...); code != 0 || json.Valid([]byte(out)) != asJSON || out == "" {
					x.Errorf("%q: %d: %s%s", args, code, out, log)
				}
			}
		},
	}
}
