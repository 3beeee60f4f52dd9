// What a store remembers of the server, so that it notices what the server
// lost.

package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/pages"
)

// maxRepairs is how many times one call repairs the state before it gives up.
const maxRepairs = 4

var errLosing = errors.New("the server keeps losing the store's state: " +
	"raise maxmemory, or set maxmemory-policy to volatile-lru")

// A memory is what the server has reported.
type memory struct {
	mu        sync.Mutex
	known     known
	owner     string        // the owner that the store must have; "" for any
	token     uint64        // the highest token that was granted
	repairing chan struct{} // held during a repair
}

// known is what the server's state is compared with.
type known struct {
	store   string // the store's name on the server; "" before the first answer
	last    moment // the highest so far
	owner   string // the owner that the store must have; "" for any
	repairs int    // the number of repairs
}

// A moment is a sequence and the time when it was reached, in microseconds; 0
// if that is not known. After a restore or a failover, the same sequence may be
// another moment, which is later.
type moment struct{ sequence, made uint64 }

func (m moment) String() string { return fmt.Sprintf("%d %d", m.sequence, m.made) }

func parseMoment(text string) (m moment, err error) {
	n, err := parseNumbers(strings.Split(text, " "), 2)
	if err != nil {
		return m, fmt.Errorf("the sequence %q: %w", text, err)
	}
	return moment{n[0], n[1]}, nil
}

func (m *memory) get() known {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.known
	known.owner = m.owner
	return known
}

// belong makes every call from now on check an owner, and returns the one that
// was checked before.
func (m *memory) belong(owner string) (before string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, m.owner = m.owner, owner
	return before
}

// learn records what an answer says, if it fits what was known when the call
// was made. Answers may arrive in another order than they were given.
func (m *memory) learn(asked known, store string, last moment) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known.store == asked.store {
		m.known.store = store
		m.known.last = later(m.known.last, last)
	}
}

func later(a, b moment) moment {
	if b.sequence > a.sequence {
		return b
	}
	return a
}

// fits says whether a state can follow what is known.
func (k known) fits(s state) bool {
	if k.owner != "" && s.owner != "" && s.owner != k.owner {
		return false
	}
	same := s.last.sequence == k.last.sequence && s.last.made != 0 && k.last.made != 0
	return k.store == "" || k.store == s.store && s.last.sequence >= k.last.sequence && !(same && s.last.made != k.last.made)
}

// repair makes the state on the server consistent, unless that was done since
// the call.
func (s *Store) repair(ctx context.Context, asked known) error {
	m := &s.memory
	select {
	case m.repairing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-m.repairing }()
	now := m.get()
	if now.repairs != asked.repairs || now.store != asked.store {
		return nil
	}
	answer, err := s.script(ctx, s.scripts.recover, now, s.keys.all,
		[]string{rand.Text(), s.keys.channel(), micros(pages.Trust)})
	if err != nil {
		return err
	}
	store, last, err := head(answer)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known = known{store: store, last: later(m.known.last, last), repairs: now.repairs + 1}
	return nil
}

// head reads the beginning of every answer of a script.
func head(answer []rueidis.RedisMessage) (store string, last moment, err error) {
	if len(answer) < 2 {
		return "", last, errors.New("the server's answer is too short")
	}
	if store, err = answer[0].ToString(); err == nil {
		last, err = parseMoment(word(answer[1]))
	}
	return store, last, err
}

// A state is the part of the store's state that a reading call receives.
type state struct {
	store string // "": there is none
	last  moment
	owner string
}

// stateFields are the fields that stateOf reads.
func stateFields() []string { return []string{"id", "sequence", "top", "owner"} }

// stateOf reads the state from an answer to HMGET.
func stateOf(result rueidis.RedisResult) (s state, err error) {
	fields, err := result.ToArray()
	if err != nil || len(fields) != len(stateFields()) || fields[0].IsNil() || fields[1].IsNil() {
		return s, err
	}
	s.store, s.owner = word(fields[0]), word(fields[3])
	if s.last.sequence, err = strconv.ParseUint(word(fields[1]), 10, 64); err != nil {
		return s, err
	}
	if top, err := parseMark(word(fields[2])); err == nil && top.Sequence == s.last.sequence && !top.At.IsZero() {
		s.last.made = uint64(top.At.UnixMicro())
	}
	return s, nil
}
