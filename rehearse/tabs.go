//go:build unix

// Pages that are open in browsers while builds change.

package rehearse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/wire"
)

// streams opens the live pages that the build which serves has, as browsers do.
func (u *upgrade) streams(ctx context.Context) *tabs {
	o := u.Outcome
	list := &tabs{u: u}
	list.ctx, list.stop = context.WithCancel(ctx)
	if o.Target.Offers.OpenFor == 0 || o.Target.Offers.Stands(o.Setting) {
		return list
	}
	for _, t := range u.builds[0].targets {
		if body, fault := u.visit(ctx, t); fault == "" && liveParts.Match(body) {
			tab := &tab{path: t.path}
			list.list = append(list.list, tab)
			list.all.Go(func() { list.keep(tab) })
		}
	}
	return list
}

// tabs are pages that are open in browsers.
type tabs struct {
	u    *upgrade
	ctx  context.Context
	stop context.CancelFunc
	all  sync.WaitGroup
	list []*tab
}

// A tab is a page that is open.
type tab struct {
	path string

	mu      sync.Mutex
	open    bool
	opened  int
	cut     int    // streams that ended without a word
	end     string // of the last one that did: what came last, and why no more did
	refusal string
}

var liveParts = regexp.MustCompile(`<gorgon-live src="([^"]*)" data-version="([^"]*)">`)

// keep opens a page's stream again and again.
func (l *tabs) keep(t *tab) {
	for l.ctx.Err() == nil {
		told, end, err := l.follow(t)
		t.mu.Lock()
		if t.open && !told && l.ctx.Err() == nil {
			t.cut, t.end = t.cut+1, end
		}
		if t.open = false; err != nil {
			t.refusal = err.Error()
		}
		t.mu.Unlock()
		select {
		case <-l.ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// follow gets a page and opens its stream. It says whether the server has told it to
// come back, and otherwise how it has ended.
func (l *tabs) follow(t *tab) (told bool, end string, err error) {
	body, fault := l.u.visit(l.ctx, target{path: t.path})
	if fault != "" {
		return false, "", errors.New(fault)
	}
	var parts [][2]string
	for _, m := range liveParts.FindAllSubmatch(body, -1) {
		parts = append(parts, [2]string{html.UnescapeString(string(m[1])), string(m[2])})
	}
	text, err := json.Marshal(map[string]any{"parts": parts})
	if err != nil {
		return false, "", err
	}
	base := l.u.manifest.Base
	r, err := http.NewRequestWithContext(l.ctx, http.MethodPost, l.u.base+base+wire.Stream+strings.TrimPrefix(t.path, base), bytes.NewReader(text))
	if err != nil {
		return false, "", err
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: l.u.client.Transport} // it takes as long as it takes
	res, err := client.Do(r)
	if err != nil {
		return false, "", err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusGone {
		return true, "", nil // it met the other build: the page is to be got again
	}
	if res.StatusCode != http.StatusOK {
		return false, "", fmt.Errorf("the stream of %s: answered with %d", t.path, res.StatusCode)
	}
	buffer := make([]byte, 4<<10)
	var last []byte // what came last, of all that may have come in two parts
	for {
		n, err := res.Body.Read(buffer)
		last = append(last, buffer[:n]...)
		last = last[max(0, len(last)-len(buffer)):]
		told = told || bytes.Contains(last, []byte("retry: "))
		if n > 0 {
			t.mu.Lock()
			if !t.open {
				t.open, t.opened, t.refusal = true, t.opened+1, ""
			}
			t.mu.Unlock()
		}
		if err != nil {
			return told, fmt.Sprintf("after %q: %v", last[max(0, len(last)-80):], err), nil
		}
	}
}

// judge waits until all are open again.
func (l *tabs) judge(rows *ledger) {
	for _, t := range l.list {
		open, fault := false, ""
		for end := time.Now().Add(startTimeout); !open && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			t.mu.Lock()
			open = t.open
			if fault = t.refusal; fault == "" && !open {
				fault = t.path + " is not open"
			}
			t.mu.Unlock()
		}
		if open {
			fault = ""
		}
		t.mu.Lock()
		if fault == "" && t.cut > 0 {
			fault = fmt.Sprintf("that of %s ended %d times without saying that the browser should come back, the last time %s", t.path, t.cut, t.end)
		}
		rows.count("streams of live pages", fault)
		t.mu.Unlock()
	}
}

func (l *tabs) leave() {
	l.stop()
	l.all.Wait()
}
