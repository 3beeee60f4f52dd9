// A process of its own that asks for a page, and says how long that takes.

package scores

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// What the process takes from its environment.
const (
	EnvHits = "SCORES_HITS" // the URL that is asked for
	EnvFor  = "SCORES_FOR"  // for how long
)

// Hits asks over four connections, and prints nanoseconds.
func Hits() {
	d, err := time.ParseDuration(os.Getenv(EnvFor))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	end := time.Now().Add(d)
	for range 4 {
		all.Go(func() {
			for time.Now().Before(end) {
				began := time.Now()
				if err := ask(os.Getenv(EnvHits)); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				took := time.Since(began)
				mu.Lock()
				fmt.Println(took.Nanoseconds())
				mu.Unlock()
				time.Sleep(3 * time.Millisecond) // visitors, not a benchmark
			}
		})
	}
	all.Wait()
	os.Exit(0)
}

func ask(url string) error {
	res, err := http.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err = io.Copy(io.Discard, res.Body); err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, res.Status)
	}
	return err
}
