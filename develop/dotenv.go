// Variables for the app that is being written, from a file.

package develop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// dotenv is the file of variables in the app's folder. Only the app gets them:
// neither the build nor a release reads the file.
func (s *Server) dotenv() string {
	folder := s.Dir
	if strings.HasPrefix(s.Package, ".") {
		folder = filepath.Join(s.Dir, filepath.FromSlash(s.Package))
	}
	return filepath.Join(folder, ".env")
}

// Dotenv returns the variables that .env in an app's folder adds to those of
// the environment, and one that lists their names for the app.
func Dotenv(folder string) ([]string, error) {
	return withNames(readDotenv(filepath.Join(folder, ".env")))
}

// withNames adds the variable by which a program knows which others come from
// .env.
func withNames(pairs []string, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	var names []string
	for _, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	return append(pairs, "GORGON_DEV_ENV="+strings.Join(names, ",")), nil
}

// readDotenv returns the variables of a file that the environment does not
// have; none if there is no file. Errors name the line and nothing of it: it
// may be a secret.
func readDotenv(file string) ([]string, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var pairs []string
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		name, value, err := parseVariable(line)
		if err != nil {
			return nil, fmt.Errorf("line %d of .env: %w", n, err)
		}
		if _, set := os.LookupEnv(name); name != "" && !set {
			pairs = append(pairs, name+"="+value)
		}
	}
	return pairs, nil
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

var (
	errNoVariable = errors.New(`write NAME=value, or "#" before a comment`)
	errQuote      = errors.New("a quote is not closed on its line, or something follows it: write NAME=\"value\"")
)

// parseVariable reads a line: NAME=value, with or without "export" before it
// and quotes around the value. Between double quotes, \n and the like are as
// in Go; between single quotes, every character stands for itself. A comment
// begins with # at the beginning or after a space. The name is "" for a line
// without a variable.
func parseVariable(line string) (name, value string, err error) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", "", nil
	}
	name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || !variableName.MatchString(name) {
		return "", "", errNoVariable
	}
	switch {
	case strings.HasPrefix(value, `"`):
		quoted, err := strconv.QuotedPrefix(value)
		if err != nil || !isComment(value[len(quoted):]) {
			return "", "", errQuote
		}
		value, err = strconv.Unquote(quoted)
		return name, value, err
	case strings.HasPrefix(value, "'"):
		value, rest, closed := strings.Cut(value[1:], "'")
		if !closed || !isComment(rest) {
			return "", "", errQuote
		}
		return name, value, nil
	}
	if i := strings.Index(value, " #"); i >= 0 {
		value = strings.TrimSpace(value[:i])
	}
	return name, value, nil
}

func isComment(rest string) bool {
	rest = strings.TrimSpace(rest)
	return rest == "" || rest[0] == '#'
}
