// Each law names a planted bug that it catches.

package oncetest

import (
	"testing"
	"time"
)

func TestMemory(t *testing.T) { Run(t, func(*testing.T) Place { return New().Place() }) }

var planted = []struct{ bug, law string }{
	{"it forgets at once", "a call that is sent again has the answer of the first, from any process"},
	{"answers are not copied", "an answer is the same byte by byte, and a change of it changes a copy"},
	{"an empty answer is none", "an empty answer is one"},
	{"what is said is the ID", "calls with other IDs are others"},
	{"any input will do", "a call with another input is refused, and changes nothing"},
	{"calls run at the same time", "of calls at the same time, the work of one is done, and all have its answer"},
	{"all calls wait", "a call that does not wait is told that the first is running"},
	{"a wait has no end", "a wait ends with its context"},
	{"a call that waited has the answer of a failure", "one that waited for a call that failed does the work"},
	{"failures are kept", "work that fails leaves nothing, and may be done again"},
	{"it writes at once", "work that fails leaves nothing, and may be done again"},
	{"it writes at once", "work that panics leaves nothing, and may be done again"},
	{"a panic leaves it running", "work that panics leaves nothing, and may be done again"},
	{"it tries again", "work that fails is not done twice by itself"},
	{"what is late is lost", "work whose time is over counts if it does not fail"},
	{"it never forgets", "after Keep, a call is a new one"},
	{"it forgets early", "after Keep, a call is a new one"},
	{"it asks when it has waited", "whether a call comes within Keep is decided when it comes, and not after it waited"},
	{"any answer is kept", "an answer that is too large is refused, and changes nothing"},
	{"a refusal writes", "an answer that is too large is refused, and changes nothing"},
	{"nothing is removed", "calls whose time is over are removed"},
}

func TestLawsCatchBugs(t *testing.T) {
	caught := map[string]bool{}
	for _, p := range planted {
		t.Run(p.bug, func(t *testing.T) {
			for _, l := range laws() {
				if l.says != p.law {
					continue
				}
				caught[l.says] = true
				err := try(t, l, time.Second, func(*testing.T) Place {
					m := New()
					m.bug = p.bug
					return m.Place()
				})
				if err == nil {
					t.Errorf("not caught by: %s", l.says)
				}
			}
		})
	}
	for _, l := range laws() {
		if !caught[l.says] {
			t.Errorf("no bug is planted for: %s", l.says)
		}
	}
}
