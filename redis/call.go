// One call: a script or a pipeline, its answer, and what to do where something was lost.

package redis

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// run calls a script and returns its answer after the head.
func (s *Store) run(ctx context.Context, doing string, sc script, keys []string, args ...string) ([]rueidis.RedisMessage, error) {
	_, answer, err := s.runAt(ctx, doing, sc, keys, args...)
	return answer, err
}

// runAt is run that returns the sequence too.
func (s *Store) runAt(ctx context.Context, doing string, sc script, keys []string, args ...string) (sequence uint64, answer []rueidis.RedisMessage, err error) {
	inner, end, err := s.begin(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer end()
	err = s.mended(inner, func(asked known) (bool, error) {
		var err error
		if answer, err = s.script(inner, sc, asked, keys, args); err != nil || len(answer) == 0 {
			return false, err
		}
		store, reached, err := head(answer)
		if err != nil {
			return false, err
		}
		s.memory.learn(asked, store, reached)
		sequence, answer = reached, answer[2:]
		return true, nil
	})
	return sequence, answer, s.explain(ctx, doing, err)
}

// read sends commands that only read, in one pipeline behind one that asks for
// the state.
func (s *Store) read(ctx context.Context, doing string, commands func(rueidis.Builder) []rueidis.Completed) (store string, sequence uint64, results []rueidis.RedisResult, err error) {
	inner, end, err := s.begin(ctx)
	if err != nil {
		return "", 0, nil, err
	}
	defer end()
	err = s.mended(inner, func(asked known) (bool, error) {
		all, err := s.ask(inner, true, func(ctx context.Context, c rueidis.Client) []rueidis.RedisResult {
			state := c.B().Hmget().Key(s.keys.state()).Field("id", "sequence").Build()
			return c.DoMulti(ctx, append([]rueidis.Completed{state}, commands(c.B())...)...)
		})
		if err != nil {
			return false, err
		}
		if store, sequence, err = stateOf(all[0]); err != nil || !asked.fits(store, sequence) {
			return false, err
		}
		s.memory.learn(asked, store, sequence)
		results = all[1:]
		return true, nil
	})
	return store, sequence, results, s.explain(ctx, doing, err)
}

// mended makes a call again after the state was mended, where it did not fit.
func (s *Store) mended(ctx context.Context, call func(asked known) (fits bool, err error)) error {
	for range mostMends {
		asked := s.memory.get()
		fits, err := call(asked)
		if err != nil || fits {
			return err
		}
		if err := s.mend(ctx, asked); err != nil {
			return err
		}
	}
	return errLosing
}

// script calls a script once, telling it what is known.
func (s *Store) script(ctx context.Context, sc script, asked known, keys, args []string) ([]rueidis.RedisMessage, error) {
	args = append([]string{asked.store, strconv.FormatUint(asked.sequence, 10)}, args...)
	results, err := s.ask(ctx, sc.again, func(ctx context.Context, c rueidis.Client) []rueidis.RedisResult {
		return []rueidis.RedisResult{sc.lua.Exec(ctx, c, keys, args)}
	})
	if err != nil {
		return nil, err
	}
	return results[0].ToArray()
}

// ask makes a call, and makes it again if its connection turned out to be dead
// and twice is the same as once. A purge is not made twice: whether the first
// was made is for the caller to find out.
func (s *Store) ask(ctx context.Context, again bool, call func(context.Context, rueidis.Client) []rueidis.RedisResult) ([]rueidis.RedisResult, error) {
	results, err := s.link.do(ctx, call)
	if again && err != nil && ctx.Err() == nil && isBroken(err) {
		results, err = s.link.do(ctx, call)
	}
	return results, err
}

// numbers reads the first n parts of an answer.
func numbers(answer []rueidis.RedisMessage, n int) ([]int64, error) {
	if len(answer) < n {
		return nil, errors.New("the server's answer is too short")
	}
	list := make([]int64, n)
	for i := range list {
		var err error
		if list[i], err = answer[i].AsInt64(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func micros(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
