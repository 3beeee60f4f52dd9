// What a store remembers of the server, so that it notices what the server lost.

package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"sync"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/pages"
)

// mostMends is how often one call lets the state be mended before it gives up.
const mostMends = 4

var errLosing = errors.New("the server loses the store's state again and again: " +
	"raise maxmemory, or set maxmemory-policy to volatile-lru")

// A memory is what the server has told.
type memory struct {
	mu      sync.Mutex
	known   known
	token   uint64        // the highest that was granted
	mending chan struct{} // held by who mends
}

// known is what the server is compared with.
type known struct {
	store    string // the store's name there; "" before the first answer
	sequence uint64 // the highest so far
	mends    int    // how often it was mended
}

func (m *memory) get() known {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known
}

// learn takes in what an answer tells that fits what was known when it was
// asked for. Answers may arrive in another order than they were given.
func (m *memory) learn(asked known, store string, sequence uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known.store == asked.store {
		m.known.store = store
		m.known.sequence = max(m.known.sequence, sequence)
	}
}

// fits says whether a store's name and sequence can follow on what is known.
// A name of "" is that of no store.
func (k known) fits(store string, sequence uint64) bool {
	return k.store == "" || k.store == store && sequence >= k.sequence
}

// mend makes the state at the server fit, unless that was done since it was
// asked.
func (s *Store) mend(ctx context.Context, asked known) error {
	m := &s.memory
	select {
	case m.mending <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-m.mending }()
	now := m.get()
	if now.mends != asked.mends || now.store != asked.store {
		return nil
	}
	answer, err := s.script(ctx, s.scripts.recover, now, s.keys.all,
		[]string{rand.Text(), s.keys.channel(), micros(pages.Trust)})
	if err != nil {
		return err
	}
	store, sequence, err := head(answer)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known = known{store: store, sequence: max(m.known.sequence, sequence), mends: now.mends + 1}
	return nil
}

// head is what every answer of a script begins with.
func head(answer []rueidis.RedisMessage) (store string, sequence uint64, err error) {
	if len(answer) < 2 {
		return "", 0, errors.New("the server's answer is too short")
	}
	if store, err = answer[0].ToString(); err == nil {
		sequence, err = answer[1].AsUint64()
	}
	return store, sequence, err
}

// stateOf reads the state's name and sequence from an answer to HMGET.
func stateOf(result rueidis.RedisResult) (store string, sequence uint64, err error) {
	fields, err := result.ToArray()
	if err != nil || len(fields) != 2 || fields[0].IsNil() || fields[1].IsNil() {
		return "", 0, err
	}
	if store, err = fields[0].ToString(); err != nil {
		return "", 0, err
	}
	text, err := fields[1].ToString()
	if err != nil {
		return "", 0, err
	}
	sequence, err = strconv.ParseUint(text, 10, 64)
	return store, sequence, err
}
