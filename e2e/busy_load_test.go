//go:build unix

// A table that changes faster than its page can be made.

package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/record"
	"github.com/gorgon-go/gorgon/e2e/internal/shop"
)

// busy: the page is never much older than one making, it is made once at a time,
// and other pages do not notice.
func (m *market) busy() {
	m.knows("/products/1", "/boxes/1")
	if _, err := m.visit(m.at(0), "/slow/one"); err != nil {
		m.Fatal(err)
	}
	before := m.others(time.Second, nil)

	done := make(chan struct{})
	var work sync.WaitGroup
	var mu sync.Mutex
	outdated := map[int64]time.Time{} // when a version was replaced, by the version
	writer := func(every time.Duration, write func(n int) (int64, error)) {
		work.Go(func() {
			tick := time.NewTicker(every)
			defer tick.Stop()
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				case <-tick.C:
				}
				version, err := write(n)
				if err != nil || version == 0 {
					m.Errorf("a change of the busy table: version %d, %v", version, err)
					continue
				}
				m.commit("busy 1", version)
				mu.Lock()
				outdated[version-1] = time.Now()
				mu.Unlock()
			}
		})
	}
	// 100 in a second: by endpoints, and by another program.
	writer(25*time.Millisecond, func(n int) (int64, error) {
		a, err := m.at(n).post("/busy", "")
		if err != nil {
			return 0, err
		}
		var out struct{ Version string }
		if err := json.Unmarshal(a.body, &out); err != nil {
			return 0, fmt.Errorf("%v: %w", a, err)
		}
		return strconv.ParseInt(out.Version, 10, 64)
	})
	writer(15*time.Millisecond, func(int) (version int64, err error) {
		err = m.foreign.QueryRowContext(m.Context(), shop.ChangeBusy).Scan(&version)
		return version, err
	})
	var oldest time.Duration
	shownBy := map[int]map[int64]bool{}
	for i := range m.servers {
		shownBy[i] = map[int64]bool{}
		work.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(20 * time.Millisecond):
				}
				began := time.Now()
				a, err := m.visit(m.at(i), "/slow/one")
				if err != nil {
					m.Error(err)
					continue
				}
				version := shop.Read(a.body)["busy 1"]
				mu.Lock()
				shownBy[i][version] = true
				if since, ok := outdated[version]; ok {
					oldest = max(oldest, began.Sub(since))
				}
				mu.Unlock()
			}
		})
	}
	times := m.others(4*shop.SlowLoad, nil)
	close(done)
	work.Wait()
	commits := m.version("busy", 1)
	m.Logf("%d commits; the slow page was at most %v behind; versions shown: %d, %d, %d; other pages: p50 %v, p99 %v before, p50 %v, p99 %v meanwhile",
		commits, oldest.Round(time.Millisecond), len(shownBy[0]), len(shownBy[1]), len(shownBy[2]),
		quantile(before, 0.5), quantile(before, 0.99), quantile(times, 0.5), quantile(times, 0.99))
	// A page that was read when a making began is shown until the next making has
	// ended.
	if oldest > 2*shop.SlowLoad+4*time.Second {
		m.Errorf("the slow page was %v behind", oldest)
	}
	for i, versions := range shownBy {
		if len(versions) < 3 {
			m.Errorf("server %d showed %d versions: the page froze", i+1, len(versions))
		}
	}
	most, makings := m.atOnce()
	m.Logf("%d makings, %d at once", makings, most)
	// An instance that cannot ask the store makes the page by itself.
	away := false
	for i := range m.servers {
		away = away || strings.Contains(m.at(i).said(), "the store cannot be used")
	}
	if most != 1 && !away || makings < 3 {
		m.Errorf("%d makings, and %d were under way at once", makings, most)
	}
	m.settlesBusy()
}

// others asks for other pages for a while, and returns how long that took.
func (m *market) others(d time.Duration, times []time.Duration) []time.Duration {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(3 * time.Millisecond) {
		for i := range m.servers {
			a, err := m.visit(m.at(i), []string{"/products/1", "/boxes/1"}[len(times)%2])
			if err != nil {
				m.Error(err)
			}
			times = append(times, a.took)
		}
	}
	return times
}

// settlesBusy waits until every server shows the last version as a fresh hit.
func (m *market) settlesBusy() {
	m.Helper()
	last := m.version("busy", 1)
	for i := range m.servers {
		until(m.T, fmt.Sprintf("server %d shows the last version of the slow page", i+1), func() bool {
			a, err := m.visit(m.at(i), "/slow/one")
			return err == nil && isHit(a) && shop.Read(a.body)["busy 1"] == last
		})
	}
}

// atOnce says how many makings of the slow page were under way at once, and how
// many there were.
func (m *market) atOnce() (most, makings int) {
	m.Helper()
	lines, err := record.Lines(m.notes)
	if err != nil {
		m.Fatal(err)
	}
	slices.Sort(lines)
	under := 0
	for _, line := range lines {
		change, _ := strconv.Atoi(strings.Fields(line)[1])
		under += change
		most = max(most, under)
		makings += max(0, change)
	}
	return most, makings
}
