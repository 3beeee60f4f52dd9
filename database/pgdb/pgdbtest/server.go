// A server for the tests of one process.

package pgdbtest

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

var errMissing = errors.New("PostgreSQL is not installed here, and " + Variable + " names no server")

// programs finds the folder of PostgreSQL's programs.
func programs() (string, error) {
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb", "/opt/homebrew/opt/postgresql*/bin/initdb", "/usr/local/opt/postgresql*/bin/initdb"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return filepath.Dir(found[len(found)-1]), nil
		}
	}
	found, err := exec.LookPath("initdb")
	if err != nil {
		return "", errMissing
	}
	return filepath.Dir(found), nil
}

// script runs the server until its standard input ends, which it does when the
// process of the tests is gone, however that ended; then it deletes everything.
const script = `
"$1/postgres" -D "$2/data" -c listen_addresses= -c "unix_socket_directories=$2" \
	-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200 >"$2/log" 2>&1 &
read -r _
kill -INT $!
wait
rm -rf "$2"
`

// alive has the standard input of the script. It is open for as long as this
// process runs.
var alive []io.Closer

// start starts a server that has no address on the network.
func start() (*url.URL, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	as, err := unprivileged(folder)
	if err != nil {
		return nil, err
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(folder, "data"), "-A", "trust", "-U", "test", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = folder, as
	if said, err := initdb.CombinedOutput(); err != nil {
		_ = os.RemoveAll(folder)
		return nil, fmt.Errorf("initdb: %w\n%s", err, said)
	}
	serve := exec.Command("/bin/sh", "-c", script, "sh", bin, folder)
	serve.Dir, serve.SysProcAttr = folder, as
	stdin, err := serve.StdinPipe()
	if err != nil {
		return nil, err
	}
	alive = append(alive, stdin)
	if err := serve.Start(); err != nil {
		return nil, err
	}
	at := &url.URL{Scheme: "postgres", User: url.User("test"), Path: "/postgres", RawQuery: url.Values{"host": {folder}}.Encode()}
	deadline := time.Now().Add(patience)
	for run(at, "select 1") != nil {
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(filepath.Join(folder, "log"))
			return nil, fmt.Errorf("the server does not start:\n%s", said)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return at, nil
}
