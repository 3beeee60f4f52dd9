// Options, so combined that each pair of values is run once.

package terraformtest

import (
	"maps"
	"slices"
)

// Pairs combines options: each value of each option occurs with each value of each
// other one in at least one combination. There are far fewer than all of them, and
// the same ones each time.
func Pairs(options map[string][]string) []map[string]string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(options)), func(n string) bool { return len(options[n]) == 0 })
	if len(names) == 0 {
		return nil
	}
	// Those with most values first: they say how many combinations there are.
	slices.SortStableFunc(names, func(a, b string) int { return len(options[b]) - len(options[a]) })
	type value struct{ option, value int }
	type pair struct{ a, b value } // a.option < b.option
	left := map[pair]bool{}
	for i := range names {
		for j := i + 1; j < len(names); j++ {
			for a := range options[names[i]] {
				for b := range options[names[j]] {
					left[pair{value{i, a}, value{j, b}}] = true
				}
			}
		}
	}
	var rows [][]int
	if len(names) == 1 {
		for v := range options[names[0]] {
			rows = append(rows, []int{v})
		}
	}
	for len(left) > 0 {
		row := slices.Repeat([]int{-1}, len(names))
		// Begin with the first pair that is left, and give each option the value that
		// has most pairs left with those chosen.
		begin := slices.MinFunc(slices.Collect(maps.Keys(left)), func(p, q pair) int {
			return slices.Compare([]int{p.a.option, p.a.value, p.b.option, p.b.value}, []int{q.a.option, q.a.value, q.b.option, q.b.value})
		})
		row[begin.a.option], row[begin.b.option] = begin.a.value, begin.b.value
		for i := range row {
			if row[i] >= 0 {
				continue
			}
			best := -1
			for v := range options[names[i]] {
				n := 0
				for j := range row {
					if row[j] < 0 || j == i {
						continue
					}
					p := pair{value{i, v}, value{j, row[j]}}
					if j < i {
						p = pair{p.b, p.a}
					}
					if left[p] {
						n++
					}
				}
				if n > best {
					best, row[i] = n, v
				}
			}
		}
		for i := range row {
			for j := i + 1; j < len(row); j++ {
				delete(left, pair{value{i, row[i]}, value{j, row[j]}})
			}
		}
		rows = append(rows, row)
	}
	var combined []map[string]string
	for _, row := range rows {
		one := map[string]string{}
		for i, v := range row {
			one[names[i]] = options[names[i]][v]
		}
		combined = append(combined, one)
	}
	return combined
}
