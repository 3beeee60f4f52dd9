// Rehearsals of the change from the package that runs now.

package e2e_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/deploy/systemd"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/rehearse"
)

func TestUpgradeRehearsed(t *testing.T) {
	t.Parallel()
	p := newProjectOf(t, "quay")
	p.write("00001_ships.sql", read(t, "testdata/quay/00001_ships.sql"))
	p.commit()
	env := []string{"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "build.db")} // where pages are built
	migrate := func() {
		t.Helper()
		c := exec.Command(p.program(), "migrate")
		c.Env = append(os.Environ(), env...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	now, written := filepath.Join(p.dir, "before"), filepath.Join(p.dir, "pkg")
	migrate()
	if code, out := p.runWith(env, "deploy", "--compress", "none"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	if err := os.Rename(written, now); err != nil {
		t.Fatal(err)
	}

	// The next build adds a column.
	main := filepath.Join(p.dir, "main.go")
	p.write("main.go", strings.Replace(read(t, main), `version = "one"`, `version = "two"`, 1))
	p.write("00002_flag.sql", "-- gorgon: expand\n-- +goose Up\nALTER TABLE ships ADD COLUMN flag text;\n")
	p.write(".gitignore", read(t, filepath.Join(p.dir, ".gitignore"))+"/before/\n")
	p.commit()
	migrate()
	args := []string{"deploy", "--compress", "none", "--to", "systemd", "--rehearse", "--rehearse-from", "before"}
	code, out := p.runWith(env, args...)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	t.Log(out)
	for _, row := range []string{
		`requests while instances were replaced +[1-9]\d* +0 `, `instances that were told to end +3 +0 `, `assets of the build that runs now, after it +[1-9]\d* +0 `,
		`assets of the new build, after it +[1-9]\d* +0 `, `streams of live pages +1 +0 `, `migrations .*00002_flag.sql`,
		`jobs that the new build does not have .*paint: those that wait are not run`, `endpoints that the new build does not have .*POST /paint`,
		`there is a way back`,
	} {
		if !regexp.MustCompile(row).MatchString(out) {
			t.Errorf("no row %q", row)
		}
	}

	if steps := read(t, filepath.Join(written, "migrations", "app", "00002_flag.sql")); !strings.Contains(steps, "ADD COLUMN flag") {
		t.Errorf("the package has the migration %q", steps)
	}

	// A database that is given is as the build that runs now has it, until the
	// upgrade migrates it.
	given, err := os.MkdirTemp("", "given-") // which the user of the instances can read
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(given) })
	database := "DATABASE_URL=sqlite:" + filepath.Join(given, "app.db")
	old := exec.Command(filepath.Join(now, "shop"), "migrate")
	old.Env = append(os.Environ(), database)
	if out, err := old.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"", "app.db", "app.db-wal", "app.db-shm"} {
		if err := os.Chmod(filepath.Join(given, name), 0o777); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	report, err := rehearse.Run(t.Context(), rehearse.Config{
		Folder: written, From: now, Outcome: plan.Outcome{Target: systemd.Target().Target, Setting: plan.Setting{Store: "disk"}}, Environment: []string{database},
	})
	migrations := slices.IndexFunc(report.Upgrade, func(p rehearse.Passage) bool { return p.What == "migrations" })
	if err != nil || !report.Fine() || report.Asked == 0 || migrations < 0 || !strings.Contains(report.Upgrade[migrations].Note, "00002_flag.sql") {
		t.Errorf("with a database that is given: %+v, %v", report, err)
	}

	// The one after it removes what the build before may read.
	if err := os.RemoveAll(now); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(written, now); err != nil {
		t.Fatal(err)
	}
	p.write("00003_berth.sql", "-- gorgon: contract ships.berth\n-- +goose Up\nALTER TABLE ships DROP COLUMN berth;\n")
	p.write("main.go", strings.Replace(read(t, main), `version = "two"`, `version = "three"`, 1))
	p.commit()
	migrate()
	code, out = p.runWith(env, append(args, "--accept", "one-way")...)
	if code != 0 || !strings.Contains(out, "there is no way back, which was accepted") {
		t.Errorf("a contract that is accepted: exit code %d\n%s", code, out)
	}
	report, err = rehearse.Run(t.Context(), rehearse.Config{
		Folder: written, From: now, Outcome: plan.Outcome{Target: systemd.Target().Target, Setting: plan.Setting{Store: "disk"}},
	})
	if err != nil || report.Fine() || !strings.Contains(report.Faults[0], "there is no way back: ") || !strings.Contains(report.OneWay, "00003_berth.sql, which removes what older programs may read") {
		t.Errorf("a contract: %+v, %v", report, err)
	}
}
