// What is read from files.

package migration_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon/database/migration"
)

func texts(all []migration.Statement) (list []string) {
	for _, s := range all {
		list = append(list, s.Text)
	}
	return list
}

// A statement ends at its semicolon, and at no other.
func TestStatements(t *testing.T) {
	const both = ""
	tests := []struct {
		dialect, text string
		up, down      []string
	}{
		{both, "", nil, nil},
		{both, "-- only a comment\n", nil, nil},
		{both, "SELECT 1; SELECT 2", []string{"SELECT 1;", "SELECT 2"}, nil},
		{both, "SELECT ';\n', 'it''s;';SELECT \"a;\"\"b\";", []string{"SELECT ';\n', 'it''s;';", "SELECT \"a;\"\"b\";"}, nil},
		{both, "SELECT 1 -- a;b\n+ 2 /* ; ' */;;", []string{"SELECT 1 -- a;b\n+ 2 /* ; ' */;"}, nil},
		{both, "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\nSELECT 3;\n", []string{"SELECT 1;"}, []string{"SELECT 2;", "SELECT 3;"}},
		{both, "-- +goose up\n--+goose StatementBegin\nSELECT 1; SELECT 2;\n--  +goose  StatementEnd\nSELECT 3;", []string{"SELECT 1; SELECT 2;", "SELECT 3;"}, nil},
		{both, "SELECT '-- +goose Down';\nSELECT '\n-- +goose Down\n';", []string{"SELECT '-- +goose Down';", "SELECT '\n-- +goose Down\n';"}, nil},
		{both, "\ufeffSELECT 1;\r\nSELECT 'a\r\nb';\r\n", []string{"SELECT 1;", "SELECT 'a\nb';"}, nil},
		{migration.PostgreSQL, "SELECT $$;'$$, $a$;$$;$a$; SELECT $1;", []string{"SELECT $$;'$$, $a$;$$;$a$;", "SELECT $1;"}, nil},
		{migration.PostgreSQL, `SELECT E'\';', '\'; SELECT 2;`, []string{`SELECT E'\';', '\';`, "SELECT 2;"}, nil},
		{migration.PostgreSQL, "SELECT 1 /* /* ; */ ; */; SELECT 2;", []string{"SELECT 1 /* /* ; */ ; */;", "SELECT 2;"}, nil},
		{migration.PostgreSQL, "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3;", []string{"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);", "SELECT 3;"}, nil},
		{migration.PostgreSQL, "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3;", []string{"CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;", "SELECT 3;"}, nil},
		{migration.PostgreSQL, "SELECT a[1]; SELECT 2;", []string{"SELECT a[1];", "SELECT 2;"}, nil},
		{migration.SQLite, "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT 2; END; SELECT 3;", []string{"CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT 2; END;", "SELECT 3;"}, nil},
		{migration.SQLite, "SELECT [a;b], `c;d`; SELECT '\\'; SELECT x'00';", []string{"SELECT [a;b], `c;d`;", "SELECT '\\';", "SELECT x'00';"}, nil},
		{migration.SQLite, "SELECT 1 /* /* */; SELECT 2;", []string{"SELECT 1 /* /* */;", "SELECT 2;"}, nil},
	}
	for _, test := range tests {
		for _, dialect := range []string{migration.PostgreSQL, migration.SQLite} {
			if test.dialect != both && test.dialect != dialect {
				continue
			}
			f, err := migration.Parse("1_a.sql", []byte(test.text), dialect)
			if err != nil {
				t.Errorf("%s: %q: %v", dialect, test.text, err)
				continue
			}
			if diff := cmp.Diff(test.up, texts(f.Up)); diff != "" {
				t.Errorf("%s: %q: up: %s", dialect, test.text, diff)
			}
			if diff := cmp.Diff(test.down, texts(f.Down)); diff != "" {
				t.Errorf("%s: %q: down: %s", dialect, test.text, diff)
			}
		}
	}
}

