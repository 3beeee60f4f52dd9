// Several processes over one store: a page is made once, and an outage is
// not seen.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// several starts servers over one ground.
func several(n int, seedFile string, g ground, more ...string) (servers []*child, stop func(), err error) {
	stop = func() {
		for _, s := range servers {
			s.stop()
		}
	}
	for range n {
		s, err := startGorgon(seedFile, g.location, "", more...)
		if err != nil {
			stop()
			return nil, nil, err
		}
		servers = append(servers, s)
	}
	return servers, stop, nil
}

// together requests one page that is not made yet, 64 times at each of eight
// processes at once.
func (b *bench) together(seedFile string, g ground) error {
	const (
		processes = 8
		takes     = 300 * time.Millisecond
	)
	notes := filepath.Join(b.folder, g.name+".notes")
	servers, stop, err := several(processes, seedFile, g, "-takes", takes.String(), "-notes", notes)
	if err != nil {
		return err
	}
	defer stop()
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: many}}
	defer client.CloseIdleConnections()
	crowd := func(path string) (took []time.Duration, err error) {
		took = make([]time.Duration, processes*many)
		faults := make([]error, len(took))
		start := make(chan struct{})
		var group sync.WaitGroup
		for i := range took {
			group.Go(func() {
				<-start
				begin := time.Now()
				faults[i] = fetch(client, servers[i%processes], path, nil)
				took[i] = time.Since(begin)
			})
		}
		close(start)
		group.Wait()
		return took, errors.Join(faults...)
	}
	// A built page first: the connections are opened by that.
	if _, err := crowd(notePath(0)); err != nil {
		return err
	}
	rounds := b.times(10)
	var late []float64
	for n := range rounds {
		took, err := crowd(articlePath(2000 + n))
		if err != nil {
			return err
		}
		slices.Sort(took)
		late = append(late, (took[len(took)*99/100]-takes).Seconds()*1e3)
	}
	makings, err := os.ReadFile(notes)
	if err != nil {
		return err
	}
	made := strings.Count(string(makings), "\n")
	b.add(newRow("store", fmt.Sprintf("%s, makings of %d pages that 512 at 8 processes ask for at once", g.name, rounds), "", float64(made)).goal("≤", float64(rounds)))
	b.add(newRow("store", g.name+", their p99 beyond the generator's time", "ms", medianOf(late)).goal("≤", 100))
	return b.settling(g, crowd)
}

// settling measures how long a purge takes until every one of the processes has
// seen it, while all of them have visitors.
func (b *bench) settling(g ground, crowd func(path string) ([]time.Duration, error)) (err error) {
	ctx := context.Background()
	store, err := openStore(ctx, g.location)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var took []float64
	for range b.times(10) {
		if _, err := crowd(notePath(0)); err != nil {
			return err
		}
		start := time.Now()
		epoch, err := store.Bump(ctx, pages.Stale, pages.TagSubject("unused"))
		if err != nil {
			return err
		}
		if err := pages.Settle(ctx, store, epoch); err != nil {
			return err
		}
		took = append(took, time.Since(start).Seconds()*1e3)
	}
	b.add(newRow("store", g.name+", a purge until all 8 processes have heard", "ms", medianOf(took)))
	return nil
}

// outage stops the server for a minute while three processes are loaded, and
// starts it again.
func (b *bench) outage(seedFile string, g ground) error {
	if g.server == nil {
		return nil // a file cannot be stopped
	}
	data := filepath.Join(b.folder, g.name+".data")
	if err := os.WriteFile(data, []byte("before"), 0o600); err != nil {
		return err
	}
	servers, stop, err := several(3, seedFile, g, "-data", data)
	if err != nil {
		return err
	}
	defer stop()
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: many}}
	defer client.CloseIdleConnections()
	known := []string{notePath(0), tablePath(0), articlePath(3000), articlePath(3001)}
	for _, s := range servers {
		for _, path := range known {
			if err := fetch(client, s, path, nil); err != nil {
				return err
			}
		}
	}
	var asked, failed, longest atomic.Int64
	var first, slowest atomic.Value // what is said of them
	began := time.Now()
	done := make(chan struct{})
	var group sync.WaitGroup
	for i := range 12 {
		group.Go(func() {
			for n := i; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				begin := time.Now()
				if err := fetch(client, servers[n%len(servers)], known[n%len(known)], nil); err != nil {
					failed.Add(1)
					first.CompareAndSwap(nil, fmt.Sprintf("after %v: %v", time.Since(began), err))
				}
				asked.Add(1)
				if took := int64(time.Since(begin)); took > longest.Load() {
					longest.Store(took)
					slowest.Store(fmt.Sprintf("%s, asked for after %v", known[n%len(known)], begin.Sub(began)))
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	lasts := time.Duration(min(b.scale, 1) * float64(time.Minute)).Round(time.Second)
	g.server.Kill()
	time.Sleep(lasts)
	err = g.server.Start()
	coherent := time.Duration(0)
	if err == nil {
		coherent, err = b.untilCoherent(client, servers, g, data)
	}
	close(done)
	group.Wait()
	if err != nil {
		return err
	}
	if fault := first.Load(); fault != nil {
		fmt.Fprintf(os.Stderr, "%s: the first that failed, %v\n", g.name, fault)
	}
	fmt.Fprintf(os.Stderr, "%s: the slowest was %v\n", g.name, slowest.Load())
	what := fmt.Sprintf("%s, gone for %v under load: ", g.name, lasts)
	b.add(newRow("store", what+"answers other than 200", "", float64(failed.Load())).goal("≤", 0))
	b.add(newRow("store", what+"answers", "", float64(asked.Load())))
	b.add(newRow("store", what+"the slowest", "ms", float64(longest.Load())/1e6))
	b.add(newRow("store", what+"coherent again after", "ms", coherent.Seconds()*1e3).goal("≤", 2000))
	return nil
}

// untilCoherent changes the data, purges in the store, and makes requests until
// every server shows the change, counted from when the store's server is back.
func (b *bench) untilCoherent(client *http.Client, servers []*child, g ground, data string) (time.Duration, error) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := os.WriteFile(data, []byte("after"), 0o600); err != nil {
		return 0, err
	}
	store, err := openStore(ctx, g.location)
	for err != nil && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
		store, err = openStore(ctx, g.location)
	}
	if err != nil {
		return 0, err
	}
	defer store.Close()
	for {
		if _, err = store.Bump(ctx, pages.Expire, pages.TagSubject(articleTag)); err == nil || ctx.Err() != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, s := range servers {
		for err == nil {
			var body string
			if err = fetch(client, s, articlePath(3000), &body); err == nil && strings.Contains(body, "<h1>after</h1>") {
				break
			}
			if ctx.Err() != nil {
				err = fmt.Errorf("after %v a server still shows what was purged", time.Since(start))
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	return time.Since(start), err
}

// fetch requests a path from a server and expects a 200.
func fetch(client *http.Client, s *child, path string, into *string) error {
	res, err := client.Get("http://" + s.addr + path)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, res.Status)
	}
	if into != nil {
		*into = string(body)
	}
	return err
}
