package cache

import (
	"testing"
)

// situations are all there are.
func situations() (all []situation) {
	for _, c := range []came{cached, found, made, failed, gone} {
		for _, late := range []whether{no, yes} {
			for _, p := range []phase{fresh, stale, over} {
				for _, v := range []verdict{good, purged, purgedExpire} {
					for _, r := range []reach{within, unread, underToken} {
						for _, tombstone := range []whether{no, yes} {
							for _, lasts := range []whether{no, yes} {
								all = append(all, situation{c, late, p, v, r, tombstone, lasts})
							}
						}
					}
				}
			}
		}
	}
	return all
}

// expected says in conditions what the table says in rules.
func expected(s situation) decision {
	wasPurged, missing := s.verdict != good, s.tombstone == yes
	forbidden := s.reach == underToken && wasPurged
	flown := s.came == found || s.came == made
	switch {
	case s.came == cached && (s.verdict == purgedExpire || s.phase == over || forbidden):
		return wait
	case s.came == cached && (wasPurged || s.phase == stale || s.reach == unread):
		if missing {
			return wait
		}
		return revalidate
	case flown && s.late == yes && (forbidden || s.verdict == purgedExpire || wasPurged && missing):
		return lookAgain
	case (s.came == failed || s.came == gone) && s.late == yes:
		return lookAgain
	case s.came == failed && s.lasts == yes && !missing && !forbidden:
		return serveStale
	case s.came == failed || s.came == gone:
		return fail
	case missing:
		return serveMissing
	case flown && (wasPurged || s.reach == unread):
		return serveStale
	case s.came == made:
		return serveMade
	case s.came == found && s.phase != fresh:
		return serveStale
	}
	return serveFresh
}

// The table decides every situation, as the conditions do, and has no rule
// that decides none.
func TestDecisions(t *testing.T) {
	used := map[int]bool{}
	for _, s := range situations() {
		first := -1
		for n, r := range decisions {
			if r.fits(s) {
				first = n
				break
			}
		}
		if first < 0 {
			t.Fatalf("no rule fits %+v", s)
		}
		used[first] = true
		if got, want := decide(s), expected(s); got != want {
			t.Errorf("%+v: decision %d of rule %d, want %d", s, got, first, want)
		}
	}
	for n := range decisions {
		if !used[n] {
			t.Errorf("rule %d decides nothing: %+v", n, decisions[n])
		}
	}
}

// What may never happen, whatever the rules are.
func TestDecisionsKeepPromises(t *testing.T) {
	for _, s := range situations() {
		d, promise := decide(s), ""
		served := d == serveFresh || d == serveMade || d == serveStale || d == revalidate
		switch {
		case (d == serveFresh || d == serveMade) && s.verdict != good:
			promise = "what was purged is not served as fresh"
		case (d == serveFresh || d == serveMade) && s.reach == unread:
			promise = "what may have been purged is not served as fresh"
		case s.came == cached && served && s.verdict == purgedExpire:
			promise = "what was expired is not served from memory"
		case served && s.came == cached && s.phase == over:
			promise = "what is over is not served from memory"
		case served && s.reach == underToken && s.verdict != good && (s.came == cached || s.late == yes):
			promise = "what was purged by the token's number is not served, unless it was begun after that"
		case served && s.tombstone == yes:
			promise = "a tombstone is not served"
		case served && (s.came == failed && s.lasts == no || s.came == gone):
			promise = "a page stands in only for as long as it lasts"
		case d == lookAgain && s.late == no:
			promise = "a flight that began after the request came is its answer"
		}
		if promise != "" {
			t.Errorf("%s: %+v is decided as %d", promise, s, d)
		}
	}
}
