// The laws.

package oncetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/once"
)

var errWork = errors.New("the work failed")

func laws() []law {
	return []law{
		{"a call that is sent again has the answer of the first, from any process", again},
		{"an answer is the same byte by byte, and a change of it changes a copy", bytesAlike},
		{"an empty answer is one", empty},
		{"calls with other IDs are others", others},
		{"a call with another input is refused, and changes nothing", otherInput},
		{"of calls at the same time, the work of one is done, and all have its answer", race},
		{"a call that does not wait is told that the first is running", running},
		{"a wait ends with its context", waitEnds},
		{"one that waited for a call that failed does the work", waitedForFailure},
		{"work that fails leaves nothing, and may be done again", failure},
		{"work that panics leaves nothing, and may be done again", panicked},
		{"work that fails is not done twice by itself", onceOnly},
		{"work whose time is over counts if it does not fail", late},
		{"after Keep, a call is a new one", forgotten},
		{"whether a call comes within Keep is decided when it comes, and not after it waited", cameInTime},
		{"an answer that is too large is refused, and changes nothing", large},
		{"calls whose time is over are removed", swept},
	}
}

func again(e *env) error {
	return first(
		func() error { return e.gives(0, call("a"), "one", "one", false) },
		func() error { return e.gives(0, call("a"), "two", "one", true) },
		func() error { return e.gives(1, call("a"), "three", "one", true) },
		func() error { return e.holds("one") },
	)
}

func bytesAlike(e *env) error {
	var all []byte
	for b := range 256 {
		all = append(all, byte(b))
	}
	given := string(all)
	for i := range 3 {
		answer, _, err := e.Ledgers[i%2].Do(e.ctx, call("a"), func(context.Context) ([]byte, error) { return all, nil })
		if err != nil || string(answer) != given {
			return fmt.Errorf("answer %d is %q, %w", i, answer, err)
		}
		clear(answer)
	}
	return nil
}

func empty(e *env) error {
	for i, given := range [][]byte{nil, {}} {
		for n := range 2 {
			answer, replayed, err := e.Ledgers[n].Do(e.ctx, call(fmt.Sprint(i)), func(context.Context) ([]byte, error) { return given, nil })
			if err != nil || len(answer) > 0 || replayed != (n == 1) {
				return fmt.Errorf("the call gives %q, replayed %t, %w", answer, replayed, err)
			}
		}
	}
	return nil
}

func others(e *env) error {
	b := call("b")
	b.Input = call("a").Input
	return first(
		func() error { return e.gives(0, call("a"), "one", "one", false) },
		func() error { return e.gives(0, b, "two", "two", false) },
		func() error { return e.gives(1, b, "three", "two", true) },
		func() error { return e.holds("one", "two") },
	)
}

func otherInput(e *env) error {
	if err := e.gives(0, call("a"), "one", "one", false); err != nil {
		return err
	}
	other := call("a")
	other.Input[31]++
	for ledger := range 2 {
		if answer, _, err := e.do(ledger, other, "two"); !errors.Is(err, once.ErrOther) || answer != "" {
			return fmt.Errorf("the call gives %q, %w", answer, err)
		}
	}
	return first(func() error { return e.holds("one") }, func() error { return e.gives(0, call("a"), "three", "one", true) })
}

func race(e *env) error {
	var want []string
	for round, n := range []int{2, 3, 10, 50} {
		name := fmt.Sprint("round ", round)
		answers, fresh := make([]string, n), make([]bool, n)
		var all sync.WaitGroup
		faults := make([]error, n)
		asked := e.Asked()
		for i := range n {
			all.Go(func() {
				answer, replayed, err := e.Ledgers[i%len(e.Ledgers)].Do(e.ctx, call(name), func(ctx context.Context) ([]byte, error) {
					e.come(asked + int64(n)) // all of them
					note := fmt.Sprint(name, " note ", i)
					return []byte(note), e.Write(ctx, note)
				})
				answers[i], fresh[i], faults[i] = string(answer), !replayed, err
			})
		}
		all.Wait()
		if err := errors.Join(faults...); err != nil {
			return err
		}
		news := 0
		for i, answer := range answers {
			if answer != answers[0] {
				return fmt.Errorf("one call has the answer %q, another %q", answers[0], answer)
			}
			if fresh[i] {
				news++
			}
		}
		if news != 1 {
			return fmt.Errorf("of %d calls, %d were not replayed", n, news)
		}
		want = append(want, answers[0])
		if err := e.holds(want...); err != nil {
			return err
		}
	}
	return nil
}

// held does a call on the first ledger whose work waits until it is let go.
func (e *env) held(c once.Call, result error) (let func() error) {
	began, end, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		_, _, err := e.Ledgers[0].Do(e.ctx, c, func(ctx context.Context) ([]byte, error) {
			close(began)
			<-end
			return []byte("held"), errors.Join(result, e.Write(ctx, "held"))
		})
		done <- err
	}()
	select {
	case <-began:
	case err := <-done:
		return func() error { return fmt.Errorf("the call has ended without its work: %w", err) }
	}
	var release sync.Once
	return func() error {
		release.Do(func() { close(end) })
		if err := <-done; result == nil && err != nil || !errors.Is(err, result) {
			return fmt.Errorf("the work was done with %w", err)
		}
		return nil
	}
}

func running(e *env) error {
	let := e.held(call("a"), nil)
	hasty := call("a")
	hasty.Wait = false
	_, _, err := e.do(0, hasty, "two")
	if released := let(); !errors.Is(err, once.ErrRunning) || released != nil {
		return fmt.Errorf("while the first is running, the call gives %w, and the first %w", err, released)
	}
	return first(func() error { return e.gives(1, hasty, "three", "held", true) }, func() error { return e.holds("held") })
}

