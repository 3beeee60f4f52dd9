// Every kind of part, in every representation, behind every kind of access.

package e2e_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// TestMatrix requests every kind of part in every representation, on sites of
// every setting, as visitors who may see it and as one who may not, in every
// way that HTTP allows, and checks each answer against the rules. With -v it
// prints for each cell which caches may store the answer.
func TestMatrix(t *testing.T) {
	t.Parallel()
	m := runMatrix(t, nil, 0, span{})
	t.Logf("who may keep the answer: any (caches too), own (the visitor's browser), no (none)\n%s", m)
	for _, text := range m.faults() {
		t.Error(text)
	}
	if asked := m.requests.Load(); asked < 10_000 {
		t.Errorf("%d requests: much of the matrix was not asked for", asked)
	}
}

// A cell is one kind of part, in one representation, on one site.
type cell struct{ kind, form, setting string }

// An outcome is the result of a cell.
type outcome struct {
	keeper string
	faults []string
}

// String is the table.
func (m *matrix) String() string {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 1, 1, ' ', 0)
	fmt.Fprint(w, "part\trepresentation")
	for _, s := range settings() {
		fmt.Fprint(w, "\t"+s.name)
	}
	fmt.Fprintln(w)
	for _, k := range kinds() {
		for _, form := range m.forms() {
			line, any := k.name+"\t"+form, false
			for _, s := range settings() {
				o, ok := m.cells[cell{k.name, form, s.name}]
				text := "-"
				if ok {
					any, text = true, o.keeper
				}
				if ok && len(o.faults) > 0 {
					text = "FAIL"
				}
				line += "\t" + text
			}
			if any {
				fmt.Fprintln(w, line)
			}
		}
	}
	_ = w.Flush()
	failed := 0
	for _, o := range m.cells {
		failed += min(len(o.faults), 1)
	}
	fmt.Fprintf(&b, "%d cells, %d requests, %d cells fail\n", len(m.cells), m.requests.Load(), failed)
	return b.String()
}

// faults lists the faults, with three examples of each kind.
func (m *matrix) faults() []string {
	byText := map[string][]string{}
	for c, o := range m.cells {
		for _, f := range o.faults {
			text, _, _ := strings.Cut(f, ":")
			byText[text] = append(byText[text], fmt.Sprintf("  %s, %s, %s: %s", c.kind, c.form, c.setting, f))
		}
	}
	var all []string
	for text, cells := range byText {
		slices.Sort(cells)
		all = append(all, fmt.Sprintf("%s (%d)\n%s", text, len(cells), strings.Join(cells[:min(3, len(cells))], "\n")))
	}
	slices.Sort(all)
	return all
}

// failed lists the cells that fail.
func (m *matrix) failed() (cells []cell) {
	for c, o := range m.cells {
		if len(o.faults) > 0 {
			cells = append(cells, c)
		}
	}
	return cells
}