// What cannot be read is refused with its line.
func TestUnreadable(t *testing.T) {
	for text, says := range map[string]string{
		"\nSELECT 'a;\n":                                         ":2: a string",
		"SELECT 1;\n/* a":                                        ":2: a comment",
		"-- +goose Down\nSELECT 1;":                              ":1: -- +goose Down stands once, after -- +goose Up",
		"SELECT 1;\n-- +goose Up\n":                              ":2: there are statements above",
		"-- +goose Up\nSELECT 1\n-- +goose Down\n":               ":3: the statement before this has no semicolon",
		"-- +goose Up\n-- +goose Up\n":                           ":2: -- +goose Up stands twice",
		"-- +goose StatementBegin\nSELECT 1;":                    ":1: -- +goose StatementBegin has no StatementEnd",
		"-- +goose StatementEnd\n":                               ":1: -- +goose StatementEnd has no StatementBegin",
		"-- +goose Sideways\n":                                   `:1: goose has no annotation "Sideways"`,
		"-- +goose NO TRANSACTION\nSELECT 1;":                    ":1: a file is one transaction",
		"-- +goose ENVSUB ON\n":                                  ":1: -- +goose ENVSUB ON is not supported",
		"-- gorgon: extend\n":                                    `:1: there is no declaration "extend"`,
		"-- gorgon: contract\n":                                  ":1: a contract names what it removes",
		"-- gorgon: expand\n-- gorgon: contract a\n":             ":2: the kind is declared twice",
		"-- gorgon: allow danger\n":                              `:1: there is no rule "danger"`,
		"SELECT 1;\n-- gorgon: expand\n":                         ":2: a declaration stands above the first statement",
		"-- +goose Up\n-- +goose StatementBegin\n-- +goose Up\n": ":3: a statement has begun",
	} {
		_, err := migration.Parse("migrations/00002_a.sql", []byte(text), migration.PostgreSQL)
		if err == nil || !strings.Contains(err.Error(), "migrations/00002_a.sql"+says) {
			t.Errorf("%q: %v, want %s", text, err, says)
		}
	}
}

func TestDeclarations(t *testing.T) {
	f, err := migration.Parse("1_a.sql", []byte("-- About it.\n-- gorgon: contract Products.Subtitle, public.prices\n--gorgon:  allow index-locks all-rows\n-- +goose Up\n"), migration.PostgreSQL)
	if err != nil {
		t.Fatal(err)
	}
	if f.Kind != migration.Contract || !f.Declared || cmp.Diff(f.Removes, []string{"products.subtitle", "prices"}) != "" || cmp.Diff(f.Allows, []string{"index-locks", "all-rows"}) != "" {
		t.Errorf("%+v", f)
	}
	if f, err = migration.Parse("1_a.sql", nil, migration.PostgreSQL); err != nil || f.Kind != migration.Expand || f.Declared {
		t.Errorf("%+v, %v", f, err)
	}
}

// Line endings, blanks at their ends, and allowed dangers do not count.
func TestSum(t *testing.T) {
	of := func(text string) string {
		f, err := migration.Parse("1_a.sql", []byte(text), migration.PostgreSQL)
		if err != nil {
			t.Fatal(err)
		}
		return f.Sum
	}
	want := of("-- a\nSELECT 1;\n\nSELECT 2;\n")
	for _, same := range []string{"-- a\r\nSELECT 1;\r\n\r\nSELECT 2;\r\n", "\ufeff-- a  \nSELECT 1; \t\n\nSELECT 2;\n\n\n", "-- gorgon: allow all-rows\n-- a\nSELECT 1;\n\nSELECT 2;"} {
		if of(same) != want {
			t.Errorf("%q has another sum", same)
		}
	}
	for _, other := range []string{"-- b\nSELECT 1;\n\nSELECT 2;\n", "-- a\nSELECT 1;\nSELECT 2;\n", "-- a\n SELECT 1;\n\nSELECT 2;\n", "-- gorgon: contract a\n-- a\nSELECT 1;\n\nSELECT 2;\n"} {
		if of(other) == want {
			t.Errorf("%q has the same sum", other)
		}
	}
}

func TestNames(t *testing.T) {
	tests := map[string]string{ // files, and what is wrong or their order
		"":                             "",
		"2_b.sql 10_c.sql 00001_a.sql": "00001_a.sql 2_b.sql 10_c.sql",
		"m/00002_b.sql m/00001_a.sql m/README.md x.go": "m/00001_a.sql m/00002_b.sql",
		"a/00001_a.sql b/00002_b.sql":                  "here in two: a/00001_a.sql, b/00002_b.sql",
		"00001_a.sql 1_b.sql":                          "00001_a.sql and 1_b.sql have the same number",
		"m/queries.sql":                                "m/queries.sql: it is not named as a migration",
		"0_a.sql":                                      "the number 0 is not used",
		"99999999999999999999_a.sql":                   "is not named as a migration",
	}
	for names, want := range tests {
		files := fstest.MapFS{}
		for name := range strings.FieldsSeq(names) {
			files[name] = &fstest.MapFile{}
		}
		list, err := migration.Names(files)
		got := strings.Join(list, " ")
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%q: %q, want %q", names, got, want)
		}
	}
}

// What removes or renames, and does not declare it, is refused.
func TestCheck(t *testing.T) {
	tests := []struct{ dialect, text, says string }{
		{"", "CREATE TABLE a (b int); ALTER TABLE a ADD c int;", ""},
		{"", "\nALTER TABLE products DROP COLUMN subtitle;", ":2: it drops products.subtitle, which"},
		{"", `ALTER TABLE IF EXISTS ONLY public."Products" DROP IF EXISTS "Subtitle" CASCADE;`, ":1: it drops products.subtitle"},
		{"", "ALTER TABLE a ADD COLUMN x int, DROP y;", "drops a.y"},
		{"", "ALTER TABLE a ADD COLUMN x int; ALTER TABLE a DROP x;", ""},
		{"", "ALTER TABLE a RENAME b TO c;", "renames a.b"},
		{"", "ALTER TABLE a RENAME COLUMN b TO c;", "renames a.b"},
		{"", "ALTER TABLE a RENAME TO c;", "renames a"},
		{"", "CREATE TABLE a_new (b int); DROP TABLE a; ALTER TABLE a_new RENAME TO a;", "drops a,"},
		{"", "-- gorgon: expand\nCREATE TABLE a_new (b int); DROP TABLE a; ALTER TABLE a_new RENAME TO a;", ""},
		{"", "DROP TABLE IF EXISTS a, shop.b;", "drops a,"},
		{"", "DROP VIEW v;", "drops v"},
		{"", "CREATE TEMP TABLE a (b int); DROP TABLE a;", ""},
		{"", "-- gorgon: contract a.b\nALTER TABLE a DROP b;", ""},
		{"", "-- gorgon: contract a\nALTER TABLE a DROP b;\nDROP TABLE a;", ""},
		{"", "-- gorgon: contract a.c\nALTER TABLE a DROP b;", "drops a.b, which the declaration at the top does not name: '-- gorgon: contract a.c, a.b'"},
		{"", "INSERT INTO a VALUES ('DROP TABLE a;');", ""},
		{"", "BEGIN;\nSELECT 1;\nCOMMIT;", ":1: a file is one transaction already"},
		{migration.PostgreSQL, "START TRANSACTION;", "one transaction already"},
		{migration.PostgreSQL, "ALTER TABLE a ALTER COLUMN b TYPE bigint;", "changes the type of a.b"},
		{migration.PostgreSQL, "ALTER TABLE a ALTER b SET DATA TYPE bigint USING b::bigint;", "changes the type of a.b"},
		{migration.PostgreSQL, "ALTER TABLE a SET SCHEMA old;", "renames a"},
		{migration.PostgreSQL, "ALTER TABLE a RENAME CONSTRAINT b TO c, DROP CONSTRAINT d;", ""},
		{migration.PostgreSQL, "ALTER TABLE a ALTER b DROP NOT NULL;", ""},
		{migration.PostgreSQL, "SELECT 1;\nCREATE UNIQUE INDEX CONCURRENTLY i ON a (b);", ":2: CONCURRENTLY cannot be in a transaction"},
		{migration.PostgreSQL, "DROP INDEX CONCURRENTLY i;", "CONCURRENTLY"},
		{migration.PostgreSQL, "-- gorgon: no transaction\nCREATE INDEX CONCURRENTLY i ON a (b);", ""},
		{migration.PostgreSQL, "-- gorgon: no transaction\nCREATE INDEX CONCURRENTLY i ON a (b); SELECT 1;", "one statement, and this has 2"},
		{migration.SQLite, "-- gorgon: no transaction\nVACUUM;", "every file is one transaction"},
	}
	for _, test := range tests {
		for _, dialect := range []string{migration.PostgreSQL, migration.SQLite} {
			if test.dialect != "" && test.dialect != dialect {
				continue
			}
			f, err := migration.Parse("1_a.sql", []byte(test.text), dialect)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Check(); (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s: %q: %v, want %q", dialect, test.text, err, test.says)
			}
		}
	}
}

