// Which files the compiler reads.

package develop

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
)

// source are the extensions of files that the go command reads in the folder
// of a package.
var source = []string{".go", ".templ", ".mod", ".sum", ".work", ".c", ".cc", ".cpp", ".h", ".hpp", ".s", ".S", ".syso"}

// compiled says whether a file is, or may be, part of the program: code, or
// embedded. Any other is one that the app reads when it runs.
func (s *Server) compiled(name string) bool {
	if slices.Contains(source, filepath.Ext(name)) {
		return true
	}
	if name == s.dotenv() || slices.ContainsFunc(s.read, func(at string) bool { return name == at || strings.HasPrefix(name, at+string(filepath.Separator)) }) {
		return false
	}
	if s.embedded == nil {
		return true
	}
	return slices.ContainsFunc(s.embedded, func(pattern string) bool {
		for at := name; len(at) >= len(s.Dir); at = filepath.Dir(at) {
			if ok, _ := filepath.Match(pattern, at); ok {
				return true
			}
			if at == filepath.Dir(at) {
				break
			}
		}
		return false
	})
}

// learnEmbedded finds the patterns of the files that are embedded. Where that
// fails, every file is taken for one.
func (s *Server) learnEmbedded(ctx context.Context) {
	line := append([]string{"go", "list", "-deps"}, buildFlags()...)
	line = append(line, "-f", "{{if not .Standard}}{{$d := .Dir}}{{range .EmbedPatterns}}{{$d}}"+string(filepath.Separator)+"{{.}}\n{{end}}{{end}}", s.Package)
	s.embedded = nil
	out, err := run(ctx, s.Dir, nil, line...)
	if err != nil {
		return
	}
	s.embedded = []string{}
	for line := range strings.Lines(string(out)) {
		folder, pattern := filepath.Split(strings.TrimSpace(line))
		// The folder ends where the pattern begins, which may be of several parts.
		if before, after, ok := strings.Cut(line, string(filepath.Separator)+"all:"); ok {
			folder, pattern = before, strings.TrimSpace(after)
		}
		s.embedded = append(s.embedded, filepath.Join(folder, filepath.FromSlash(pattern)))
	}
}
