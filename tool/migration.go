// migration: new files for the database's schema.

package tool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/database/migration"
)

func (t *tool) migrationCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "migration",
		Short: "Make a file that changes the database's schema",
		Args:  cli.NoArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(t.migrationNewCommand())
	return c
}

func (t *tool) migrationNewCommand() *cobra.Command {
	var dir, contract string
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Make the next file, with its number",
		Long: `Makes the next file in the project's folder of migrations: the one that the
source embeds, or migrations/. It has examples for the dialect that the source
imports. The migrate command of the app applies it.`,
		Example: "  gorgon migration new prices\n  gorgon migration new drop-subtitle --contract products.subtitle",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return cli.Misuse("name the migration with one word, such as 'gorgon migration new prices'")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return cli.Fail(t.newMigration(args[0], dir, contract)) },
	}
	c.Flags().StringVar(&dir, "dir", "", "folder of the migrations, where the source embeds several or none")
	c.Flags().StringVar(&contract, "contract", "", "what the file removes, such as products.subtitle, or a table")
	return c
}

// newMigration makes a file.
func (t *tool) newMigration(name, dir, contract string) error {
	s, err := readSource(".")
	if err != nil {
		return err
	}
	dialect, err := s.dialect()
	if err != nil {
		return err
	}
	embedded := true
	if dir == "" {
		if dir, embedded, err = s.folder(); err != nil {
			return err
		}
	}
	subject := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "_"), "_")
	if subject == "" {
		return cli.Misuse("%s: name the migration with letters or digits", cli.Quoted(name))
	}
	if contract != "" && !regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*){0,2}$`).MatchString(contract) {
		return cli.Misuse("--contract %s: name a column with its table, such as products.subtitle, or a table", cli.Quoted(contract))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	next := int64(1)
	all, err := migration.Read(os.DirFS(dir), dialect)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if len(all) > 0 {
		next = all[len(all)-1].Version + 1
	}
	path := filepath.Join(dir, fmt.Sprintf("%05d_%s.sql", next, subject))
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(template(subject, dialect, contract))
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "wrote %s\n", filepath.ToSlash(path))
	if !embedded {
		fmt.Fprintf(t.log, "embed the folder, and give it to the database:\n  //go:embed %s/*.sql\n  var migrations embed.FS\n", filepath.ToSlash(dir))
	}
	return nil
}

// template is the text of a new file.
func template(subject, dialect, contract string) string {
	subject = strings.ReplaceAll(subject, "_", " ")
	if contract != "" {
		table, column, isColumn := strings.Cut(contract, ".")
		if schema, rest, more := strings.Cut(column, "."); more {
			table, column = table+"."+schema, rest
		}
		change := "DROP TABLE " + contract + ";"
		if isColumn {
			change = fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s;", table, column)
		}
		return fmt.Sprintf(`-- %s: it removes what no release reads any more.
-- gorgon: contract %s

-- +goose Up
%s
`, subject, contract, change)
	}
	text := fmt.Sprintf(`-- %s: it only adds, so that the release before it works on.
-- gorgon: expand

-- +goose Up
-- CREATE TABLE products (
`, subject)
	if dialect == migration.PostgreSQL {
		return text + `--     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
--     name text NOT NULL
-- );
-- ALTER TABLE products ADD COLUMN subtitle text NOT NULL DEFAULT '';
--
-- An index of a table with rows is alone in a file that has
-- '-- gorgon: no transaction' at its top:
-- CREATE INDEX CONCURRENTLY products_name ON products (name);

-- +goose Down
-- DROP TABLE products;
`
	}
	return text + `--     id INTEGER PRIMARY KEY,
--     name TEXT NOT NULL
-- ) STRICT;
-- ALTER TABLE products ADD COLUMN subtitle TEXT NOT NULL DEFAULT '';
-- CREATE INDEX products_name ON products (name);

-- +goose Down
-- DROP TABLE products;
`
}

// isMigrations says whether a folder that the source embeds is one of
// migrations.
func isMigrations(dir string) bool {
	names, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil {
		return false
	}
	if len(names) == 0 {
		return filepath.Base(dir) == "migrations"
	}
	_, err = migration.Names(os.DirFS(dir))
	return err == nil
}

var errNoDialect = fmt.Errorf("the source imports neither database/pgdb nor database/litedb: choose the dialect with database.Open first (%w)", fs.ErrNotExist)
