// What is said of each request: a line of the access log, and Config.Observe.

package serve

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/paths"
)

// A watch says what is answered: to the access log and the observer, where
// there are any.
type watch struct {
	access   *slog.Logger
	observer metrics.Observer
}

// on says whether there is one of the two.
func (o *watch) on() bool { return o.access != nil || o.observer != nil }

// observed answers a request by serve and says how. Questions about health are
// many and say nothing of visitors: they are lines of level DEBUG, and not for
// observers.
func (o *watch) observed(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	level, told := slog.LevelInfo, o.observer
	if paths.IsHealth(r.URL.Path) {
		level, told = slog.LevelDebug, nil
	}
	logs := o.access != nil && o.access.Enabled(r.Context(), level)
	if !logs && told == nil {
		serve(w, r)
		return
	}
	r, rec := recorded(r)
	var end func(metrics.Request)
	if told != nil {
		ctx, ended := told.Request(r)
		r, end = r.WithContext(ctx), ended
	}
	path := r.URL.Path // a handler may change its URL
	began := time.Now()
	counted := &counter{ResponseWriter: w}
	whole := false
	defer func() { // a panic cuts the connection, and goes on
		took := time.Since(began)
		if end != nil {
			end(metrics.Request{
				Method: metrics.Method(r.Method), Route: rec.route, Status: counted.status, Cut: !whole,
				Cache: rec.cached(), Bytes: counted.bytes, Took: took,
			})
		}
		if logs {
			o.line(level, w, r, rec, counted, path, took, whole)
		}
	}()
	serve(counted, r)
	whole = true
	if counted.status == 0 {
		counted.status = http.StatusOK // net/http is about to send it
	}
}

// line writes a line of the access log. The path is written without its
// query, which may hold secrets.
func (o *watch) line(level slog.Level, w http.ResponseWriter, r *http.Request, rec *record, counted *counter, path string, took time.Duration, whole bool) {
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs,
		slog.String("method", r.Method),
		slog.String("route", rec.route),
		slog.String("path", path),
		slog.Int("status", counted.status),
		slog.Int64("bytes", counted.bytes),
		slog.Duration("duration", took),
		slog.String("client", listen.Client(r).String()),
		slog.String("protocol", r.Proto),
		slog.String("id", rec.name()))
	if status := w.Header()["Cache-Status"]; len(status) > 0 {
		attrs = append(attrs, slog.String("cache", status[0]))
	}
	if !whole {
		attrs = append(attrs, slog.Bool("cut", true))
	}
	o.access.LogAttrs(r.Context(), level, "request", attrs...)
}

// note keeps which pattern answers.
func (o *watch) note(r *http.Request, route string) {
	if !o.on() {
		return
	}
	if rec := recordOf(r); rec != nil {
		rec.route = route
	}
}

// noteCache keeps what the cache did, for observers.
func (o *watch) noteCache(r *http.Request, cache string) {
	if o.observer == nil {
		return
	}
	if rec := recordOf(r); rec != nil {
		rec.cache = cache
	}
}

// A counter sees the status and the size of an answer pass. Bodies pass it as
// they pass the writer of package answer. http.ResponseController sees through it.
type counter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *counter) WriteHeader(status int) {
	if c.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *counter) Write(p []byte) (int, error) {
	c.begin()
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

func (c *counter) WriteString(s string) (int, error) {
	c.begin()
	n, err := io.WriteString(c.ResponseWriter, s)
	c.bytes += int64(n)
	return n, err
}

// ReadFrom lets files go out without passing through memory.
func (c *counter) ReadFrom(from io.Reader) (int64, error) {
	c.begin()
	n, err := io.Copy(c.ResponseWriter, from)
	c.bytes += n
	return n, err
}

func (c *counter) begin() {
	if c.status == 0 {
		c.status = http.StatusOK
	}
}

func (c *counter) Flush() { _ = c.FlushError() }

// FlushError is what http.ResponseController calls.
func (c *counter) FlushError() error {
	c.begin()
	return http.NewResponseController(c.ResponseWriter).Flush()
}

// Hijack gives the connection away; what follows is not counted, but for what
// [counter.Passed] hears of.
func (c *counter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(c.ResponseWriter).Hijack()
	if err == nil && c.status == 0 {
		c.status = http.StatusSwitchingProtocols
	}
	return conn, buffer, err
}

// Passed counts what package events has sent over the connection.
func (c *counter) Passed(n int64) { c.bytes += n }

func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }
