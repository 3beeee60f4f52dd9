// Package tally limits the log lines about events that repeat: one line at
// once, and then one for each window of time, with the number of events since
// and a few examples. So the log stays readable even if visitors choose what
// happens, for instance by the paths that they request.
package tally

import (
	"sync"
	"time"
)

// Window is the interval at which at most one line is written about a subject.
const Window = time.Minute

// maxExamples is how many examples a line has.
const maxExamples = 3

// A Tally counts events by subject. Subjects must be few, such as the patterns
// of an app. The zero value works. It is safe for concurrent use.
type Tally struct {
	Burst int // lines that are written at once in each window. Default: 1

	mu     sync.Mutex
	closed bool
	open   map[string]*window
}

// A window is the time after a line was written about a subject.
type window struct {
	timer    *time.Timer
	written  int // lines at once
	count    int // events after these lines
	examples []string
	more     func(count int, examples []string)
}

// Note records one more event of a subject. It returns true if the event is one
// of the first of a window, so that the caller writes a line now. At the end of
// the window it calls the function of the last event for the others, if there
// were any.
func (t *Tally) Note(subject, example string, more func(count int, examples []string)) (now bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.open[subject]
	switch {
	case t.closed:
		return true
	case w == nil:
		t.begin(subject)
		return true
	case w.written < t.Burst:
		w.written++
		return true
	}
	w.count++
	w.more = more
	if len(w.examples) < maxExamples {
		w.examples = append(w.examples, example)
	}
	return false
}

// begin starts the window after a first line. The caller holds mu.
func (t *Tally) begin(subject string) {
	if t.open == nil {
		t.open = map[string]*window{}
	}
	w := &window{written: 1}
	w.timer = time.AfterFunc(Window, func() { t.end(subject, w) })
	t.open[subject] = w
}

// end writes what a window has counted, and starts the next one if it has
// counted something.
func (t *Tally) end(subject string, w *window) {
	t.mu.Lock()
	if t.closed { // Close writes it
		t.mu.Unlock()
		return
	}
	count, examples, more := w.count, w.examples, w.more
	w.count, w.written, w.examples, w.more = 0, 1, nil, nil
	if count == 0 {
		delete(t.open, subject)
	} else {
		w.timer.Reset(Window)
	}
	t.mu.Unlock()
	if count > 0 {
		more(count, examples)
	}
}

// Close writes what is not written yet. Later events are written at once.
func (t *Tally) Close() {
	t.mu.Lock()
	open := t.open
	t.open, t.closed = nil, true
	for _, w := range open {
		w.timer.Stop()
	}
	t.mu.Unlock()
	for _, w := range open { // which is no longer changed
		if w.count > 0 {
			w.more(w.count, w.examples)
		}
	}
}
