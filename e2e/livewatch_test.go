//go:build unix

// Clients of live parts that behave as client/live.ts does, and note all they get.

package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/scores"
	"github.com/gorgon-go/gorgon/wire"
)

// A watcher is a page that is open in a browser.
type watcher struct {
	name string
	page string
	to   func(n int) string // where to, the n-th time that it is tried in one attempt; "": nowhere
	via  *http.Client
	seen func(w *watcher, at time.Time) // is called after each news. nil: nothing

	// away is how long it stays, and then comes back: a tab that is not seen. nil:
	// it stays.
	away func() time.Duration

	// builds: the site is of several builds. A live page is then new with each.
	builds bool

	// forgets is the flaw that it does not say at reopening which versions it shows.
	forgets bool

	mu      sync.Mutex
	parts   [][2]string     // src and version
	shows   map[int64]int64 // numbers by row
	open    bool
	opened  time.Time // the last time
	opens   int
	renewed int         // how often the page became that of another build
	reopens []time.Time // when a stream was opened, but for the first one
	news    int
	retries []time.Duration // that servers told, which stopped
	refused int             // attempts that were not answered with a stream
	refusal string          // of the last one
	ended   error           // it has given up
	faults  []string
}

var liveElement = regexp.MustCompile(`<gorgon-live src="([^"]*)" data-version="([^"]*)">`)

// load loads the page, as a visitor does until it is there.
func (w *watcher) load(ctx context.Context) error {
	for n := 0; ctx.Err() == nil; n++ {
		if text, err := w.get(ctx, w.to(n)+w.page, ""); err == nil {
			return w.shown(text)
		}
		pause(ctx, 50*time.Millisecond)
	}
	return context.Cause(ctx)
}

// shown notes what the page shows, and which of it is live.
func (w *watcher) shown(text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.parts = nil
	for _, m := range liveElement.FindAllStringSubmatch(text, -1) {
		w.parts = append(w.parts, [2]string{html.UnescapeString(m[1]), m[2]})
	}
	shows := scores.Read(text)
	for id, number := range shows {
		if was := w.shows[id]; number < was {
			w.fault("number %d goes back from %d to %d with another build", id, was, number)
		}
	}
	if w.shows = shows; len(w.parts) == 0 || len(w.shows) == 0 {
		return fmt.Errorf("%s has no live parts: %.300s", w.page, text)
	}
	return nil
}

// renews gets the page from the build that answers now.
func (w *watcher) renews(ctx context.Context, token string) {
	text, err := w.get(ctx, w.to(0)+w.page, token)
	if err != nil {
		return
	}
	if err = w.shown(text); err != nil {
		w.gives(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.renewed++
}

func (w *watcher) get(ctx context.Context, url, token string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	if token != "" {
		r.Header.Set(wire.HeaderToken, token)
	}
	res, err := w.via.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	return string(text), err
}

// watch keeps the page up to date until the context ends.
func (w *watcher) watch(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; failures++ {
		wait := time.Duration(float64(min(500*time.Millisecond<<min(failures, 10), 30*time.Second)) * (1 + rand.Float64()))
		stay, leave := context.WithCancel(ctx)
		if w.away != nil {
			stay, leave = context.WithTimeout(ctx, w.away())
		}
		res, err := w.ask(stay)
		if stay.Err() == nil && (err != nil || res.StatusCode != 200) {
			w.mu.Lock()
			if w.refused++; err != nil {
				w.refusal = err.Error()
			} else {
				w.refusal = res.Status
			}
			w.refusal += " at " + time.Now().Format("15:04:05.0")
			w.mu.Unlock()
		}
		if err == nil {
			if status := res.StatusCode; status == http.StatusGone {
				w.renews(stay, res.Header.Get(wire.HeaderToken))
			} else if status < 500 && status != 200 && status != 408 && status != 429 {
				err = fmt.Errorf("the stream is refused: %s", res.Status)
				w.gives(err)
			} else if status == 200 {
				w.read(res.Body, &failures, &wait)
			}
			_ = res.Body.Close()
		}
		left := stay.Err() != nil && ctx.Err() == nil
		leave()
		w.mu.Lock()
		w.open = false
		over := w.ended != nil
		w.mu.Unlock()
		if over {
			return
		}
		if left { // it is seen again soon
			failures, wait = -1, rand.N(50*time.Millisecond)
		}
		pause(ctx, wait)
	}
}

// ask opens the stream, where a server listens.
func (w *watcher) ask(ctx context.Context) (*http.Response, error) {
	w.mu.Lock()
	parts := bytes.NewBufferString("")
	list := make([][2]string, len(w.parts))
	copy(list, w.parts)
	for i := range list {
		if w.forgets && w.opens > 0 {
			list[i][1] = ""
		}
	}
	w.mu.Unlock()
	if err := json.NewEncoder(parts).Encode(map[string]any{"parts": list}); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.to(n)+"/_gorgon/live"+w.page, bytes.NewReader(parts.Bytes()))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Content-Type", "application/json")
		res, err := w.via.Do(r)
		if errors.Is(err, syscall.ECONNREFUSED) && n < 10 {
			continue // a balancer asks another one
		}
		return res, err
	}
}

