//go:build unix

// Faults of stores under servers that share them, while an editor purges and
// visitors come: what every visitor saw is held against the history of purges.

package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/testbed"
)

// The laws that an ordeal holds each answer to:
//
//   - a page that is known is always there, whole: status 200;
//   - what is older than a purge that was acknowledged before the visitor came
//     is marked as stale or degraded;
//   - no visitor waits longer than the loader and faultWait;
//   - faultSettle after the fault is over, purges are acknowledged again and
//     every server shows what is new.
//
// The last two allow for a busy machine by FAULTS_MARGIN, 10 s if it is not
// set; what was measured is in the test's log.
const (
	faultLoader = 50 * time.Millisecond
	faultWait   = 2 * time.Second
	faultSettle = 2 * time.Second
	faultPages  = 12
)

// An ordeal is servers over one store, visited all the time while their store has
// one fault after another.
type ordeal struct {
	*testing.T
	ground
	stand   *stand
	servers []*server
	gate    *testbed.Gate // between the servers and a store that is a server
	length  time.Duration // of each fault
	margin  time.Duration

	stepping sync.RWMutex // while clocks are stepped nothing is purged

	setting sync.Mutex // guards version, and the lever
	version int        // of the data

	mu      sync.Mutex
	acked   int // the newest version whose purge was acknowledged
	purges  int // that were acknowledged since the fault began …
	refused int // … and that were not
	refusal error
	asked   int
	longest time.Duration
	stale   int // marked answers
	broken  int // laws
}

// TestFaults plays each fault for a moment; FAULTS_FOR=2m, with -timeout 0, for
// that long.
func TestFaults(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for name, faults := range map[string][]fault{"data": faultsOfData(), "server": faultsOfServers()} {
		for place, open := range faultPlaces() {
			if name == "server" && remotes[place] == nil {
				continue
			}
			all.Go(func() {
				t.Run(place+"/"+name, func(t *testing.T) { newOrdeal(t, open(t)).playAll(faults) })
			})
		}
	}
	all.Go(func() {
		t.Run("mem/data", func(t *testing.T) {
			tr := newOrdealOf(t, self(t), ground{name: "mem", place: "mem:"})
			tr.servers = []*server{tr.stand.serve("--memory", "1")}
			tr.know()
			tr.playAll([]fault{{"full memory", nil, func(t *ordeal) { t.flood() }}})
		})
	})
	all.Wait()
}

// faultPlaces are those of several servers, and a folder.
func faultPlaces() map[string]func(t *testing.T) ground {
	all := maps.Clone(groundOf)
	all["disk"] = func(t *testing.T) ground {
		return ground{name: "disk", place: "disk:" + t.TempDir() + "/store"}
	}
	return all
}

func newOrdeal(t *testing.T, g ground) *ordeal {
	t.Helper()
	tr := newOrdealOf(t, self(t), g)
	tr.servers = tr.stand.several(2)
	tr.know()
	return tr
}

