// The client, which is created when it is first needed and the server is
// available.

package redis

import (
	"context"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	leastBackOff = 20 * time.Millisecond
	mostBackOff  = 500 * time.Millisecond

	// maxWork is the maximum number of commands in progress, counting those
	// whose callers have stopped waiting. It is less than what a connection can
	// queue.
	maxWork = 512
)

// A link is the connection to the server. rueidis dials when a client is
// created, and fails if the server is not available; afterwards it reconnects
// by itself.
type link struct {
	option rueidis.ClientOption
	conns  *conns
	places chan struct{}  // one for each command in progress
	work   sync.WaitGroup // the commands in progress, for close

	mu      sync.Mutex
	client  rueidis.Client
	attempt chan struct{} // closed when the attempt ends; nil if none is in progress
	err     error         // of the last attempt
	next    time.Time     // no attempt before
	backOff time.Duration
}

func newLink(life context.Context, option rueidis.ClientOption) *link {
	l := &link{option: option, places: make(chan struct{}, maxWork)}
	l.conns = newConns(life, &l.option)
	return l
}

// get returns the client. One attempt to create it is in progress at a time,
// and for a moment after a failure get returns the error of that attempt.
func (l *link) get(ctx context.Context) (rueidis.Client, error) {
	l.mu.Lock()
	if l.client != nil {
		defer l.mu.Unlock()
		return l.client, nil
	}
	if l.attempt == nil {
		if time.Now().Before(l.next) {
			defer l.mu.Unlock()
			return nil, l.err
		}
		l.attempt = make(chan struct{})
		l.work.Go(l.try)
	}
	attempt := l.attempt
	l.mu.Unlock()
	select {
	case <-attempt:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client == nil {
		return nil, l.err
	}
	return l.client, nil
}

func (l *link) try() {
	client, err := rueidis.NewClient(l.option)
	if err != nil && client != nil {
		client.Close()
		client = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.client, l.err = client, err
	l.backOff = min(max(2*l.backOff, leastBackOff), mostBackOff)
	l.next = time.Now().Add(l.backOff)
	close(l.attempt)
	l.attempt = nil
}

// do makes one call, and gives up on it when ctx ends: rueidis itself may wait
// longer for a connection or for room in its queue.
func (l *link) do(ctx context.Context, call func(context.Context, rueidis.Client) []rueidis.RedisResult) ([]rueidis.RedisResult, error) {
	client, err := l.get(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case l.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	done := make(chan []rueidis.RedisResult, 1)
	l.work.Go(func() {
		defer func() { <-l.places }()
		done <- call(context.Background(), client)
	})
	select {
	case results := <-done:
		for _, r := range results {
			if err := r.Error(); err != nil && !rueidis.IsRedisNil(err) {
				return nil, err
			}
		}
		return results, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// close ends everything in progress. No call may follow.
func (l *link) close() {
	l.mu.Lock()
	client := l.client
	l.mu.Unlock()
	if client != nil {
		client.Close()
	}
	l.conns.cut()
	l.work.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client != nil && client == nil { // created in the meantime
		l.client.Close()
	}
	l.client, l.err = nil, pages.ErrClosed
}
