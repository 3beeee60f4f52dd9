package diagnose_test

import (
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/diagnose"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/operate"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// a pair of snapshots, ten seconds apart, of a server with 1,000 visits between.
type both struct{ before, after operate.Snapshot }

func busy() *both {
	b := &both{}
	for i, s := range []*operate.Snapshot{&b.before, &b.after} {
		n := uint64(i + 1)
		*s = operate.Snapshot{
			At: noon.Add(time.Duration(10*i) * time.Second), Ready: true,
			About:  operate.About{App: "shop", Host: "one", Process: 7, Started: noon.Add(-time.Hour), Store: "redis://store", Database: "postgres://db"},
			State:  operate.Figures{Started: true, MemoryBytes: 90 << 20, MemoryBound: 256 << 20, MemoryEntries: 9000, Purged: 5 * n, Lookups: 20 * n, Sessions: 500},
			Checks: []operate.Check{{Name: "started", OK: true, Needed: true}, {Name: "store", OK: true}, {Name: "database", OK: true}},
			Routes: []operate.RouteFigures{{Route: operate.Route{Pattern: "/products/{id}", Requests: 1000 * n, Made: 60 * n, Cache: map[string]uint64{"hit": 900 * n, "stale": 60 * n, "made": 40 * n}}}},
			Kinds:  []operate.KindFigures{{Name: "mail", Done: 50 * n, Failed: n}},
			Gates:  []metrics.Gate{{Route: "/products/{id}", Width: 64, Running: 20, Waiting: 3}},
			Trips:  []operate.Trip{{What: "store", Took: 0.001, At: noon}, {What: "database", Took: 0.002, At: noon}},
		}
	}
	return b
}

func (b *both) look() []diagnose.Finding { return diagnose.Look(b.before, b.after) }

// conditions plants each condition: by a hair, and just not.
var conditions = map[string]struct {
	where       string
	bad, barely func(b *both)
	says        string
	single      bool // one snapshot says it too
}{
	"store away": {
		"redis://store", func(b *both) { b.after.Checks[1] = operate.Check{Name: "store", Reason: "connection refused"} },
		func(b *both) { b.before.Checks[1] = operate.Check{Name: "store", Reason: "connection refused"} }, "connection refused", true,
	},
	"database away": {
		"postgres://db", func(b *both) { b.after.State.Unlooked = true },
		func(b *both) { b.before.State.Unlooked = true }, "served as stale", true,
	},
	"check fails": {
		"payments", func(b *both) {
			b.after.Checks = append(b.after.Checks, operate.Check{Name: "payments", Needed: true, Reason: "the bank is away"})
		},
		func(b *both) { b.after.Checks = append(b.after.Checks, operate.Check{Name: "payments", OK: true}) }, "gets no visitors", true,
	},
	"comes and goes": {
		"store", func(b *both) { b.after.Changes = outages(3) }, func(b *both) { b.after.Changes = outages(2) }, "3 times in the last 10m", true,
	},
	"outbox grows": {
		"postgres://db", func(b *both) { b.after.State.Changes, b.after.State.Oldest = 40, 20 },
		func(b *both) { b.after.State.Changes, b.after.State.Oldest = 4000, 19 }, "40 committed changes wait", true,
	},
	"store far away": {
		"redis://store", func(b *both) { b.after.Trips[0].Took = 0.02 }, func(b *both) { b.after.Trips[0].Took = 0.019 }, "20 ms", true,
	},
	"database far away": {
		"postgres://db", func(b *both) { b.after.Trips[1].Took = 0.15 }, func(b *both) {
			b.after.Trips[1] = operate.Trip{What: "database", Took: 0.15, At: noon.Add(-time.Minute)}
		},
		"150 ms", true,
	},
	"starved route": {
		"/products/{id}", func(b *both) {
			b.after.Gates[0] = metrics.Gate{Route: "/products/{id}", Width: 64, Running: 80, Waiting: 41, Refused: 5}
		},
		func(b *both) {
			b.after.Gates[0] = metrics.Gate{Route: "/products/{id}", Width: 64, Running: 64, Waiting: 100, Refused: 4}
		}, "64 of 64 places are taken, 41 wait, and 5 requests were refused in the last 10 s", false,
	},
	"loader fails": {
		"/products/{id}", func(b *both) { b.after.Routes[0].Failed, b.after.Routes[0].Error = 12, "no data" },
		func(b *both) { b.after.Routes[0].Failed = 11 }, "failed in 12 of 60 makings in the last 10 s", false,
	},
	"purge storm": {
		"/products/{id}", func(b *both) {
			b.after.State.Purged = 105
			b.after.Routes[0].Cache = map[string]uint64{"hit": 1399, "stale": 400, "made": 201}
		},
		func(b *both) {
			b.after.State.Purged = 105
			b.after.Routes[0].Cache = map[string]uint64{"hit": 1400, "stale": 400, "made": 200}
		}, "10 subjects a second are purged, and of 1000 visits", false,
	},
	"memory too small": {
		"", func(b *both) { b.after.State.MemoryBytes, b.after.State.Evicted = 250<<20, 500 },
		func(b *both) { b.after.State.MemoryBytes, b.after.State.Evicted = 250<<20, 499 }, "500 pages left it in the last 10 s for 1000 visits", false,
	},
	"answers fail": {
		"/products/{id}", func(b *both) { b.after.Routes[0].Errors = 20 }, func(b *both) { b.after.Routes[0].Errors = 19 }, "Of 1000 requests of /products/{id}, 20 were", false,
	},
	"answers cut": {
		"/products/{id}", func(b *both) { b.after.Routes[0].Cut = 500 }, func(b *both) { b.after.Routes[0].Cut = 499 }, "500 were not sent", false,
	},
	"sessions looked up again": {
		"", func(b *both) { b.after.State.Lookups = 520 }, func(b *both) { b.after.State.Lookups = 519 }, "500 times for 1000 requests", false,
	},
	"live parts fail": {
		"", func(b *both) { b.after.State.LiveFails, b.after.State.LiveMade = 3, 15 }, func(b *both) { b.after.State.LiveFails, b.after.State.LiveMade = 3, 16 }, "3 makings of live parts failed", false,
	},
	"started again": {
		"one", func(b *both) { b.after.About.Process, b.after.About.Started = 8, noon.Add(6*time.Second) },
		func(b *both) { b.after.About.Process, b.after.About.Host = 8, "two" }, "4.0 s ago", false,
	},
	"job fails again and again": {
		"mail", func(b *both) { b.after.Kinds[0] = operate.KindFigures{Name: "mail", Done: 52, Failed: 3} },
		func(b *both) { b.after.Kinds[0] = operate.KindFigures{Name: "mail", Done: 53, Failed: 3} }, "failed 2 times in the last 10 s, and 2 were done", false,
	},
	"jobs wait": {
		"mail", func(b *both) { b.after.Kinds[0].Due, b.after.Kinds[0].Oldest = 12, 120 },
		func(b *both) { b.after.Kinds[0].Due, b.after.Kinds[0].Oldest = 12, 119 }, "12 jobs of the kind mail should run by now, the first of them for 2m", true,
	},
	"jobs are dead": {
		"mail", func(b *both) { b.after.Kinds[0].Dead, b.before.Kinds[0].Dead = 1, 1 },
		func(b *both) { b.before.Kinds[0].Dead = 1 }, "1 job of the kind mail failed for good, and is not tried again", true,
	},
	"jobs end too late": {
		"", func(b *both) { b.before.State.LateJobs, b.after.State.LateJobs = 4, 5 }, func(b *both) { b.before.State.LateJobs, b.after.State.LateJobs = 5, 5 }, "1 job ended after", false,
	},
	"rooms taken again and again": {
		"", func(b *both) { b.after.State.RoomsTaken, b.after.State.RoomsOwned = 4, 3 }, func(b *both) { b.after.State.RoomsTaken, b.after.State.RoomsOwned = 100, 100 }, "4 times in the last 10 s, and owns 3", false,
	},
}

// outages are changes of the health of a store.
func outages(n int) (list []operate.Change) {
	for i := range 2 * n {
		list = append(list, operate.Change{At: noon.Add(-time.Duration(i) * time.Minute), Name: "store", OK: i%2 == 0})
	}
	return list
}

// Each rule finds what it is for, names where, says the figures, and finds nothing
// just below its limit.
func TestEachCondition(t *testing.T) {
	for _, rule := range diagnose.All() {
		c, ok := conditions[rule.Name]
		if !ok {
			t.Errorf("%s is not planted", rule.Name)
			continue
		}
		b := busy()
		c.bad(b)
		found := b.look()
		if len(found) != 1 || found[0].Name != rule.Name || found[0].Where != c.where || !strings.Contains(found[0].Says, c.says) || found[0].Hint == "" || found[0].Weight <= 0 {
			t.Errorf("%s at %q: %+v", rule.Name, c.where, found)
		}
		if left := diagnose.All().Without(rule.Name).Look(b.before, b.after); len(left) != 0 {
			t.Errorf("without the rule %s: %+v", rule.Name, left)
		}
		if found := diagnose.Look(operate.Snapshot{}, b.after); c.single && (len(found) != 1 || found[0].Name != rule.Name) {
			t.Errorf("%s, by one snapshot: %+v", rule.Name, found)
		}
		b = busy()
		c.barely(b)
		if found := b.look(); len(found) != 0 {
			t.Errorf("just below %s: %+v", rule.Name, found)
		}
	}
	if len(conditions) != len(diagnose.All()) {
		t.Errorf("%d are planted, and there are %d rules", len(conditions), len(diagnose.All()))
	}
}

// What fails from the start is found by one snapshot.
func TestOneSnapshot(t *testing.T) {
	b := busy()
	b.before = operate.Snapshot{}
	b.after.Routes[0].Failed, b.after.Routes[0].Made, b.after.Routes[0].Errors = 10, 20, 400
	b.after.Routes = append(b.after.Routes, operate.RouteFigures{Route: operate.Route{Pattern: "POST /pay", Requests: 100, Errors: 20}})
	b.after.Kinds[0] = operate.KindFigures{Name: "mail", Failed: 5, Done: 2}
	b.after.Gates[0].Waiting = 64
	var names []string
	for _, f := range b.look() {
		names = append(names, f.Name+" "+f.Where)
	}
	want := "starved route /products/{id}, loader fails /products/{id}, job fails again and again mail, answers fail POST /pay"
	if got := strings.Join(names, ", "); got != want {
		t.Errorf("%s, and not %s", got, want)
	}
}

// A healthy server under load raises nothing, whatever the load is.
func TestHealthy(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	part := func(n uint64, most float64) uint64 { return uint64(random.Float64() * most * float64(n)) }
	for range 20_000 {
		b := busy()
		a := &b.after
		over := time.Duration(1+random.IntN(60)) * time.Second
		a.At = noon.Add(over)
		seconds := over.Seconds()
		visits := uint64(seconds * random.Float64() * 20_000)
		waited, stale := part(visits, 0.2), part(visits, 0.25)
		old := b.before.Routes[0]
		a.Routes = []operate.RouteFigures{{Route: operate.Route{
			Pattern: old.Pattern, Requests: old.Requests + visits, Made: old.Made + waited + stale, Failed: part(waited+stale, 0.05),
			Errors: part(visits, 0.01), Cut: part(visits, 0.1),
			Cache: map[string]uint64{"hit": old.Cache["hit"] + visits - waited - stale, "stale": old.Cache["stale"] + stale, "made": old.Cache["made"] + waited},
		}}}
		a.State.Purged += uint64(seconds * random.Float64() * 300) // a busy shop
		a.State.MemoryBytes = int64(random.Float64() * float64(a.State.MemoryBound))
		a.State.Evicted = b.before.State.Evicted + part(visits, 0.3)
		a.State.Lookups += part(visits, 0.2)
		a.State.Changes, a.State.Oldest = int64(random.IntN(500)), random.Float64()*10
		a.State.RoomsOwned = int64(random.IntN(1000))
		a.State.RoomsTaken = part(uint64(a.State.RoomsOwned), 1)
		a.State.LiveMade = uint64(seconds * random.Float64() * 500)
		a.State.LiveFails = part(a.State.LiveMade, 0.02)
		done := uint64(seconds * (1 + random.Float64()*500))
		a.Kinds = []operate.KindFigures{{Name: "mail", Done: 50 + done, Failed: 1 + part(done, 0.1), Due: random.IntN(100), Oldest: random.Float64() * 60, Running: 10}}
		a.Gates = []metrics.Gate{{Route: old.Pattern, Width: 64, Running: random.IntN(81), Waiting: random.IntN(64)}}
		a.Trips = []operate.Trip{{What: "store", Took: random.Float64() * 0.01, At: a.At}, {What: "database", Took: random.Float64() * 0.01, At: a.At}}
		a.Changes = outages(random.IntN(2))
		if found := b.look(); len(found) > 0 {
			t.Fatalf("%d visits in %s: %+v\n%+v", visits, over, found, a)
		}
		if found := diagnose.Look(operate.Snapshot{}, *a); len(found) > 0 {
			t.Fatalf("by one snapshot: %+v\n%+v", found, a)
		}
	}
}

// Errors that follow from another condition of the route are not said twice.
func TestErrorsOfAStarvedRoute(t *testing.T) {
	b := busy()
	b.after.Routes[0].Errors = 100
	b.after.Gates[0].Refused = 100
	if found := b.look(); len(found) != 1 || found[0].Name != "starved route" {
		t.Errorf("%+v", found)
	}
}

// Dead jobs of a process before are found, and those of a kind that fails are said
// once.
func TestDeadJobs(t *testing.T) {
	b := busy()
	b.after.Kinds = []operate.KindFigures{{Name: "report", Dead: 2}, {Name: "mail", Dead: 1, Done: 50, Failed: 3, Died: 1}, {Name: "old"}}
	names := func(found []diagnose.Finding) string {
		var list []string
		for _, f := range found {
			list = append(list, f.Name+" "+f.Where)
		}
		return strings.Join(list, ", ")
	}
	found := b.look()
	if got := names(found); got != "job fails again and again mail, jobs are dead report" {
		t.Errorf("two looks: %s", got)
	}
	if f := found[0]; !strings.HasSuffix(f.Says, "; 1 dead job is not tried again.") {
		t.Errorf("%+v", f)
	}
	if f := found[len(found)-1]; !strings.Contains(f.Says, "2 jobs of the kind report failed for good, and are not tried again") || !strings.Contains(f.Hint, "'shop jobs --state dead --kind report' lists them") {
		t.Errorf("%+v", f)
	}
	if got := names(diagnose.Look(operate.Snapshot{}, b.after)); got != "jobs are dead report, jobs are dead mail" {
		t.Errorf("one look: %s", got)
	}
}

// Nothing panics, and no number is out of range, whatever a snapshot says.
func TestAnySnapshot(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		var b both
		fill(random, reflect.ValueOf(&b.before).Elem(), 0)
		fill(random, reflect.ValueOf(&b.after).Elem(), 0)
		for _, f := range b.look() {
			if strings.Contains(f.Says, "NaN") || strings.Contains(f.Says, "Inf") || strings.Contains(f.Says, "%!") {
				t.Fatalf("%s: %s", f.Name, f.Says)
			}
		}
	}
	if found := diagnose.Look(operate.Snapshot{}, operate.Snapshot{}); len(found) != 0 {
		t.Errorf("of nothing: %+v", found)
	}
}

