// A ledger in memory, for tests of what is above.

package oncetest

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/once"
)

// A Memory is a ledger in memory, of one process, and notes that work writes.
// Its clock stands still. Use [New].
type Memory struct {
	mu      sync.Mutex
	calls   map[[32]byte]stored
	running map[[32]byte]chan struct{}
	notes   []string
	now     time.Time
	asked   int64
	bug     string // what it does wrong, in the tests of the laws
}

type stored struct {
	input  [32]byte
	answer []byte
	ends   time.Time
}

// New returns an empty ledger.
func New() *Memory {
	return &Memory{calls: map[[32]byte]stored{}, running: map[[32]byte]chan struct{}{}, now: time.Unix(0, 0)}
}

// Place is the place of the ledger, as if several processes had it.
func (m *Memory) Place() Place {
	return Place{
		Ledgers: []once.Ledger{m, m}, Write: m.Write,
		Notes: func() ([]string, error) { return m.Notes(), nil },
		Kept:  func() (int, error) { m.mu.Lock(); defer m.mu.Unlock(); return len(m.calls), nil },
		Pass:  m.Pass,
		Asked: func() int64 { m.mu.Lock(); defer m.mu.Unlock(); return m.asked },
	}
}

// Pass lets time pass.
func (m *Memory) Pass(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

// Notes are those that are committed.
func (m *Memory) Notes() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.notes...)
}

type pendingKey struct{}

// Write writes a note, which is committed with the call whose work writes it;
// at once where the context is not that of work.
func (m *Memory) Write(ctx context.Context, note string) error {
	pending, within := ctx.Value(pendingKey{}).(*[]string)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !within || m.bug == "it writes at once" {
		m.notes = append(m.notes, note)
		return nil
	}
	*pending = append(*pending, note)
	return nil
}

// Do does the work of a call, unless that was done.
func (m *Memory) Do(ctx context.Context, call once.Call, work func(context.Context) ([]byte, error)) ([]byte, bool, error) {
	came := m.clock()
	id := call.ID
	if m.bug == "what is said is the ID" {
		id = call.Input
	}
	waited, err := m.enter(ctx, id, call.Wait)
	if err != nil {
		return nil, false, err
	}
	if m.bug == "it asks when it has waited" {
		came = m.clock()
	}
	ended := false
	defer func() {
		if ended || m.bug != "a panic leaves it running" {
			m.leave(id)
		}
	}()
	answer, replayed, err := m.look(id, call, came)
	if replayed || err != nil {
		ended = true
		return answer, replayed, err
	}
	if waited && m.bug == "a call that waited has the answer of a failure" {
		return nil, true, nil
	}
	var pending []string
	inner := context.WithValue(ctx, pendingKey{}, &pending)
	answer, err = work(inner)
	if err != nil && m.bug == "it tries again" {
		answer, err = work(inner)
	}
	ended = true
	answer, err = m.keep(ctx, id, call, came, answer, pending, err)
	return answer, false, err
}

func (m *Memory) clock() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	return m.now
}

func (m *Memory) enter(ctx context.Context, id [32]byte, wait bool) (waited bool, err error) {
	if m.bug == "calls run at the same time" {
		return false, nil
	}
	if m.bug == "a wait has no end" {
		ctx = context.Background()
	}
	for {
		m.mu.Lock()
		ended, busy := m.running[id]
		if !busy {
			m.running[id] = make(chan struct{})
		}
		m.mu.Unlock()
		switch {
		case !busy:
			return waited, nil
		case !wait && m.bug != "all calls wait":
			return waited, once.ErrRunning
		}
		waited = true
		select {
		case <-ended:
		case <-ctx.Done():
			return waited, ctx.Err()
		}
	}
}

func (m *Memory) leave(id [32]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ended, ok := m.running[id]; ok {
		delete(m.running, id)
		close(ended)
	}
}

// look finds the answer of a call.
func (m *Memory) look(id [32]byte, call once.Call, came time.Time) (answer []byte, found bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.calls[id]
	switch {
	case !ok, !came.Before(s.ends) && m.bug != "it never forgets", m.bug == "it forgets at once",
		len(s.answer) == 0 && m.bug == "an empty answer is none":
		return nil, false, nil
	case s.input != call.Input && m.bug != "any input will do":
		return nil, false, once.ErrOther
	case m.bug == "answers are not copied":
		return s.answer, true, nil
	}
	return bytes.Clone(s.answer), true, nil
}

// keep commits a call whose work has ended.
func (m *Memory) keep(ctx context.Context, id [32]byte, call once.Call, came time.Time, answer []byte, pending []string, err error) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bug == "a refusal writes" {
		m.notes = append(m.notes, pending...)
		pending = nil
	}
	if err == nil && len(answer) > once.MaxAnswer && m.bug != "any answer is kept" {
		err = once.ErrLarge
	}
	if err == nil && m.bug == "what is late is lost" {
		err = ctx.Err()
	}
	if err != nil && m.bug != "failures are kept" {
		return nil, err
	}
	keep := call.Keep
	if m.bug == "it forgets early" {
		keep -= time.Second
	}
	for other, s := range m.calls {
		if came.After(s.ends.Add(time.Hour)) && m.bug != "nothing is removed" {
			delete(m.calls, other)
		}
	}
	kept := answer
	if m.bug != "answers are not copied" {
		kept = bytes.Clone(answer)
	}
	m.calls[id] = stored{call.Input, kept, came.Add(keep)}
	m.notes = append(m.notes, pending...)
	return answer, err
}