func TestIndex(t *testing.T) {
	for text, want := range map[string]string{
		"CREATE INDEX CONCURRENTLY i ON a (b);":                                "i",
		"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY shop.a (b);": "shop.i",
		"CREATE INDEX CONCURRENTLY ON a (b);":                                  "",
		"DROP INDEX CONCURRENTLY i;":                                           "",
		"ALTER TYPE mood ADD VALUE 'calm';":                                    "",
	} {
		f, err := migration.Parse("1_a.sql", []byte("-- gorgon: no transaction\n"+text), migration.PostgreSQL)
		if err != nil || f.Index() != want {
			t.Errorf("%q: %q, %v, want %q", text, f.Index(), err, want)
		}
	}
}

// Each danger is found where it is one, and not in what a file made itself.
func TestDangers(t *testing.T) {
	tests := []struct{ dialect, text, rules string }{
		{"", "CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL REFERENCES c (id));", ""},
		{"", "ALTER TABLE a ADD b int NOT NULL;", "not-null"},
		{"", "ALTER TABLE a ADD b int NOT NULL DEFAULT 0, ADD COLUMN c int;", ""},
		{"", "CREATE TABLE a (b int); ALTER TABLE a ADD c int NOT NULL; UPDATE a SET b = 1;", ""},
		{"", "UPDATE a SET b = 1;", "all-rows"},
		{"", "DELETE FROM a;", "all-rows"},
		{"", "DELETE FROM a WHERE b = 1; UPDATE a SET b = 1 WHERE c = 2;", ""},
		{migration.PostgreSQL, "CREATE INDEX i ON a (b);", "index-locks"},
		{migration.PostgreSQL, "CREATE UNIQUE INDEX ON ONLY shop.a (b);", "index-locks"},
		{migration.PostgreSQL, "CREATE TABLE a (b int); CREATE INDEX i ON a (b);", ""},
		{migration.PostgreSQL, "CREATE TABLE public.a (b int); CREATE INDEX i ON A (b);", ""},
		{migration.PostgreSQL, "-- gorgon: no transaction\nCREATE INDEX CONCURRENTLY i ON a (b);", ""},
		{migration.PostgreSQL, "DROP INDEX i;", "drop-index-locks"},
		{migration.PostgreSQL, "ALTER TABLE a ALTER b SET NOT NULL;", "set-not-null"},
		{migration.PostgreSQL, "ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES c (id);", "constraint-scan"},
		{migration.PostgreSQL, "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c (id), ADD CHECK (b > 0);", "constraint-scan constraint-scan"},
		{migration.PostgreSQL, "ALTER TABLE a ADD CONSTRAINT f CHECK (b > 0) NOT VALID;", ""},
		{migration.PostgreSQL, "ALTER TABLE a ADD CONSTRAINT f CHECK (b > 0) NOT VALID; ALTER TABLE a VALIDATE CONSTRAINT f;", "validate-together"},
		{migration.PostgreSQL, "ALTER TABLE a VALIDATE CONSTRAINT f;", ""},
		{migration.PostgreSQL, "ALTER TABLE a ADD CONSTRAINT u UNIQUE (b);", "unique-scan"},
		{migration.PostgreSQL, "ALTER TABLE a ADD PRIMARY KEY (b);", "unique-scan"},
		{migration.PostgreSQL, "ALTER TABLE a ADD CONSTRAINT u UNIQUE USING INDEX i;", ""},
		{migration.PostgreSQL, "ALTER TABLE a ADD b int REFERENCES c (id);", "constraint-scan"},
		{migration.PostgreSQL, "ALTER TABLE a ADD b int UNIQUE;", "unique-scan"},
		{migration.PostgreSQL, "ALTER TABLE a ADD b timestamptz NOT NULL DEFAULT now();", ""},
		{migration.PostgreSQL, "ALTER TABLE a ADD b uuid NOT NULL DEFAULT gen_random_uuid();", "rewrite"},
		{migration.PostgreSQL, "ALTER TABLE a ADD b bigserial;", "rewrite"},
		{migration.PostgreSQL, "ALTER TABLE a ADD b int GENERATED ALWAYS AS (c + 1) STORED;", "rewrite"},
		{migration.PostgreSQL, "TRUNCATE a;\nVACUUM FULL a;\nLOCK TABLE a;", "exclusive exclusive exclusive"},
		{migration.PostgreSQL, "-- gorgon: allow index-locks\nCREATE INDEX i ON a (b);\nDROP INDEX j;", "drop-index-locks"},
		{migration.SQLite, "CREATE INDEX i ON a (b); DROP INDEX j;", ""},
		{migration.SQLite, "REPLACE INTO a VALUES (1); INSERT OR REPLACE INTO a VALUES (1);", "replace replace"},
		{migration.SQLite, "PRAGMA foreign_keys = OFF;", "pragma"},
	}
	for _, test := range tests {
		for _, dialect := range []string{migration.PostgreSQL, migration.SQLite} {
			if test.dialect != "" && test.dialect != dialect {
				continue
			}
			f, err := migration.Parse("1_a.sql", []byte(test.text), dialect)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range f.Dangers() {
				got = append(got, d.Rule)
				if d.Says == "" || d.Hint == "" || d.Line == 0 || d.File != "1_a.sql" {
					t.Errorf("%+v", d)
				}
			}
			if strings.Join(got, " ") != test.rules {
				t.Errorf("%s: %q: %q, want %q", dialect, test.text, got, test.rules)
			}
		}
	}
}

