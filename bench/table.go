// The table of results, for people and for programs.

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"
)

// A row is one thing that was measured.
type row struct {
	Part   string   `json:"part"`
	What   string   `json:"what"`
	Unit   string   `json:"unit"`
	Gorgon float64  `json:"gorgon"`
	Floor  *float64 `json:"floor,omitempty"` // nil where there is nothing to compare with
	Ratio  *spread  `json:"ratio,omitempty"`
	Goal   string   `json:"goal,omitempty"`
	Met    *bool    `json:"met,omitempty"`
}

func newRow(part, what, unit string, gorgon float64) row {
	return row{Part: part, What: what, Unit: unit, Gorgon: gorgon}
}

// beside adds the floor and the ratio to it.
func (r row) beside(floor float64, ratio spread) row {
	r.Floor, r.Ratio = &floor, &ratio
	return r
}

// ratioGoal asks that the ratio's median be at least, or at most, a limit.
func (r row) ratioGoal(sign string, limit float64) row {
	if r.Ratio == nil {
		return r
	}
	return r.judge(r.Ratio.Median, sign, limit, "ratio "+sign+" "+strconv.FormatFloat(limit, 'f', 2, 64))
}

// goal asks the same of the value itself.
func (r row) goal(sign string, limit float64) row {
	return r.judge(r.Gorgon, sign, limit, sign+" "+write(limit, r.Unit))
}

func (r row) judge(value float64, sign string, limit float64, text string) row {
	met := value <= limit
	if sign == "≥" {
		met = value >= limit
	}
	r.Goal, r.Met = text, &met
	return r
}

// write writes a number with its unit for people.
func write(n float64, unit string) string {
	var s string
	switch a := math.Abs(n); {
	case a >= 1000 || n == math.Trunc(n):
		s = grouped(int64(math.Round(n)))
	case a >= 100:
		s = strconv.FormatFloat(n, 'f', 0, 64)
	case a >= 10:
		s = strconv.FormatFloat(n, 'f', 1, 64)
	default:
		s = strconv.FormatFloat(n, 'f', 2, 64)
	}
	if unit == "" {
		return s
	}
	return s + " " + unit
}

// grouped writes an integer with a comma before each three digits.
func grouped(n int64) string {
	s, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		s, sign = s[1:], "-"
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// printTable writes the rows as a table of Markdown.
func printTable(w io.Writer, rows []row) error {
	cells := [][6]string{{"what", "Gorgon", "floor", "ratio (min–max)", "goal", ""}}
	for _, r := range rows {
		c := [6]string{r.Part + ": " + r.What, write(r.Gorgon, r.Unit), "", "", r.Goal, ""}
		if r.Floor != nil {
			c[2] = write(*r.Floor, r.Unit)
		}
		if r.Ratio != nil {
			c[3] = fmt.Sprintf("%.2f (%.2f–%.2f)", r.Ratio.Median, r.Ratio.Min, r.Ratio.Max)
		}
		if r.Met != nil {
			c[5] = map[bool]string{true: "met", false: "NOT met"}[*r.Met]
		}
		cells = append(cells, c)
	}
	var widths [6]int
	for _, c := range cells {
		for i := range c {
			widths[i] = max(widths[i], len([]rune(c[i])))
		}
	}
	for n, c := range cells {
		line := "|"
		for i := range c {
			line += " " + c[i] + strings.Repeat(" ", widths[i]-len([]rune(c[i]))) + " |"
		}
		if n == 0 {
			line += "\n|"
			for i := range c {
				line += strings.Repeat("-", widths[i]+2) + "|"
			}
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// machine says on what was measured.
func machine() string {
	return fmt.Sprintf("%s, %s/%s, %d processors", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

// printJSON writes the rows for programs.
func printJSON(w io.Writer, rows []row) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Machine string `json:"machine"`
		Rows    []row  `json:"rows"`
	}{machine(), rows})
}
