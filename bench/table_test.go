// How results are put together and written.

package main

import (
	"strings"
	"testing"
)

func TestRatiosAreOfNeighbours(t *testing.T) {
	// The machine becomes twice as fast half-way; the ratio stays what it was.
	got := over([]float64{90, 180, 91, 182}, []float64{100, 200, 100, 200})
	if got.Min != 0.90 || got.Max != 0.91 || got.Median < 0.90 || got.Median > 0.91 {
		t.Errorf("over = %+v, want 0.90 to 0.91", got)
	}
}

func TestGoals(t *testing.T) {
	half := spread{Median: 0.5, Min: 0.4, Max: 0.6}
	for _, c := range []struct {
		row  row
		goal string
		met  bool
	}{
		{newRow("p", "w", "req/s", 1).beside(2, half).ratioGoal("≥", 0.5), "ratio ≥ 0.50", true},
		{newRow("p", "w", "req/s", 1).beside(2, half).ratioGoal("≤", 0.4), "ratio ≤ 0.40", false},
		{newRow("p", "w", "ms", 24.9).goal("≤", 25), "≤ 25 ms", true},
		{newRow("p", "w", "pages/s", 19_999).goal("≥", 20_000), "≥ 20,000 pages/s", false},
	} {
		if c.row.Goal != c.goal || c.row.Met == nil || *c.row.Met != c.met {
			t.Errorf("goal %q met %v, want %q met %v", c.row.Goal, c.row.Met, c.goal, c.met)
		}
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	err := printTable(&b, []row{newRow("hit", "20 KB", "req/s", 58_123).beside(61_000, spread{0.953, 0.9, 1.02}).ratioGoal("≥", 0.9), newRow("heap", "a page", "bytes", 2345)})
	if err != nil {
		t.Fatal(err)
	}
	want := "" +
		"| what         | Gorgon       | floor        | ratio (min–max)  | goal         |     |\n" +
		"|--------------|--------------|--------------|------------------|--------------|-----|\n" +
		"| hit: 20 KB   | 58,123 req/s | 61,000 req/s | 0.95 (0.90–1.02) | ratio ≥ 0.90 | met |\n" +
		"| heap: a page | 2,345 bytes  |              |                  |              |     |\n"
	if b.String() != want {
		t.Errorf("table:\n%s\nwant:\n%s", b.String(), want)
	}
}
