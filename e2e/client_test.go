// Requests to a server.

package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

// client decodes nothing by itself and keeps as many connections as are used.
var client = &http.Client{
	Timeout:   patience,
	Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 1024, MaxIdleConns: 4096},
}

type answer struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

// cache is the answer's Cache-Status.
func (a answer) cache() string { return a.header.Get("Cache-Status") }

func (a answer) String() string { return fmt.Sprintf("%d (%s) %.200q", a.status, a.cache(), a.body) }

// fetch requests a URL, with headers as pairs of name and value.
func fetch(address string, headers ...string) (answer, error) {
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	start := time.Now()
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err // a truncated answer does not count
	}
	return answer{res.StatusCode, res.Header, body, time.Since(start)}, nil
}

// get requests a path.
func (v *server) get(path string, headers ...string) (answer, error) {
	return fetch(v.url+path, headers...)
}

// page requests the page at an escaped path and expects it whole and correct.
func (v *server) page(path string) (answer, site.Shown, error) {
	a, err := v.get(path)
	if err != nil {
		return a, site.Shown{}, err
	}
	if a.status != http.StatusOK {
		return a, site.Shown{}, fmt.Errorf("%s: %v", path, a)
	}
	shown, err := site.Read(a.body)
	if want, _ := url.PathUnescape(path); err == nil && shown.Path != want {
		err = fmt.Errorf("it is the page of %s", shown.Path)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w: %v", path, err, a)
	}
	return a, shown, err
}

// want requests a page whose Cache-Status must begin or end with some words.
func (v *server) want(path, status string) site.Shown {
	v.t.Helper()
	a, shown, err := v.page(path)
	if err != nil {
		v.t.Fatal(err)
	}
	if !strings.Contains(a.cache(), status) {
		v.t.Fatalf("%s: %v, want %q", path, a, status)
	}
	return shown
}

// load makes requests on several connections until stop is called, which
// returns their number and the slowest.
func load(t *testing.T, connections int, ask func(n int) (answer, error)) (stop func() (asked int, longest time.Duration)) {
	type sum struct {
		asked   int
		longest time.Duration
	}
	done, sums := make(chan struct{}), make(chan sum)
	for n := range connections {
		go func() {
			var s sum
			for i := n; ; i += connections {
				select {
				case <-done:
					sums <- s
					return
				default:
				}
				a, err := ask(i)
				if err != nil {
					t.Error(err)
				}
				s.asked, s.longest = s.asked+1, max(s.longest, a.took)
				time.Sleep(2 * time.Millisecond) // visitors, not a benchmark
			}
		}()
	}
	var once sync.Once
	var all sum
	stop = func() (asked int, longest time.Duration) {
		once.Do(func() {
			close(done)
			for range connections {
				s := <-sums
				all = sum{all.asked + s.asked, max(all.longest, s.longest)}
			}
		})
		return all.asked, all.longest
	}
	t.Cleanup(func() { stop() }) // before the servers end
	return stop
}
