// What is wrong, and where.

package develop

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A Fault is why there is no app to show.
type Fault struct {
	Text    string `json:"text"`           // all that was said
	File    string `json:"file,omitempty"` // of the first place named, from the module's folder
	Line    int    `json:"line,omitempty"` // 1 is the first
	Excerpt string `json:"excerpt,omitempty"`
}

var place = regexp.MustCompile(`(?m)(?:^|\s)([^\s:]+\.(?:go|templ)):(\d+)`)

// faultOf finds the first place inside the module that an error names.
func faultOf(dir string, err error) *Fault {
	f := &Fault{Text: strings.TrimSpace(err.Error())}
	for _, m := range place.FindAllStringSubmatch(f.Text, -1) {
		name := m[1]
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		short, err := filepath.Rel(dir, name)
		if err != nil || !filepath.IsLocal(short) {
			continue
		}
		data, err := os.ReadFile(name)
		line, _ := strconv.Atoi(m[2])
		lines := strings.Split(string(data), "\n")
		if err != nil || line < 1 || line > len(lines) {
			continue
		}
		f.File, f.Line = filepath.ToSlash(short), line
		for i := max(1, line-3); i <= min(len(lines), line+3); i++ {
			mark := "  "
			if i == line {
				mark = "> "
			}
			f.Excerpt += mark + strconv.Itoa(i) + "\t" + lines[i-1] + "\n"
		}
		break
	}
	return f
}
