// What the log says of requests that fail, and what visitors are asked to wait.

package serve

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/admission"
	"github.com/gorgon-go/gorgon/tally"
	"github.com/gorgon-go/gorgon/wire"
)

// The least and the most that a visitor is asked to wait after a refusal, in
// seconds.
const (
	leastRetry = 1
	mostRetry  = 30
)

// maxFailures is how many failures of requests for one pattern have a line of
// their own within a minute.
const maxFailures = 10

// retryAfter is how many seconds a visitor is asked to wait after a 503.
const retryAfter = "3"

// reports are the lines of the log about requests that fail.
type reports struct {
	log      *slog.Logger
	refusals tally.Tally // of requests, by pattern
	failures tally.Tally
}

// refusedBy is the refusal that an error comes from; nil where it comes from
// something else.
func refusedBy(err error) *admission.Refused {
	refused, _ := errors.AsType[*admission.Refused](err)
	return refused
}

// retryAfterOf is the value of Retry-After for an error that is answered with
// a status; "" for none.
func retryAfterOf(err error, status int) string {
	if e, ok := errors.AsType[*gorgon.Error](err); ok && e.RetryAfter > 0 {
		return strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10)
	}
	if status != http.StatusServiceUnavailable {
		return ""
	}
	refused := refusedBy(err)
	if refused == nil || refused.After <= 0 {
		return retryAfter
	}
	seconds := (refused.After + time.Second - 1) / time.Second
	return strconv.Itoa(int(min(max(seconds, leastRetry), mostRetry)))
}

// level is how a failure with a status is reported for the pattern of a
// page. Of what every request may meet, the log has a bounded number of lines
// for each pattern: the first ones of a minute, and then how many followed.
func (l *reports) level(r *http.Request, route string, err error, status int) slog.Level {
	switch {
	case status < 500:
		return slog.LevelDebug
	case refusedBy(err) != nil:
		line := func(count int, paths []string) {
			l.log.Warn("requests were refused: more pages were asked for than can be made in time", "route", route, "count", count, "paths", paths)
		}
		if l.refusals.Note(route, r.URL.Path, line) {
			line(1, []string{r.URL.Path})
		}
		return slog.LevelDebug
	case route == "": // not of a page: each is the app's own
		return slog.LevelError
	case l.failures.Note(route, r.URL.Path, func(count int, paths []string) {
		l.log.Error("more requests failed", "route", route, "count", count, "paths", paths, "err", err)
	}):
		return slog.LevelError
	}
	return slog.LevelDebug
}

// report writes one line with the whole chain of an error.
func (l *reports) report(r *http.Request, m match, level slog.Level, message string, err error, more ...slog.Attr) {
	if !l.log.Enabled(r.Context(), level) {
		return
	}
	path := m.path
	if path == "" {
		path = r.URL.Path
	}
	attrs := []slog.Attr{slog.String("method", r.Method), slog.String(wire.LogPath, path)}
	if m.page != nil {
		attrs = append(attrs, slog.String(wire.LogPage, m.page.Path))
	}
	if m.locale != "" {
		attrs = append(attrs, slog.String("locale", m.locale))
	}
	for _, a := range more {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	l.log.LogAttrs(r.Context(), level, message, append(attrs, slog.String(wire.LogError, err.Error()))...)
}

// gone says whether the error is only that the visitor does not wait for the
// answer. Many a library says so in its text alone.
func gone(r *http.Request, err error) bool {
	return r.Context().Err() != nil && ended(r) == nil && canceled(err)
}

func canceled(err error) bool {
	return errors.Is(err, context.Canceled) || strings.Contains(err.Error(), context.Canceled.Error())
}

// ended is why a guard has ended the request that it let through: the visitor is
// still there. nil if none has.
func ended(r *http.Request) error {
	if e, ok := errors.AsType[*gorgon.Error](context.Cause(r.Context())); ok {
		return e
	}
	return nil
}

// left notes that a visitor went away. It is never more than DEBUG, whatever
// was being made for them.
func (l *reports) left(r *http.Request, m match, err error) {
	l.report(r, m, slog.LevelDebug, "the client went away", err)
}
