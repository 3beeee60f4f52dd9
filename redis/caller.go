// What the stores that have no common state on the server do alike: opening, and
// one call.

package redis

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/driver"
)

// A caller is the connection of such a store.
type caller struct {
	name   string // for messages
	base   string // the beginning of all keys
	closed error  // what a call fails with after Close
	link   *link
	life   *driver.Life
}

// newCaller opens a location for something ("sessions"), with the options' TLS.
func newCaller(ctx context.Context, location, what, options string, config *tls.Config, closed error) (*caller, error) {
	p, err := parse(location)
	if err != nil {
		return nil, fmt.Errorf("open redis for %s: %w", what, err)
	}
	if config != nil && p.option.TLSConfig == nil {
		return nil, fmt.Errorf("open redis %s for %s: %s.TLS is set, but the location is not rediss:// or valkeys://", p.name, what, options)
	}
	if config != nil {
		p.useTLS(config)
	}
	c := &caller{name: p.name, base: newKeys(p.prefix).base, closed: closed, life: driver.NewLife(ctx)}
	c.link = newLink(c.life.Calls(), p.option)
	return c, nil
}

// Close waits a second for the calls in progress. A second Close has no effect.
func (c *caller) Close() error {
	c.life.Close(c.link.close, c.link.conns.cut)
	return nil
}

// ask makes a call, unless the checks of its arguments fail. It makes it again if
// the connection turned out to be dead, and that does no harm.
func (c *caller) ask(ctx context.Context, doing string, again bool, checks []error, call func(context.Context, rueidis.Client) []rueidis.RedisResult) (results []rueidis.RedisResult, err error) {
	inner, end, err := c.life.Begin(ctx)
	if end != nil {
		defer end()
	}
	switch {
	case c.life.Closed():
		return nil, c.closed
	case err == nil:
		err = cmp.Or(checks...)
	}
	if err != nil {
		return nil, err
	}
	results, err = c.link.do(inner, call)
	if again && err != nil && inner.Err() == nil && isBroken(err) {
		results, err = c.link.do(inner, call)
	}
	return results, c.explain(ctx, doing, err)
}

// explain says what was being done, and translates the server's errors into
// those of the contract, with a hint.
func (c *caller) explain(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		err = ctx.Err()
	case c.life.Closed():
		return c.closed
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled): // not the caller's deadline
		err = errors.New("the server accepted the connection but does not answer")
	case errors.Is(err, rueidis.ErrClosing):
		err = errors.New("the connection was lost")
	case errors.Is(err, rueidis.ErrNoSlot):
		err = fmt.Errorf("%w: the cluster is not complete", err)
	case code(err) == "OOM":
		err = fmt.Errorf("the server's memory is full: raise maxmemory: %w", err)
	case code(err) == "READONLY":
		err = errors.New("the location leads to a replica: it must lead to the primary (READONLY)")
	default:
		err = repairable(err)
	}
	return fmt.Errorf("redis %s: %s: %w", c.name, doing, err)
}

// info asks the server about itself: what a section says under a name.
func (c *caller) info(ctx context.Context, section string) (value func(name string) string, err error) {
	const doing = "ask how the server is set up"
	results, err := c.ask(ctx, doing, true, nil, func(ctx context.Context, client rueidis.Client) []rueidis.RedisResult {
		return []rueidis.RedisResult{client.Do(ctx, client.B().Info().Section(section).Build())}
	})
	if err != nil {
		return nil, err
	}
	info, err := results[0].ToString()
	return func(name string) string {
		_, rest, _ := strings.Cut(info, "\n"+name+":")
		line, _, _ := strings.Cut(rest, "\r\n")
		return line
	}, c.explain(ctx, doing, err)
}
