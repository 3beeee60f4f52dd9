// What is wrong, and where.

package develop

import (
	"os"
	"path/filepath"
	"regexp"
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

// faultOf finds the first place inside the module that a text names. Assets
// are named from their own folder. Of a panic it is where it was raised: what
// is above that in the stack is the recovering.
func (s *Server) faultOf(text string) *Fault {
	f := &Fault{Text: strings.TrimSpace(text)}
	s.mu.Lock()
	folders := append([]string{s.Dir}, s.folders...)
	s.mu.Unlock()
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
			short, err := filepath.Rel(s.Dir, name)
			if err != nil || !filepath.IsLocal(short) {
				continue
			}
			if f.Excerpt = excerpt(name, line); f.Excerpt != "" {
				f.File, f.Line = filepath.ToSlash(short), line
				return f
			}
		}
	}
	return f
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
