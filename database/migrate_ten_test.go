// Processes that migrate at once, and are killed.

package database_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorgon-go/gorgon/database"
)

// The files of the processes: each adds a row to applied, which shows how often
// it was applied, and changes the schema before and after that.
func processFiles(dialect string) fstest.MapFS {
	slow := "INSERT INTO applied SELECT 2 FROM (SELECT pg_sleep(0.3)) s;"
	if dialect == "sqlite" { // it has no sleep
		slow = "INSERT INTO applied SELECT max(2, 0 * count(*)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) SELECT i FROM n);"
	}
	files := fstest.MapFS{
		"migrations/00001_begin.sql": {Data: []byte("CREATE TABLE applied (n INTEGER);\nINSERT INTO applied VALUES (1);\n")},
		"migrations/00002_slow.sql":  {Data: []byte("CREATE TABLE slow_a (n INTEGER);\n" + slow + "\nCREATE TABLE slow_b (n INTEGER);\n")},
	}
	for n := 3; n <= 8; n++ {
		files[fmt.Sprintf("migrations/%05d_more.sql", n)] = &fstest.MapFile{Data: []byte(fmt.Sprintf(
			"-- +goose Up\nCREATE TABLE more_%[1]d_a (n INTEGER);\nINSERT INTO applied VALUES (%[1]d);\nCREATE TABLE more_%[1]d_b (n INTEGER);\n-- +goose Down\nDROP TABLE more_%[1]d_a;\nDROP TABLE more_%[1]d_b;\n", n))}
	}
	return files
}

const (
	urlVariable    = "GORGON_DATABASE_URL"
	plantsVariable = "GORGON_DATABASE_PLANT" // a fault that is planted
)

// child migrates as another process, and prints its steps.
func child(dialect string) int {
	f := newFake(dialect)
	f.unlocked = os.Getenv(plantsVariable) == "unlocked"
	db := newDB(f, os.Getenv(urlVariable), processFiles(dialect), "applied")
	fmt.Println("begins")
	steps, err := db.Migrate(context.Background())
	fmt.Println(strings.Join(steps, " "))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// newDB is a database with migrations, and tables that are watched.
func newDB(f *fake, url string, files fs.FS, tables ...string) *database.DB {
	options := database.Options{URL: url, Migrations: files}
	for _, t := range tables {
		options.Tables = append(options.Tables, database.Table{Name: t})
	}
	return database.Open(f, options)
}

func process(t *testing.T, dialect, url, plant string) *exec.Cmd {
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), roleVariable+"="+dialect, urlVariable+"="+url, plantsVariable+"="+plant)
	return c
}

// ten migrates with ten processes at once. It returns how many have failed, the
// first fault, and how often each file was reported.
func ten(t *testing.T, dialect, url, plant string) (failed int, fault string, applied map[string]int) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	applied = map[string]int{}
	for range 10 {
		c := process(t, dialect, url, plant)
		var said, wrong bytes.Buffer
		c.Stdout, c.Stderr = &said, &wrong
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			err := c.Wait()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed++
				fault = wrong.String()
			}
			for step := range strings.FieldsSeq(said.String()) {
				applied[step]++
			}
		})
	}
	all.Wait()
	return failed, fault, applied
}

// Ten processes migrate one database at once: none fails, and each file is
// applied once. Without the lock, some fail.
func TestMigrateTen(t *testing.T) {
	each(t, func(t *testing.T, f *fake, url string) {
		began := time.Now()
		failed, fault, applied := ten(t, f.Name(), url, "")
		if failed > 0 {
			t.Errorf("%d of 10 failed: %s", failed, fault)
		}
		files := processFiles(f.Name())
		for path := range files {
			if name := strings.TrimPrefix(path, "migrations/"); applied[name] != 1 {
				t.Errorf("%s was applied %d times", name, applied[name])
			}
		}
		db := newDB(f, url, files, "applied")
		if n := count(t, db, "SELECT count(*) FROM applied"); n != len(files) {
			t.Errorf("%d rows of %d files", n, len(files))
		}
		if err := db.Check(t.Context()); err != nil {
			t.Error(err)
		}
		t.Logf("10 processes, %d files: %d errors, each file once, %s", len(files), failed, time.Since(began).Round(time.Millisecond))
	})
}

func TestMigrateTenNeedsTheLock(t *testing.T) {
	const tries = 10 // on a machine that starts processes slowly, ten can miss each other
	each(t, func(t *testing.T, f *fake, url string) {
		for range tries {
			if failed, _, _ := ten(t, f.Name(), url, "unlocked"); failed > 0 {
				return
			}
			url = newURL(t, f.Name())
		}
		t.Error("ten processes without a lock do not disturb each other: the test above shows nothing")
	})
}

// killsVariable is how many processes are killed; default 5.
const killsVariable = "GORGON_DATABASE_KILLS"

// A process that is killed at any moment leaves whole files, and the next one
// continues.
func TestMigrateKilled(t *testing.T) {
	kills := 5
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = n
	} else if testing.Short() {
		kills = 3
	}
	each(t, func(t *testing.T, f *fake, url string) {
		files := processFiles(f.Name())
		partly := 0
		for round := range kills {
			url := url
			if round > 0 && f.Name() == database.SQLite {
				url = newURL(t, f.Name())
			} else if round > 0 { // which is quicker than a new one
				emptied := newDB(f, url, nil)
				if _, err := emptied.SQL().ExecContext(t.Context(), "DROP SCHEMA IF EXISTS public, gorgon_data CASCADE; CREATE SCHEMA public"); err != nil {
					t.Fatal(err)
				}
				_ = emptied.Close()
			}
			c := process(t, f.Name(), url, "")
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			lines.Scan() // it begins: kill it at a random moment soon
			time.AfterFunc(time.Duration(rand.IntN(500))*time.Millisecond, func() { _ = c.Process.Kill() })
			for lines.Scan() {
			}
			_ = c.Wait()
			db := newDB(f, url, files, "applied")
			due, err := db.Pending(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if exists(t, db, "applied") && len(due) > 0 {
				partly++
			}
			for n := 2; n <= len(files); n++ {
				table := "slow"
				if n > 2 {
					table = fmt.Sprint("more_", n)
				}
				a, b := exists(t, db, table+"_a"), exists(t, db, table+"_b")
				recorded := !strings.Contains(strings.Join(due, " "), fmt.Sprintf("%05d_", n))
				if a != b || a != recorded {
					t.Errorf("file %d is half applied: %v, %v, recorded: %v", n, a, b, recorded)
				}
			}
			if _, err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := count(t, db, "SELECT count(*) FROM applied"); n != len(files) {
				t.Errorf("%d rows of %d files", n, len(files))
			}
			if due, err := db.Pending(t.Context()); err != nil || len(due) > 0 {
				t.Errorf("%q are still due, %v", due, err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
		t.Logf("%d processes were killed, %d of them after the first file and before the end", kills, partly)
	})
}

func count(t *testing.T, db *database.DB, query string) (n int) {
	t.Helper()
	if err := db.SQL().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func exists(t *testing.T, db *database.DB, table string) bool {
	t.Helper()
	query := "SELECT count(*) FROM sqlite_schema WHERE name = '" + table + "'"
	if db.Dialect().Name() == "postgresql" {
		query = "SELECT count(*) FROM pg_tables WHERE tablename = '" + table + "'"
	}
	return count(t, db, query) > 0
}

func init() { slog.SetDefault(slog.New(slog.DiscardHandler)) }
