// What is wrong, and where.

package develop

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Fault is why there is no app, or no page, to show.
type Fault struct {
	Text    string `json:"text"`           // all that was said
	File    string `json:"file,omitempty"` // of the first place named, from the module's folder
	Line    int    `json:"line,omitempty"` // 1 is the first
	Excerpt string `json:"excerpt,omitempty"`
}

var place = regexp.MustCompile(`(?m)(?:^|[\s(])((?:[A-Za-z]:)?[^\s:()]+\.(?:go|templ|css|m?js|m?ts|tsx|jsx|json)):(\d+)`)

// templatePlace is how html/template and text/template name a place: by the
// template's name alone, which usually is that of its file.
var templatePlace = regexp.MustCompile(`\btemplate: ([^\s:"]+\.[A-Za-z]+):(\d+)`)

// faultOf finds the first place inside the module that a text names. A place in
// a template counts before those in Go, which only say who used it. Assets
// are named from their own folder. Of a panic it is where it was raised: what
// is above that in the stack is the recovering.
func (s *Server) faultOf(text string) *Fault {
	f := &Fault{Text: strings.TrimSpace(text)}
	s.mu.Lock()
	folders := append([]string{s.Dir}, s.folders...)
	s.mu.Unlock()
	if m := templatePlace.FindStringSubmatch(f.Text); m != nil {
		line, _ := strconv.Atoi(m[2])
		if name := s.only(m[1]); name != "" && s.show(f, name, line) {
			return f
		}
	}
	stack := f.Text
	if _, after, ok := strings.Cut(stack, "\npanic("); ok {
		stack = after
	}
	for _, m := range place.FindAllStringSubmatch(stack, -1) {
		line, _ := strconv.Atoi(m[2])
		for _, from := range folders {
			name := m[1]
			if !filepath.IsAbs(name) {
				name = filepath.Join(from, name)
			}
			if s.show(f, name, line) {
				return f
			}
		}
	}
	return f
}

// show makes a line of a file the place of a fault, if the module has it.
func (s *Server) show(f *Fault, name string, line int) bool {
	short, err := filepath.Rel(s.Dir, name)
	if err != nil || !filepath.IsLocal(short) {
		return false
	}
	text := excerpt(name, line)
	if text == "" {
		return false
	}
	f.File, f.Line, f.Excerpt = filepath.ToSlash(short), line, text
	return true
}

// only is the one file of the module whose path ends with a name; "" where
// there is none, or more than one.
func (s *Server) only(name string) (found string) {
	suffix := string(filepath.Separator) + filepath.FromSlash(name)
	_ = filepath.WalkDir(s.Dir, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case d.IsDir() && file != s.Dir && (strings.HasPrefix(d.Name(), ".") || slices.Contains(skipped, d.Name())):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(file, suffix):
			if found != "" {
				found = ""
				return fs.SkipAll
			}
			found = file
		}
		return nil
	})
	return found
}

// excerpt is a line with those around it; "" where there is no such line.
func excerpt(name string, line int) (text string) {
	data, err := os.ReadFile(name)
	lines := strings.Split(string(data), "\n")
	if err != nil || line < 1 || line > len(lines) {
		return ""
	}
	for i := max(1, line-3); i <= min(len(lines), line+3); i++ {
		mark := "  "
		if i == line {
			mark = "> "
		}
		text += mark + strconv.Itoa(i) + "\t" + lines[i-1] + "\n"
	}
	return text
}
