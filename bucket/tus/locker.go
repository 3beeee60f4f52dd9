// Locks of uploads within an instance.

package tus

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"
)

// A locker lets one request at a time write to an upload. A request that comes
// asks the one that has the lock to end: a client that was cut off comes again
// before the server has noticed. Between instances the store decides: the bytes
// of one of them count, and the other is told to try again.
type locker struct {
	mu   sync.Mutex
	held map[string]*holder
}

// A holder has a lock.
type holder struct {
	body *body         // of its request; nil if that is not known
	gone chan struct{} // closed when it has released the lock
}

type bodyKey struct{} // a context's: the body of its request

// A body is one that can be ended. tusd's own way to end one reads a field that
// another goroutine writes.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	mu      sync.Mutex
	ended   bool
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	ended := b.ended
	b.mu.Unlock()
	if ended {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.ended {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// end lets the reader find the end of what came. A reader that waits is woken.
func (b *body) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	_ = b.control.SetReadDeadline(time.Unix(1, 0)) // without that, it ends when more comes, or nothing for 30 s
}

// NewLock makes a lock that is not held.
func (l *locker) NewLock(id string) (handler.Lock, error) { return &lock{l: l, id: id}, nil }

type lock struct {
	l    *locker
	id   string
	mine *holder
}

// Lock waits until no other request has the lock.
func (k *lock) Lock(ctx context.Context, _ func()) error {
	own, _ := ctx.Value(bodyKey{}).(*body)
	for {
		k.l.mu.Lock()
		other := k.l.held[k.id]
		if other == nil {
			if k.l.held == nil {
				k.l.held = map[string]*holder{}
			}
			k.mine = &holder{own, make(chan struct{})}
			k.l.held[k.id] = k.mine
			k.l.mu.Unlock()
			return nil
		}
		k.l.mu.Unlock()
		if other.body != nil {
			other.body.end()
		}
		select {
		case <-other.gone:
		case <-ctx.Done():
			return handler.ErrLockTimeout
		}
	}
}

// Unlock releases the lock.
func (k *lock) Unlock() error {
	k.l.mu.Lock()
	defer k.l.mu.Unlock()
	if k.mine != nil && k.l.held[k.id] == k.mine {
		delete(k.l.held, k.id)
		close(k.mine.gone)
	}
	return nil
}
