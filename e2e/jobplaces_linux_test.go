// Jobs where instances are suspended between requests: Cloud Run and Lambda,
// rehearsed.

package e2e_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/testbed"
)

// A mailroom is a project with jobs, and its database.
type mailroom struct {
	*project
	db *database.DB
}

func newMailroom(t *testing.T) mailroom {
	server := testbed.For(t, testbed.Postgres) // by TCP: an image has no socket's file
	m := mailroom{newProjectOf(t, "mailroom"), database.Open(pgdb.Dialect, database.Options{URL: server.URL})}
	t.Cleanup(func() { _ = m.db.Close() })
	if _, err := m.db.SQL().ExecContext(t.Context(), "CREATE TABLE done (what text NOT NULL, by text NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	m.command(m.program(), "migrate")
	return m
}

func (m mailroom) variable() string { return "DATABASE_URL=" + m.db.Options().URL }

// command runs a command of the app's program, which must succeed.
func (m mailroom) command(program string, args ...string) string {
	m.t.Helper()
	c := exec.Command(program, args...)
	c.Dir, c.Env = m.dir, append(os.Environ(), m.variable(), "FILES_URL=mem:")
	out, err := c.CombinedOutput()
	if err != nil {
		m.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// done is how much was done of something, by a command.
func (m mailroom) done(what, by string) (n int) {
	m.t.Helper()
	if err := m.db.SQL().QueryRowContext(m.t.Context(), "SELECT count(*) FROM done WHERE what = $1 AND by = $2", what, by).Scan(&n); err != nil {
		m.t.Fatal(err)
	}
	return n
}

// On Cloud Run, instances are stopped whenever no request is under way. What a
// request adds runs before it stops; what is due later, when maintain is called.
func TestRehearseJobs(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"cloudrun", "lambda"} {
		t.Run(target, func(t *testing.T) {
			m := newMailroom(t)
			code, out := m.run("deploy", "--to", target, "--rehearse", "--compress", "none", "--rehearse-env", m.variable())
			if code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			for _, text := range []string{"rehearsed " + target, "instances stopped between requests", "the app's files in a temporary folder", "they are in an S3 bucket, which FILES_URL names", "the maintain command said: ", "a job that a request adds begins after its response"} {
				if !strings.Contains(out, text) {
					t.Errorf("it does not say %q:\n%s", text, out)
				}
			}
			if strings.Contains(out, "not asked for") {
				t.Errorf("it asks for jobs as if they were routes:\n%s", out)
			}
			orders := m.done("order", "serve")
			if receipts := m.done("receipt", "serve"); orders == 0 || receipts != orders {
				t.Errorf("%d orders, and %d of their receipts ran after the responses", orders, receipts)
			}
			program := filepath.Join(m.dir, "pkg", "shop")
			until(t, "maintain runs the reminders that are due", func() bool {
				m.command(program, "maintain")
				return m.done("reminder", "serve")+m.done("reminder", "maintain") == orders
			})
			if m.done("reminder", "maintain") == 0 {
				t.Error("maintain ran none")
			}
		})
	}
}

// As a function, the program runs a job once it has answered the request that
// added it, and those due later at the schedule's events.
func TestLambdaJobs(t *testing.T) {
	t.Parallel()
	m := newMailroom(t)
	folder := m.deploy("--to", "lambda", "--compress", "none")
	template := read(t, filepath.Join(folder, "lambda", "template.json"))
	for _, text := range []string{`"AWS::S3::Bucket"`, `"rate(1 minute)"`, `"GORGON_WORK_AFTER": "10s"`, `{\"gorgon\":\"maintain\"}`} {
		if !strings.Contains(template, text) {
			t.Errorf("the template has no %s:\n%s", text, template)
		}
	}
	unpacked := t.TempDir()
	unzip(t, filepath.Join(folder, "lambda", "function.zip"), unpacked)
	f := &function{t: t, events: make(chan string), said: make(chan []byte, 1)}
	api := httptest.NewServer(f)
	defer api.Close()
	c := exec.Command(filepath.Join(unpacked, "bootstrap"))
	c.Dir = "/"
	c.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(api.URL, "http://"), "GORGON_STANDALONE=true", "GORGON_ROLE=web", m.variable(), "FILES_URL=mem:"}
	var log bytes.Buffer
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if t.Failed() {
			t.Logf("the function said:\n%s", log.String())
		}
	}()
	if status, body := f.get("/order"); status != 200 || body != "ordered\n" {
		t.Fatalf("an order: %d %q", status, body)
	}
	// The next event is taken when the one before is over, with its jobs.
	if status, _ := f.get("/"); status != 200 {
		t.Fatalf("the page: %d", status)
	}
	if n := m.done("receipt", "function"); n != 1 {
		t.Errorf("%d receipts ran after the response", n)
	}
	if n := m.done("reminder", "function"); n != 0 {
		t.Errorf("%d reminders ran before the schedule's event", n)
	}
	until(t, "an event of the schedule runs what is due", func() bool {
		if said := f.invoke(`{"gorgon":"maintain"}`); said != `response {"done":"maintain"}` {
			t.Fatal(said)
		}
		return m.done("reminder", "function") == 1
	})
}
