// Whether what is sent arrives.

package opentelemetry

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"
)

// An outcome is how the last attempts to send something ended. It says so in
// the log once, and once more when it works again. A nil one is of something
// that is not sent.
type outcome struct {
	what string
	log  *slog.Logger

	mu     sync.Mutex
	last   time.Time // when all had arrived, or the first could be sent
	err    error     // of an attempt since it was asked for one
	failed bool      // the last attempt, of which the log says so
}

// begin says that it can be sent from now on.
func (o *outcome) begin() { o.last = time.Now() }

// late says that the time since something arrived is too long.
func (o *outcome) late(interval time.Duration) bool {
	if o == nil {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Since(o.last) >= interval
}

// note keeps how an attempt ended.
func (o *outcome) note(err error) {
	err = unquoted(err)
	o.mu.Lock()
	failed := o.failed
	o.err, o.failed = err, err != nil
	if err == nil {
		o.last = time.Now()
	}
	o.mu.Unlock()
	switch {
	case err != nil && !failed:
		o.log.Warn(o.what+" cannot be sent to the collector: that is tried again", "err", err)
	case err == nil && failed:
		o.log.Info(o.what + " are sent to the collector again")
	}
}

// of sends all that there is, and returns what went wrong.
func (o *outcome) of(ctx context.Context, send func(context.Context) error) error {
	o.mu.Lock()
	o.err = nil
	o.mu.Unlock()
	if err := send(ctx); err != nil {
		return unquoted(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.last = time.Now() // there may have been nothing
	}
	return o.err
}

// address matches the URL of the collector, which may hold a token.
var address = regexp.MustCompile(`https?://[^\s"]+`)

// unquoted is an error without the address of the collector, and without the
// body of its answer, which may repeat what was sent.
func unquoted(err error) error {
	if err == nil {
		return nil
	}
	text, _, cut := strings.Cut(err.Error(), "body: ")
	if cut {
		text = strings.TrimRight(text, " (:")
	}
	return errors.New(address.ReplaceAllString(text, "the collector"))
}