func waitEnds(e *env) error {
	let := e.held(call("a"), nil)
	ctx, cancel := context.WithCancel(e.ctx)
	asked, done := e.Asked(), make(chan error, 1)
	go func() {
		_, _, err := e.Ledgers[0].Do(ctx, call("a"), func(context.Context) ([]byte, error) { return nil, errors.New("it did the work") })
		done <- err
	}()
	e.come(asked + 1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the wait ends with %w", err)
	}
	return first(let, func() error { return e.holds("held") })
}

// come waits until the clock has been asked so often.
func (e *env) come(n int64) {
	for e.Asked() < n && e.ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
}

func waitedForFailure(e *env) error {
	let := e.held(call("a"), errWork)
	asked, done := e.Asked(), make(chan error, 2)
	for ledger := range 2 {
		go func() { _, _, err := e.do(ledger, call("a"), "next"); done <- err }()
	}
	e.come(asked + 2)
	return first(let, func() error { return errors.Join(<-done, <-done) }, func() error { return e.holds("next") })
}

func failure(e *env) error {
	answer, replayed, err := e.Ledgers[0].Do(e.ctx, call("a"), func(ctx context.Context) ([]byte, error) {
		return []byte("answer"), errors.Join(e.Write(ctx, "lost"), errWork)
	})
	if !errors.Is(err, errWork) || replayed || len(answer) > 0 {
		return fmt.Errorf("the call gives %q, replayed %t, %w", answer, replayed, err)
	}
	return first(
		func() error { return e.holds() },
		func() error { return e.gives(1, call("a"), "one", "one", false) },
		func() error { return e.holds("one") },
	)
}

func panicked(e *env) error {
	func() {
		defer func() { _ = recover() }()
		_, _, _ = e.Ledgers[0].Do(e.ctx, call("a"), func(ctx context.Context) ([]byte, error) {
			_ = e.Write(ctx, "lost")
			panic("the work")
		})
	}()
	return first(
		func() error { return e.holds() },
		func() error { return e.gives(0, call("a"), "one", "one", false) },
		func() error { return e.gives(1, call("a"), "two", "one", true) },
	)
}

func onceOnly(e *env) error {
	n := 0
	_, _, err := e.Ledgers[0].Do(e.ctx, call("a"), func(context.Context) ([]byte, error) { n++; return nil, errWork })
	if n != 1 || !errors.Is(err, errWork) {
		return fmt.Errorf("the work was done %d times, %w", n, err)
	}
	return nil
}

func late(e *env) error {
	ctx, cancel := context.WithCancel(e.ctx)
	_, _, err := e.Ledgers[0].Do(ctx, call("a"), func(ctx context.Context) ([]byte, error) {
		err := e.Write(ctx, "one")
		cancel()
		return []byte("one"), err
	})
	if err != nil {
		return err
	}
	return first(func() error { return e.holds("one") }, func() error { return e.gives(1, call("a"), "two", "one", true) })
}

func forgotten(e *env) error {
	for _, keep := range []time.Duration{24 * time.Hour, 10 * time.Second} {
		c := call(keep.String())
		c.Keep = keep
		err := first(
			func() error { return e.gives(0, c, "one", "one", false) },
			func() error { e.Pass(keep - time.Millisecond); return e.gives(1, c, "two", "one", true) },
			func() error { e.Pass(time.Millisecond); return e.gives(1, c, "three", "three", false) },
			func() error { e.Pass(keep - time.Millisecond); return e.gives(0, c, "four", "three", true) },
		)
		if err != nil {
			return err
		}
	}
	return e.holds("one", "three", "one", "three")
}

func cameInTime(e *env) error {
	c := call("a")
	c.Keep = 10 * time.Second
	let := e.held(c, nil)
	type given struct {
		answer   string
		replayed bool
		err      error
	}
	done := make(chan given, 2)
	asked := e.Asked()
	for ledger := range 2 {
		go func() {
			answer, replayed, err := e.do(ledger, c, "another")
			done <- given{answer, replayed, err}
		}()
	}
	e.come(asked + 2)
	e.Pass(time.Minute)
	if err := let(); err != nil {
		return err
	}
	for range 2 {
		if got := <-done; got != (given{"held", true, nil}) {
			return fmt.Errorf("the call gives %q, replayed %t, %w", got.answer, got.replayed, got.err)
		}
	}
	return e.holds("held")
}

func large(e *env) error {
	answer := strings.Repeat("x", once.MaxAnswer)
	do := func(name, answer string) error {
		_, _, err := e.Ledgers[0].Do(e.ctx, call(name), func(ctx context.Context) ([]byte, error) { return []byte(answer), e.Write(ctx, name) })
		return err
	}
	if err := do("a", answer+"x"); !errors.Is(err, once.ErrLarge) {
		return fmt.Errorf("the call gives %w", err)
	}
	return first(
		func() error { return e.holds() },
		func() error { return do("b", answer) },
		func() error { return e.gives(1, call("b"), "c", answer, true) },
		func() error { return e.holds("b") },
	)
}

func swept(e *env) error {
	const calls = 40
	for i := range calls {
		if _, _, err := e.do(i, call(fmt.Sprint("old ", i)), "old"); err != nil {
			return err
		}
	}
	e.Pass(48 * time.Hour)
	for i := range calls {
		if _, _, err := e.do(i, call(fmt.Sprint("new ", i)), "new"); err != nil {
			return err
		}
	}
	if n, err := e.Kept(); err != nil || n != calls {
		return fmt.Errorf("%d calls are kept, %w; %d are known", n, err, calls)
	}
	return e.gives(0, call("new 0"), "again", "new", true)
}
