// One call: a script or a pipeline, its answer, and what to do if something was
// lost.

package redis

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// run calls a script and returns its answer without the head.
func (s *Store) run(ctx context.Context, doing string, sc script, keys []string, args ...string) ([]rueidis.RedisMessage, error) {
	_, answer, err := s.runAt(ctx, doing, sc, keys, args...)
	return answer, err
}

// runAt is run and also returns the sequence.
func (s *Store) runAt(ctx context.Context, doing string, sc script, keys []string, args ...string) (sequence uint64, answer []rueidis.RedisMessage, err error) {
	inner, end, err := s.life.Begin(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer end()
	err = s.withRepair(inner, func(asked known) (bool, error) {
		var err error
		if answer, err = s.script(inner, sc, asked, keys, args); err != nil || len(answer) == 0 {
			return false, err
		}
		store, last, err := head(answer)
		if err != nil {
			return false, err
		}
		s.memory.learn(asked, store, last)
		sequence, answer = last.sequence, answer[2:]
		return true, nil
	})
	return sequence, answer, s.explain(ctx, doing, err)
}

// read sends commands that only read, in one pipeline, after a command that
// reads the state.
func (s *Store) read(ctx context.Context, doing string, commands func(rueidis.Builder) []rueidis.Completed) (store string, sequence uint64, results []rueidis.RedisResult, err error) {
	inner, end, err := s.life.Begin(ctx)
	if err != nil {
		return "", 0, nil, err
	}
	defer end()
	err = s.withRepair(inner, func(asked known) (bool, error) {
		all, err := s.ask(inner, true, func(ctx context.Context, c rueidis.Client) []rueidis.RedisResult {
			first := c.B().Hmget().Key(s.keys.state()).Field(stateFields()...).Build()
			return c.DoMulti(ctx, append([]rueidis.Completed{first}, commands(c.B())...)...)
		})
		if err != nil {
			return false, err
		}
		now, err := stateOf(all[0])
		if err != nil || !asked.fits(now) {
			return false, err
		}
		// Whether later purges follow the known ones, only a script can find
		// out.
		if asked.store == "" || now.last.sequence == asked.last.sequence {
			s.memory.learn(asked, now.store, now.last)
		}
		store, sequence, results = now.store, now.last.sequence, all[1:]
		return true, nil
	})
	return store, sequence, results, s.explain(ctx, doing, err)
}

// withRepair makes a call, and if the state did not fit, repairs the state and
// makes the call again.
func (s *Store) withRepair(ctx context.Context, call func(asked known) (fits bool, err error)) error {
	for range maxRepairs {
		asked := s.memory.get()
		fits, err := call(asked)
		if err != nil || fits {
			return err
		}
		if err := s.repair(ctx, asked); err != nil {
			return err
		}
	}
	return errLosing
}

// script calls a script once, with the known state.
func (s *Store) script(ctx context.Context, sc script, asked known, keys, args []string) ([]rueidis.RedisMessage, error) {
	args = append([]string{asked.store + " " + asked.owner, asked.last.String()}, args...)
	results, err := s.ask(ctx, sc.again, func(ctx context.Context, c rueidis.Client) []rueidis.RedisResult {
		return []rueidis.RedisResult{sc.lua.Exec(ctx, c, keys, args)}
	})
	if err != nil {
		return nil, err
	}
	return results[0].ToArray()
}

// ask makes a call, and repeats it if its connection turned out to be dead and
// executing it twice does no harm. A purge is not repeated: its caller must
// find out whether the first one was made.
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