// Whatever a file has, reading it ends, its statements are parts of it in their
// order, and nothing is lost of what is not a comment.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"SELECT 1;", "-- +goose Up\nSELECT ';';\n-- +goose Down\nDROP TABLE a;", "$$", "$a$ $a$", "E'\\", "/* /* */", "[", "`",
		"CREATE TRIGGER t BEGIN SELECT 1; END;", "CREATE INDEX CONCURRENTLY", "ALTER TABLE a ADD", "DROP TABLE", "ALTER TABLE a RENAME", "UPDATE", "create index",
		"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END", "-- gorgon: contract a.b\nALTER TABLE a DROP b", "ALTER TABLE a ALTER", "\xff;", "-- gorgon: no transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, postgres bool) {
		dialect := migration.SQLite
		if postgres {
			dialect = migration.PostgreSQL
		}
		file, err := migration.Parse("1_a.sql", []byte(text), dialect)
		_, _, _ = file.Check(), file.Dangers(), file.Index()
		if err != nil {
			return
		}
		rest := strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
		for _, s := range append(file.Up, file.Down...) {
			_, after, ok := strings.Cut(rest, s.Text)
			if !ok || s.Text == "" {
				t.Fatalf("%q is not in %q", s.Text, rest)
			}
			rest = after
		}
		// A statement that is read by itself is one statement still.
		for _, s := range file.Up {
			again, err := migration.Parse("1_a.sql", []byte(s.Text), dialect)
			if strings.Contains(s.Text, "+goose") || strings.Contains(text, "+goose") || strings.Contains(s.Text, "gorgon:") {
				continue
			}
			if err != nil || len(again.Up) != 1 {
				t.Fatalf("%q of %q: %d statements, %v", s.Text, text, len(again.Up), err)
			}
		}
	})
}
