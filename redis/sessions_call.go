// One call of sessions: a script, and what its answer means.

package redis

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/sessions"
)

var (
	//go:embed lua/sessions.lua
	sessionsLua string
	//go:embed lua/session_get.lua
	sessionGetLua string
	//go:embed lua/session_put.lua
	sessionPutLua string
	//go:embed lua/session_replace.lua
	sessionReplaceLua string
	//go:embed lua/session_touch.lua
	sessionTouchLua string
	//go:embed lua/session_take.lua
	sessionTakeLua string
	//go:embed lua/session_list.lua
	sessionListLua string
	//go:embed lua/session_revoke.lua
	sessionRevokeLua string
	//go:embed lua/session_spend.lua
	sessionSpendLua string
)

type sessionScripts struct {
	get, put, replace, touch, take, list, revoke, spend script
}

func newSessionScripts() sessionScripts {
	once := func(text string) script { return script{lua: rueidis.NewLuaScript(sessionsLua + text)} }
	again := func(text string) script { return script{lua: rueidis.NewLuaScript(sessionsLua + text), again: true} }
	return sessionScripts{
		get: again(sessionGetLua), touch: again(sessionTouchLua), list: again(sessionListLua),
		put: once(sessionPutLua), replace: once(sessionReplaceLua), take: once(sessionTakeLua), revoke: once(sessionRevokeLua), spend: once(sessionSpendLua),
	}
}

// run calls a script, unless the checks of the arguments fail.
func (s *Sessions) run(ctx context.Context, doing string, sc script, checks []error, keys []string, args ...string) (answer rueidis.RedisMessage, err error) {
	args = append([]string{s.base}, args...)
	results, err := s.ask(ctx, doing, sc.again, checks, func(ctx context.Context, c rueidis.Client) []rueidis.RedisResult {
		return []rueidis.RedisResult{sc.lua.Exec(ctx, c, keys, args)}
	})
	if err != nil {
		return answer, err
	}
	if !s.checked.Swap(true) {
		s.life.Go(s.check)
	}
	answer, err = results[0].ToMessage()
	return answer, s.explain(ctx, doing, err)
}

// count is run for a script whose answer is a number.
func (s *Sessions) count(ctx context.Context, doing string, sc script, checks []error, keys []string, args ...string) (int64, error) {
	answer, err := s.run(ctx, doing, sc, checks, keys, args...)
	if err != nil {
		return 0, err
	}
	n, err := answer.AsInt64()
	return n, s.explain(ctx, doing, err)
}

// check says so if the server may evict sessions. A user that may not ask is
// not told.
func (s *Sessions) check() {
	ctx, cancel := context.WithTimeout(s.life.Open(), silenceTimeout)
	defer cancel()
	value, err := s.info(ctx, "memory")
	if err != nil {
		return
	}
	policy := value("maxmemory_policy")
	if policy != "" && policy != "noeviction" && value("maxmemory") != "0" {
		s.log.Warn("this Redis evicts sessions when its memory is full, which signs visitors out and forgets limits: give sessions a Redis with maxmemory-policy noeviction",
			"redis", s.name, "policy", policy)
	}
}

// fields are the fields of a record, in the order of the scripts.
func fields(r sessions.Record) []string {
	// The member of the user's list is in the order of Made, then of the ID.
	member := fmt.Sprintf("%s:%015d:%s", r.Kind, sessions.Millis(r.Made)-sessions.Never, r.ID)
	return []string{r.Kind, r.User, rueidis.BinaryString(r.Data), milli(r.Made), milli(r.Used), milliOrNever(r.Expires), member}
}

// read is the record of fields, without its ID.
func read(fields []string) (r sessions.Record, err error) {
	if len(fields) < 7 {
		return r, errors.New("the server's answer is too short")
	}
	r.Kind, r.User, r.Data = fields[0], fields[1], []byte(fields[2])
	for i, t := range []*time.Time{&r.Made, &r.Used, &r.Expires} {
		text := fields[3+i]
		if text == "" {
			*t = sessions.Moment(sessions.Never)
			continue
		}
		n, failed := strconv.ParseInt(text, 10, 64)
		if failed != nil {
			err = errors.New("a time of a record is not a number")
		}
		*t = sessions.Moment(n)
	}
	return r, err
}

func milli(t time.Time) string { return strconv.FormatInt(sessions.Millis(t), 10) }

// milliOrNever is "" for a record that never expires.
func milliOrNever(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return milli(t)
}