// read reads a stream to its end.
func (w *watcher) read(body io.Reader, failures *int, wait *time.Duration) {
	lines := bufio.NewReader(body)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		*failures = 0
		w.mu.Lock()
		if !w.open {
			if w.open, w.opened, w.opens = true, time.Now(), w.opens+1; w.opens > 1 {
				w.reopens = append(w.reopens, w.opened)
			}
		}
		w.mu.Unlock()
		switch line = strings.TrimSuffix(line, "\n"); {
		case line == "event: end":
			w.gives(errors.New("the stream was ended for good"))
			return
		case strings.HasPrefix(line, "retry: "):
			ms, _ := strconv.Atoi(line[len("retry: "):])
			*wait = time.Duration(ms) * time.Millisecond
			w.mu.Lock()
			w.retries = append(w.retries, *wait)
			w.mu.Unlock()
		case strings.HasPrefix(line, "data: "):
			w.take(line[len("data: "):])
		}
	}
}

func (w *watcher) gives(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = err
}

// A news is an event of a stream.
type news struct {
	At      int
	Version string
	HTML    string
	Gone    bool
	Page    struct{ Parts map[string]string }
}

// take applies an event, and judges it: what it brings is new, and nothing in it
// is older than what was shown.
func (w *watcher) take(data string) {
	now := time.Now()
	w.mu.Lock()
	var n news
	if err := json.Unmarshal([]byte(data), &n); err != nil || n.At < 0 || n.At >= len(w.parts) {
		w.fault("an event cannot be read: %v: %.200s", err, data)
		w.mu.Unlock()
		return
	}
	text := n.HTML
	for _, part := range n.Page.Parts {
		text += part
	}
	news := scores.Read(text)
	if len(news) == 0 || n.Gone {
		w.fault("an event has no numbers: %.200s", data)
	}
	if w.parts[n.At][1] == n.Version {
		w.fault("version %s is sent to one that has it", n.Version)
	}
	moved := false
	for id, number := range news {
		if was := w.shows[id]; number < was {
			w.fault("number %d goes back from %d to %d", id, was, number)
		} else if number > was {
			moved = true
		}
		w.shows[id] = number
	}
	if !moved && !(w.builds && n.Page.Parts != nil) {
		w.fault("an event brings nothing new: %v", news)
	}
	w.parts[n.At][1] = n.Version
	w.news++
	w.mu.Unlock()
	if w.seen != nil {
		w.seen(w, now)
	}
}

// fault notes how a law was broken; the caller holds mu.
func (w *watcher) fault(format string, args ...any) {
	w.faults = append(w.faults, time.Now().Format("15:04:05.000 ")+w.name+w.page+" (stream "+strconv.Itoa(w.opens)+
		", open for "+time.Since(w.opened).Round(time.Millisecond).String()+"): "+fmt.Sprintf(format, args...))
}

// behind is how far what is shown is behind some numbers.
func (w *watcher) behind(numbers map[int64]int64) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, shown := range w.shows {
		if shown != numbers[id] {
			return fmt.Sprintf("%s%s shows number %d as %d, and it is %d (open: %v, opened %d times, ended: %v)",
				w.name, w.page, id, shown, numbers[id], w.open, w.opens, w.ended)
		}
	}
	return ""
}

// pause waits, or until the context ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// A viewers is watchers that watch.
type viewers struct {
	watchers []*watcher
	stop     context.CancelFunc
	all      sync.WaitGroup
	loaded   atomic.Int64
}

// gather has watchers load their pages and watch them. At most so many load at once.
func gather(ctx context.Context, watchers []*watcher, atOnce int) *viewers {
	c := &viewers{watchers: watchers}
	ctx, c.stop = context.WithCancel(ctx)
	slots := make(chan struct{}, atOnce)
	for _, w := range watchers {
		c.all.Go(func() {
			slots <- struct{}{}
			err := w.load(ctx)
			<-slots
			if err != nil {
				w.gives(err)
				return
			}
			c.loaded.Add(1)
			w.watch(ctx)
		})
	}
	return c
}

// leave ends all.
func (c *viewers) leave() {
	c.stop()
	c.all.Wait()
}

// open counts those whose stream is open.
func (c *viewers) open() (n int) {
	for _, w := range c.watchers {
		w.mu.Lock()
		if w.open {
			n++
		}
		w.mu.Unlock()
	}
	return n
}

// closed describes the first whose stream is not open; "" for none.
func (c *viewers) closed() string {
	for _, w := range c.watchers {
		w.mu.Lock()
		open, opened, refused, refusal := w.open, w.opened, w.refused, w.refusal
		w.mu.Unlock()
		if !open {
			return fmt.Sprintf("%s%s has no stream; the last one was opened at %s; %d attempts failed, the last one with %s",
				w.name, w.page, opened.Format("15:04:05.0"), refused, refusal)
		}
	}
	return ""
}

// behind is the first that does not show some numbers; "" for none.
func (c *viewers) behind(numbers map[int64]int64) string {
	for _, w := range c.watchers {
		if text := w.behind(numbers); text != "" {
			return text
		}
	}
	return ""
}

// broken is how laws were broken so far.
func (c *viewers) broken() (faults []string) {
	for _, w := range c.watchers {
		w.mu.Lock()
		faults = append(faults, w.faults...)
		if w.ended != nil {
			faults = append(faults, w.name+w.page+" has given up: "+w.ended.Error())
		}
		w.mu.Unlock()
	}
	return faults
}
