// What is wrong with an environment, or with a definition.

package config

import (
	"fmt"
	"strings"
)

// Faults are all faults of an environment. Their texts contain no values.
type Faults []Fault

// A Fault is one of a variable.
type Fault struct {
	Variable string // "" for one of the struct's Validate
	Says     string // what is wrong, or how the value is written
}

func (f Fault) Error() string {
	if f.Variable == "" {
		return f.Says
	}
	return f.Variable + ": " + f.Says
}

func (f Faults) Error() string {
	if len(f) == 1 {
		return "configuration: " + f[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d faults:", len(f))
	for _, one := range f {
		b.WriteString("\n  " + one.Error())
	}
	return b.String()
}

// nearest is the name that is most like another; "" if none is like it.
func nearest(name string, known []string) string {
	best, least := "", max(2, len(name)/4)+1
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is how many letters have to be added, removed or replaced.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
