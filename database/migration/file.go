// One file, and what it declares.

package migration

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Dialects of databases.
const (
	PostgreSQL = "postgresql"
	SQLite     = "sqlite"
)

// A Kind says which programs can use the database once a file is applied.
type Kind string

const (
	// Expand only adds: programs of the release before the file's work on.
	Expand Kind = "expand"

	// Contract removes what no program reads any more.
	Contract Kind = "contract"
)

// A File is one migration.
type File struct {
	Version int64
	Name    string // 00002_prices.sql
	Path    string // where the file is: its name, with the folder it was found in
	Sum     string // SHA-256 of the text; line endings and blanks at ends of lines do not count

	Kind     Kind     // what it declares; Expand if it declares nothing
	Declared bool     // it declares its kind
	Removes  []string // what a contract removes: "products.subtitle", "prices"
	Bare     bool     // it declares "no transaction"
	Allows   []string // dangers that it accepts

	Up, Down []Statement

	dialect string
}

// A Statement is one of a file.
type Statement struct {
	Text string
	Line int // of its first word

	tokens []token
}

// A Fault is what is wrong in a file.
type Fault struct {
	File string
	Line int // 0: the whole file
	Says string
}

func (f *Fault) Error() string {
	if f.Line == 0 {
		return f.File + ": " + f.Says
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Says)
}

// Parse reads the text of a file. Faults name it as it is called here.
func Parse(name string, text []byte, dialect string) (File, error) {
	f := File{Path: name, Name: name[strings.LastIndexByte(name, '/')+1:], Kind: Expand, Sum: sum(text), dialect: dialect}
	version, err := number(f.Name)
	if err != nil {
		return f, &Fault{File: name, Says: err.Error()}
	}
	f.Version = version
	// Line endings are those of the machine that the file was checked out on.
	clean := strings.ReplaceAll(strings.TrimPrefix(string(text), "\ufeff"), "\r\n", "\n")
	r := reader{file: &f, text: clean}
	if err := r.read(); err != nil {
		return f, err
	}
	return f, nil
}

// sum is the checksum of a text.
func sum(text []byte) string {
	h := sha256.New()
	for line := range bytes.Lines(bytes.TrimRight(bytes.TrimPrefix(text, []byte("\ufeff")), " \t\r\n")) {
		line = bytes.TrimRight(line, " \t\r\n")
		if word, ok := declaration(string(line)); ok && strings.HasPrefix(word, allow) {
			continue // it says nothing to the database
		}
		h.Write(line)
		h.Write([]byte{'\n'})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// allow begins the declaration of an accepted danger.
const allow = "allow "

// declaration is what a comment line declares.
func declaration(line string) (words string, ok bool) {
	rest, ok := strings.CutPrefix(line, "--")
	if !ok {
		return "", false
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " \t"), "gorgon:")
	return strings.Join(strings.Fields(rest), " "), ok
}

// declare takes one declaration.
func (f *File) declare(words string) error {
	word, rest, _ := strings.Cut(words, " ")
	switch {
	case words == string(Expand), word == string(Contract):
		if f.Declared {
			return fmt.Errorf("the kind is declared twice: keep one of them")
		}
		f.Kind, f.Declared = Kind(word), true
		for _, name := range strings.FieldsFunc(rest, func(c rune) bool { return c == ' ' || c == ',' }) {
			f.Removes = append(f.Removes, plain(strings.Split(name, ".")))
		}
		if f.Kind == Contract && len(f.Removes) == 0 {
			return fmt.Errorf("a contract names what it removes: write it as '-- gorgon: contract products.subtitle'")
		}
	case words == "no transaction":
		f.Bare = true
	case word == strings.TrimSpace(allow) && rest != "":
		for name := range strings.FieldsSeq(rest) {
			if !slices.Contains(Rules(), name) {
				return fmt.Errorf("there is no rule %q: the rules are %s", name, strings.Join(Rules(), ", "))
			}
			f.Allows = append(f.Allows, name)
		}
	default:
		return fmt.Errorf("there is no declaration %q: use expand, contract TABLE.COLUMN, no transaction, or allow RULE", words)
	}
	return nil
}