// newOrdealOf is an ordeal of a program, with no servers yet.
func newOrdealOf(t *testing.T, p program, g ground) *ordeal {
	t.Helper()
	tr := &ordeal{
		T: t, ground: g,
		length: duration(t, "FAULTS_FOR", 2*time.Second), margin: duration(t, "FAULTS_MARGIN", 10*time.Second),
	}
	if g.server != nil {
		gate, err := testbed.NewGate(g.server.Addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(gate.Close)
		tr.gate = gate
		g.place = strings.ReplaceAll(g.place, g.server.Addr, gate.Addr)
	}
	if g.name == "postgres" {
		g.place += "&default_query_exec_mode=exec" // so that the gate sees what is asked
	}
	tr.stand = onWith(t, p, g)
	tr.stand.env = append(tr.stand.env, "GORGON_PURGE_KEY="+purgeKey)
	tr.stand.set(site.Delay, faultLoader.String())
	tr.stand.set(site.Data, "0")
	return tr
}

// playAll plays the faults that the ground can have, one after another.
func (t *ordeal) playAll(faults []fault) {
	for _, f := range faults {
		if f.on == nil || f.on(t) {
			outer := t.T
			outer.Run(f.name, func(inner *testing.T) {
				t.T, t.stand.t = inner, inner
				t.play(f)
			})
			t.T, t.stand.t = outer, outer
		}
	}
}

// know makes every page known to every server.
func (t *ordeal) know() {
	t.Helper()
	for _, v := range t.servers {
		for n := range faultPages {
			if _, _, err := v.page(pageOf(n)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func pageOf(n int) string { return "/made/" + strconv.Itoa(n%faultPages) }

// play has visitors and an editor come while a fault happens, and says what
// they saw.
func (t *ordeal) play(f fault) {
	t.Helper()
	t.mu.Lock()
	t.purges, t.refused, t.asked, t.longest, t.stale, t.broken = 0, 0, 0, 0, 0, 0
	t.mu.Unlock()
	stop := make(chan struct{})
	var work sync.WaitGroup
	going := func() bool {
		select {
		case <-stop:
			return false
		case <-time.After(3 * time.Millisecond):
			return true
		}
	}
	for i := range 2 * len(t.servers) {
		work.Go(func() {
			for n := i; going(); n++ {
				t.visit(t.servers[i%len(t.servers)], pageOf(n*7))
			}
		})
	}
	work.Go(func() {
		for n := 0; going(); n++ {
			t.edit(t.servers[n%len(t.servers)], [...]string{"expire", "stale"}[n%2])
			time.Sleep(250 * time.Millisecond)
		}
	})
	end := sync.OnceFunc(func() { close(stop); work.Wait() })
	defer end()
	f.does(t)
	settled := t.settle()
	end()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Logf("%s, %s: %d requests, %d marked, the longest %v; %d purges acknowledged, %d not; all new %v after the fault",
		t.ground.name, f.name, t.asked, t.stale, t.longest.Round(time.Millisecond), t.purges, t.refused, settled.Round(time.Millisecond))
	if t.asked == 0 || t.purges == 0 {
		t.Error("nothing was tried")
	}
	if t.Failed() {
		for _, v := range t.servers {
			warned := v.warnings()
			t.Logf("a server's last warnings:\n%s", strings.Join(warned[max(0, len(warned)-3):], ""))
		}
	}
}

// visit asks for a page and holds what it gets to the laws.
func (t *ordeal) visit(v *server, path string) {
	t.mu.Lock()
	acked := t.acked
	t.mu.Unlock()
	began := time.Now()
	a, shown, err := v.page(path)
	took := time.Since(began)
	data, _ := strconv.Atoi(shown.Data)
	marked := strings.Contains(a.cache(), "stale") || strings.Contains(a.cache(), "degraded")
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked++
	t.longest = max(t.longest, took)
	if marked {
		t.stale++
	}
	switch {
	case err != nil:
		t.breaks("a known page is not there after %v: %v", took, err)
	case data < acked && !marked:
		t.breaks("%s shows version %d as %q, and the purge of version %d was acknowledged before", path, data, a.cache(), acked)
	case took > faultLoader+faultWait+t.margin:
		t.breaks("%s: a visitor waited %v for %v", path, took, a)
	}
}

// breaks reports a law that was broken, the first few times.
func (t *ordeal) breaks(format string, args ...any) {
	if t.broken++; t.broken <= 5 {
		t.Errorf(format, args...)
	}
}

// edit changes the data and purges the pages. It says whether the purge was
// acknowledged.
func (t *ordeal) edit(v *server, verb string) bool {
	t.setting.Lock()
	t.version++
	version := t.version
	err := t.stand.levers.Set(site.Data, strconv.Itoa(version))
	t.setting.Unlock()
	if err != nil {
		t.Error(err)
		return false
	}
	t.stepping.RLock()
	err = v.purged(verb, "all-made")
	t.stepping.RUnlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.refused++
		t.refusal = err
		return false
	}
	t.purges++
	t.acked = max(t.acked, version)
	return true
}

// purged purges over HTTP, and fails unless that is acknowledged.
func (v *server) purged(verb, tag string) error {
	body := []byte(fmt.Sprintf(`{"verb":%q,"tags":[%q]}`, verb, tag))
	req, err := http.NewRequest(http.MethodPost, v.url+"/_gorgon/purge", bytes.NewReader(body))
	if err != nil {
		return err
	}
	serve.SignPurge(req.Header, []byte(purgeKey), "site", body)
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, said)
	}
	return err
}

// settle waits until purges are acknowledged and every server shows what is
// new, and says how long that took.
func (t *ordeal) settle() time.Duration {
	t.Helper()
	began := time.Now()
	for !t.edit(t.servers[0], "expire") {
		if time.Since(began) > faultSettle+t.margin {
			t.Errorf("%v after the fault no purge is acknowledged: %v", time.Since(began), t.refusal)
			return time.Since(began)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.mu.Lock()
	version := t.acked
	t.mu.Unlock()
	var work sync.WaitGroup
	for _, v := range t.servers {
		for n := range faultPages {
			work.Go(func() { t.await(v, pageOf(n), version, began) })
		}
	}
	work.Wait()
	return time.Since(began)
}

// await waits until a server shows a version of a page.
func (t *ordeal) await(v *server, path string, version int, began time.Time) {
	for {
		a, shown, err := v.page(path)
		data, _ := strconv.Atoi(shown.Data)
		if err == nil && data >= version && !strings.Contains(a.cache(), "degraded") {
			return
		}
		if time.Since(began) > faultSettle+t.margin {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.breaks("%v after the fault %s shows version %d as %q, %v, and version %d is due", time.Since(began), path, data, a.cache(), err, version)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}
