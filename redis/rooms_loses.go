// How a server must be set up so that it loses no rooms.

package redis

import (
	"context"
	"strings"

	"github.com/redis/rueidis"
)

// Loses says what in the server's settings lets it lose what was acknowledged, each
// with what to set. Nothing is lost by one server if it says nothing. The store
// looks once by itself, and logs what it finds.
//
// A user without the rights +info and +config|get cannot ask: that is an error, or
// one of the reasons.
func (r *Rooms) Loses(ctx context.Context) (reasons []string, err error) {
	value, err := r.info(ctx, "default")
	if err != nil {
		return nil, err
	}
	if policy := value("maxmemory_policy"); policy != "noeviction" && value("maxmemory") != "0" {
		reasons = append(reasons, "it removes rooms when its memory is full: set maxmemory-policy noeviction")
	}
	if value("aof_enabled") != "1" {
		return append(reasons, "it forgets rooms when it ends: set appendonly yes and appendfsync always"), nil
	}
	results, err := r.ask(ctx, "ask for a setting", true, nil, func(ctx context.Context, c rueidis.Client) []rueidis.RedisResult {
		return []rueidis.RedisResult{c.Do(ctx, c.B().ConfigGet().Parameter("appendfsync").Build())}
	})
	switch {
	case code(err) != "": // the server refuses to say it
		reasons = append(reasons, "it does not say whether appendfsync is always: give the user the right +config|get, or look it up")
	case err != nil:
		return nil, err
	default:
		settings, err := results[0].AsStrMap()
		if err != nil {
			return nil, r.explain(ctx, "ask for a setting", err)
		}
		if settings["appendfsync"] != "always" {
			reasons = append(reasons, "it loses what was acknowledged last when its machine ends: set appendfsync always")
		}
	}
	return reasons, nil
}

// check says so if the server may lose rooms. A user that may not ask is not told.
func (r *Rooms) check() {
	ctx, cancel := context.WithTimeout(r.life.Open(), silenceTimeout)
	defer cancel()
	if reasons, err := r.Loses(ctx); err == nil && len(reasons) > 0 {
		r.log.Warn("this Redis may lose what was acknowledged in rooms: "+strings.Join(reasons, "; "), "redis", r.name)
	}
}
