//go:build unix

// New migrations, and what doctor finds in them.

package tool

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon/database/migration"
)

// newProject writes a project into a folder of its own, and enters it.
func newProject(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// embeds is a source with a dialect, that embeds a pattern.
func embeds(dialect, pattern string) string {
	return "package main\n\nimport (\n\t\"embed\"\n\n\t\"github.com/gorgon-go/gorgon/database/" + dialect + "\"\n)\n\n//go:embed " + pattern + "\nvar migrations embed.FS\n"
}

func makes(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	code = Run(t.Context(), Config{}, append([]string{"migration", "new"}, args...), &out, &out)
	return code, out.String()
}

// A new file is the next one, in the folder that is embedded.
func TestMigrationNew(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		args  []string
		code  int
		says  string
		wrote string // and its text has this
		has   string
	}{
		{"the first", map[string]string{"main.go": embeds("pgdb", "migrations/*.sql")}, []string{"Add Prices!"}, 0, "wrote migrations/00001_add_prices.sql\n", "migrations/00001_add_prices.sql", "GENERATED ALWAYS AS IDENTITY"},
		{"the next", map[string]string{"main.go": embeds("litedb", "migrations"), "migrations/00009_a.sql": "SELECT 1;"}, []string{"prices"}, 0, "wrote migrations/00010_prices.sql\n", "migrations/00010_prices.sql", "STRICT"},
		{"another folder", map[string]string{"main.go": "package main\n", "shop/db.go": embeds("litedb", "schema/*.sql"), "shop/schema/1_a.sql": "SELECT 1;"}, []string{"b"}, 0, "", "shop/schema/00002_b.sql", "-- gorgon: expand"},
		{"not embedded", map[string]string{"main.go": embeds("litedb", "views")}, []string{"a"}, 0, "//go:embed migrations/*.sql", "migrations/00001_a.sql", ""},
		{"a contract", map[string]string{"main.go": embeds("pgdb", "migrations/*.sql")}, []string{"drop", "--contract", "shop.products.subtitle"}, 0, "", "migrations/00001_drop.sql", "-- gorgon: contract shop.products.subtitle\n\n-- +goose Up\nALTER TABLE shop.products DROP COLUMN subtitle;"},
		{"a contract of a table", map[string]string{"main.go": embeds("pgdb", "migrations/*.sql")}, []string{"drop", "--contract", "prices"}, 0, "", "migrations/00001_drop.sql", "DROP TABLE prices;"},
		{"a folder that is named", map[string]string{"main.go": embeds("pgdb", "a/*.sql"), "b.go": embeds("pgdb", "b/*.sql"), "a/1_a.sql": "", "b/1_b.sql": ""}, []string{"c", "--dir", "b"}, 0, "", "b/00002_c.sql", ""},
		{"two folders", map[string]string{"main.go": embeds("pgdb", "a/*.sql"), "b.go": embeds("pgdb", "b/*.sql"), "a/1_a.sql": "", "b/1_b.sql": ""}, []string{"c"}, 2, "several folders of migrations (a, b)", "", ""},
		{"no dialect", map[string]string{"main.go": "package main\n"}, []string{"a"}, 1, "neither database/pgdb nor database/litedb", "", ""},
		{"two dialects", map[string]string{"main.go": embeds("pgdb", "a"), "b.go": embeds("litedb", "a")}, []string{"a"}, 1, "an app has one dialect", "", ""},
		{"no name", map[string]string{"main.go": embeds("pgdb", "a")}, []string{"!"}, 2, "with letters or digits", "", ""},
		{"no names", nil, nil, 2, "name the migration with one word", "", ""},
		{"a wrong contract", map[string]string{"main.go": embeds("pgdb", "a")}, []string{"a", "--contract", "a; DROP"}, 2, "name a column with its table", "", ""},
		{"a wrong file", map[string]string{"main.go": embeds("pgdb", "migrations/*.sql"), "migrations/00001_a.sql": "SELECT '"}, []string{"b"}, 1, "00001_a.sql:1: a string", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			newProject(t, test.files)
			code, said := makes(t, test.args...)
			if code != test.code || !strings.Contains(said, test.says) {
				t.Errorf("exit code %d, want %d and %q: %s", code, test.code, test.says, said)
			}
			if test.wrote == "" {
				return
			}
			text, err := os.ReadFile(test.wrote)
			if err != nil || !strings.Contains(string(text), test.has) {
				t.Errorf("%v: %s", err, text)
			}
			for _, dialect := range []string{migration.PostgreSQL, migration.SQLite} {
				f, err := migration.Parse(test.wrote, text, dialect)
				if err == nil {
					err = f.Check()
				}
				if err != nil || !f.Declared || len(f.Dangers()) > 0 {
					t.Errorf("the new file is not right: %v, %+v, %v", err, f, f.Dangers())
				}
			}
		})
	}
}

// examined is what doctor finds in the migrations of a project.
func examined(t *testing.T) (found []string) {
	t.Helper()
	e := &examination{ctx: t.Context()}
	e.migrations()
	for _, f := range e.findings {
		found = append(found, string(f.State)+" "+f.Check+": "+f.Says)
		if f.State != good && f.Hint == "" {
			t.Errorf("%q has no hint", f.Says)
		}
	}
	return found
}

func TestDoctorMigrations(t *testing.T) {
	const first = "CREATE TABLE products (id int, subtitle text);"
	pg, lite := embeds("pgdb", "migrations/*.sql"), embeds("litedb", "migrations/*.sql")
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"no database", map[string]string{"main.go": "package main\n"}, nil},
		{"no migrations", map[string]string{"main.go": pg}, []string{"note migrations: the app has a database and no migrations"}},
		{"fine", map[string]string{"main.go": pg, "migrations/1_a.sql": first}, []string{"ok migrations: 1 file in migrations/, and nothing dangerous"}},
		{"wrong", map[string]string{"main.go": pg, "migrations/1_a.sql": "SELECT '"}, []string{"FAIL migrations: migrations: 1_a.sql:1: a string or quoted name that begins here does not end"}},
		{"not declared", map[string]string{"main.go": lite, "migrations/1_a.sql": "\nALTER TABLE products DROP subtitle;"},
			[]string{"FAIL migration: migrations/1_a.sql:2: it drops products.subtitle, which the release before this may use: declare '-- gorgon: contract products.subtitle' at the top, or '-- gorgon: expand' if that release works without it"}},
		{"dangers", map[string]string{"main.go": pg, "migrations/1_a.sql": first, "migrations/2_b.sql": "SELECT 1;\nCREATE INDEX i ON products (id);"},
			[]string{"note migration: migrations/2_b.sql:2: the index is made under a lock that stops writers [index-locks]"}},
		{"still read", map[string]string{
			"main.go": lite, "migrations/1_a.sql": first, "migrations/2_b.sql": "-- gorgon: contract products.subtitle\nALTER TABLE products DROP subtitle;",
			"load.go":     "package main\n\nconst q = `select id, Subtitle\nfrom products`\n\nconst other = \"the subtitle of products\"\n",
			"queries.sql": "-- name: Products\nSELECT products.subtitle FROM products;\n", "dist/old.sql": "SELECT subtitle FROM products;",
		}, []string{"note migration: migrations/2_b.sql removes products.subtitle, which the source seems to use: load.go:3, queries.sql:1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			newProject(t, test.files)
			t.Setenv("PATH", "/nowhere") // without squawk
			if diff := cmp.Diff(test.want, examined(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Where squawk is installed, what it finds is shown besides what we find, on the
// line that the file has.
func TestDoctorAsksSquawk(t *testing.T) {
	newProject(t, map[string]string{
		"main.go":            embeds("pgdb", "migrations/*.sql"),
		"migrations/1_a.sql": "-- +goose Up\nALTER TABLE a ADD b char(3);\nCREATE INDEX i ON a (b);\n-- +goose Down\nDROP TABLE a;",
		"bin/squawk": `#!/bin/sh
test "$*" = "--reporter json --assume-in-transaction" || exit 9
test "$(cat)" = "
ALTER TABLE a ADD b char(3);
CREATE INDEX i ON a (b);" || exit 9
echo '[{"line":1,"message":"Missing","rule_name":"require-lock-timeout","help":null},{"line":1,"message":"Use text.","rule_name":"ban-char-field","help":"Use text"},
{"line":2,"message":"Index","rule_name":"require-concurrent-index-creation","help":"x"}]'
exit 1
`,
	})
	if err := os.Chmod("bin/squawk", 0o755); err != nil {
		t.Fatal(err)
	}
	bin, err := filepath.Abs("bin")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	want := []string{
		"note migration: migrations/1_a.sql:3: the index is made under a lock that stops writers [index-locks]",
		"note squawk: migrations/1_a.sql:2: Use text [ban-char-field]",
	}
	if diff := cmp.Diff(want, examined(t)); diff != "" {
		t.Error(diff)
	}
}
