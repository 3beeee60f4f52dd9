// What doctor checks of a project's migrations.

package tool

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/database/migration"
)

// migrations looks at the files, if the source uses a database.
func (e *examination) migrations() {
	const check = "migrations"
	s, err := readSource(".")
	if err != nil {
		e.add(check, bad, err.Error(), "")
		return
	}
	dialect, err := s.dialect()
	if errors.Is(err, errNoDialect) {
		return // there is no database
	}
	folder := ""
	if err == nil {
		folder, _, err = s.folder()
	}
	if err != nil {
		e.add(check, bad, err.Error(), "")
		return
	}
	if _, err := os.Stat(folder); err != nil {
		e.add(check, advice, "the app has a database and no migrations", "gorgon migration new NAME, or leave it so if others make its tables")
		return
	}
	all, err := migration.Read(os.DirFS(folder), dialect)
	if err != nil {
		e.add(check, bad, filepath.ToSlash(folder)+": "+err.Error(), "correct the file: the app would refuse to migrate")
		return
	}
	before := len(e.findings)
	for _, f := range all {
		f.Path = filepath.ToSlash(filepath.Join(folder, f.Name))
		e.migration(f, s, folder, dialect)
	}
	if len(e.findings) == before {
		e.add(check, good, cli.Plural(len(all), "file")+" in "+filepath.ToSlash(folder)+"/, and nothing dangerous", "")
	}
}

// migration looks at one file.
func (e *examination) migration(f migration.File, s *source, folder, dialect string) {
	const check = "migration"
	if err := f.Check(); err != nil {
		e.add(check, bad, err.Error(), "the app refuses to apply it like this")
	}
	for _, what := range f.Removes {
		if places := s.reads(what, folder); f.Kind == migration.Contract && len(places) > 0 {
			e.add(check, advice, fmt.Sprintf("%s removes %s, which the source seems to use: %s", f.Path, what, strings.Join(places[:min(len(places), manyFiles)], ", ")),
				"release the app without it first, and then the contract")
		}
	}
	known := map[int]bool{}
	for _, d := range f.Dangers() {
		known[d.Line] = true
		e.add(check, advice, fmt.Sprintf("%s:%d: %s [%s]", d.File, d.Line, d.Says, d.Rule), d.Hint+"; or accept it with '-- gorgon: allow "+d.Rule+"' at the top")
	}
	if dialect != migration.PostgreSQL {
		return
	}
	found, err := e.squawk(f)
	if err != nil {
		e.add("squawk", advice, f.Path+": "+err.Error(), "see 'squawk --help'")
	}
	for _, w := range found {
		if !known[w.Line+1] {
			e.add("squawk", advice, fmt.Sprintf("%s:%d: %s [%s]", f.Path, w.Line+1, strings.TrimSuffix(w.Message, "."), w.Rule), w.Help)
		}
	}
}

// A warning is one of squawk, a linter of migrations that may be installed.
type warning struct {
	Line    int    `json:"line"` // from 0
	Message string `json:"message"`
	Help    string `json:"help"`
	Rule    string `json:"rule_name"`
}

// ours are the rules of squawk for what the migrate command sees to: it sets a
// limit for locks, and has removals declared.
var ours = [...]string{"require-lock-timeout", "require-statement-timeout", "require-timeout-settings",
	"ban-drop-column", "ban-drop-table", "renaming-column", "renaming-table", "changing-column-type"}

// squawk lets squawk look at the Up of a file, on the lines that it has. What
// is ours and what is style is left out.
func (e *examination) squawk(f migration.File) ([]warning, error) {
	program, err := exec.LookPath("squawk")
	if err != nil {
		return nil, nil // it may be left out
	}
	var text strings.Builder
	line := 1
	for _, s := range f.Up {
		for ; line < s.Line; line++ {
			text.WriteString("\n")
		}
		text.WriteString(s.Text)
		line += strings.Count(s.Text, "\n")
	}
	args := []string{"--reporter", "json"}
	if !f.Bare {
		args = append(args, "--assume-in-transaction")
	}
	c := exec.CommandContext(e.ctx, program, args...)
	c.Stdin = strings.NewReader(text.String() + "\n")
	out, err := c.Output()
	var found []warning
	if json.Unmarshal(out, &found) == nil { // warnings are an exit code, too
		return slices.DeleteFunc(found, func(w warning) bool { return strings.HasPrefix(w.Rule, "prefer-") || slices.Contains(ours[:], w.Rule) }), nil
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && len(exit.Stderr) > 0 {
		err = errors.New(firstLine(string(exit.Stderr)))
	}
	if err == nil {
		err = errors.New("squawk does not print JSON")
	}
	return nil, err
}
