// What a long command is doing.

package tool

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// phases tells what is being done, one line for each step as it begins, with
// the time since the start.
type phases struct {
	to    io.Writer
	began time.Time

	what  string // "" between steps
	since time.Time
	took  []string
}

func (p *phases) begin(what string) {
	p.end()
	p.what, p.since = what, time.Now()
	fmt.Fprintf(p.to, "%6.1fs  %s\n", p.since.Sub(p.began).Seconds(), what)
}

func (p *phases) end() {
	if p.what != "" {
		p.took = append(p.took, fmt.Sprintf("%s %.1fs", p.what, time.Since(p.since).Seconds()))
		p.what = ""
	}
}

// String is how long everything took, and each step.
func (p phases) String() string {
	return fmt.Sprintf("%.1fs: %s", time.Since(p.began).Seconds(), strings.Join(p.took, ", "))
}