// fill puts anything into a value.
func fill(random *rand.Rand, v reflect.Value, depth int) {
	if random.IntN(4) == 0 || depth > 6 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(noon.Add(time.Duration(random.IntN(10_000)-5000) * time.Second)))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(random, v.Field(i), depth+1)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), random.IntN(4), 4))
		for i := range v.Len() {
			fill(random, v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		if v.Type().Elem().Kind() == reflect.Uint64 {
			for _, word := range []string{"hit", "stale", "made"} {
				v.SetMapIndex(reflect.ValueOf(word), reflect.ValueOf(random.Uint64N(2000)))
			}
		}
	case reflect.String:
		v.SetString([]string{"store", "database", "", "/a", "mail"}[random.IntN(5)])
	case reflect.Bool:
		v.SetBool(random.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(random.Int64N(2000) - 100)
	case reflect.Uint64:
		v.SetUint(random.Uint64N(2000))
	case reflect.Float64:
		v.SetFloat(random.Float64() * 500)
	}
}

// The page of the doctor has each condition, and each page that a hint names is
// there.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range diagnose.All() {
		if !strings.Contains(string(page), "| **"+rule.Name+"** |") {
			t.Errorf("docs/doctor.md does not have %s", rule.Name)
		}
		b := busy()
		conditions[rule.Name].bad(b)
		for _, f := range b.look() {
			_, doc, ok := strings.Cut(f.Hint, "(docs/")
			doc, _, _ = strings.Cut(doc, ")")
			if _, err := os.Stat("../docs/" + doc); !ok || err != nil {
				t.Errorf("%s: the hint names %q: %v", f.Name, doc, err)
			}
		}
	}
}
