// Charts of the last hour.

package admin

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The space of a chart, in units of its own: the browser stretches it.
const (
	wide = 600
	high = 120
)

// A chart shows figures of each minute of an hour.
type chart struct {
	Title  string   `json:"title"`
	Label  string   `json:"label"` // all in words
	Top    string   `json:"top"`   // what the upper edge means
	Series []series `json:"series"`
}

// A series is one line of a chart. Its shapes are paths of SVG.
type series struct {
	Name string `json:"name"`
	Now  string `json:"now"` // the last full minute
	Kind string `json:"kind"`
	Line string `json:"line"`
	Area string `json:"area,omitempty"`
}

// A plot is what a series is made of.
type plot struct {
	name, kind string // kind is first, second or third: its color
	values     []float64
}

// chartOf draws plots over one scale. The last value is of a minute that has not
// ended, and is left out unless it is of a state.
func chartOf(title string, say func(float64) string, plots ...plot) chart {
	top := 0.0
	for _, p := range plots {
		for _, v := range p.values {
			top = max(top, v)
		}
	}
	scale := nice(top)
	c := chart{Title: title, Top: say(scale)}
	words := []string{title + " in each minute of the last hour"}
	for i, p := range plots {
		s := series{Name: p.name, Kind: p.kind}
		most, last := 0.0, 0.0
		for _, v := range p.values {
			most, last = max(most, v), v
		}
		if s.Now = "–"; len(p.values) > 0 {
			s.Now = say(last)
		}
		s.Line = lineOf(p.values, scale)
		if i == 0 && s.Line != "" {
			s.Area = s.Line + fmt.Sprintf("V%dH%dZ", high, wide-width(len(p.values)))
		}
		c.Series = append(c.Series, s)
		words = append(words, fmt.Sprintf("%s: now %s, at most %s", p.name, s.Now, say(most)))
	}
	c.Label = strings.Join(words, ". ") + "."
	return c
}

// width is how much of the space so many values take: they end at its right.
func width(n int) int { return wide * max(n-1, 0) / 59 }

// lineOf is the path of values.
func lineOf(values []float64, scale float64) string {
	if len(values) < 2 {
		return ""
	}
	var path strings.Builder
	for i, v := range values {
		letter := byte('L')
		if i == 0 {
			letter = 'M'
		}
		x := float64(wide) - float64(wide)/59*float64(len(values)-1-i)
		y := float64(high) - v/scale*float64(high-4)
		fmt.Fprintf(&path, "%c%.1f %.1f", letter, x, y)
	}
	return path.String()
}

// nice is a round number that is not below another one.
func nice(top float64) float64 {
	if top <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(top)))
	for _, n := range []float64{1, 2, 5, 10} {
		if n*unit >= top {
			return n * unit
		}
	}
	return 10 * unit
}

func sayCount(f float64) string { return count(uint64(math.Round(f))) }
func sayTime(f float64) string  { return took(time.Duration(f * float64(time.Second))) }
func saySize(f float64) string  { return size(int64(f)) }
