// A password is the one that was hashed, or it is not; and a flood of them takes
// neither memory nor cores.

package password_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/auth/password"
)

// cheap is for tests: a hash takes 64 KiB and one pass.
var cheap = &password.Hasher{Costs: password.Costs{Memory: 64, Passes: 1}, Workers: 2}

func TestCheck(t *testing.T) {
	hash, err := cheap.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := cheap.Hash(t.Context(), "correct horse")
	if hash == again {
		t.Error("two hashes of a password are equal")
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("the hash is %s", hash)
	}
	if err := cheap.Check(t.Context(), hash, "correct horse"); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{"", "correct hors", "correct horse ", "Correct horse", strings.Repeat("x", password.MaxLength+1)} {
		if err := cheap.Check(t.Context(), hash, wrong); !errors.Is(err, password.ErrWrong) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := cheap.Check(t.Context(), "", "correct horse"); !errors.Is(err, password.ErrWrong) {
		t.Errorf("of no user: %v", err)
	}
	if _, err := cheap.Hash(t.Context(), strings.Repeat("x", password.MaxLength+1)); err == nil {
		t.Error("a password that is too long was hashed")
	}
}

// A hash of another program, with other costs, can be checked; one that demands
// too much is refused before anything is spent, and is not shown.
func TestHashesOfOthers(t *testing.T) {
	other := &password.Hasher{Costs: password.Costs{Memory: 128, Passes: 3}}
	hash, err := other.Hash(t.Context(), "secret")
	if err != nil {
		t.Fatal(err)
	}
	if err := cheap.Check(t.Context(), hash, "secret"); err != nil {
		t.Error(err)
	}
	if cheap.Outdated(hash) || !new(password.Hasher).Outdated(hash) || !cheap.Outdated("") {
		t.Error("which hashes are outdated is wrong")
	}
	for _, bad := range []string{
		"x", "$2a$10$abcdefghijklmnopqrstuv", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=4000000000,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AA", "$argon2id$v=18$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA",
	} {
		err := cheap.Check(t.Context(), bad, "secret")
		if err == nil || errors.Is(err, password.ErrWrong) || strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// Of many callers at once as many hash as there are workers, as many wait as
// may, and the others are refused at once.
func TestFlood(t *testing.T) {
	h := &password.Hasher{Costs: password.Costs{Memory: 8 << 10, Passes: 1}, Workers: 1, Waiting: 4}
	hash, err := h.Hash(t.Context(), "secret")
	if err != nil {
		t.Fatal(err)
	}
	var right, refused, other atomic.Int64
	var all sync.WaitGroup
	ready := make(chan struct{})
	for range 200 {
		all.Go(func() {
			<-ready
			err := h.Check(t.Context(), hash, "secret")
			e, ok := errors.AsType[*gorgon.Error](err)
			switch {
			case err == nil:
				right.Add(1)
			case ok && e.Kind == gorgon.KindUnavailable && e.RetryAfter > 0:
				refused.Add(1)
			default:
				other.Add(1)
			}
		})
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	close(ready)
	all.Wait()
	runtime.ReadMemStats(&after)
	if right.Load() < 1 || refused.Load() < 1 || other.Load() != 0 {
		t.Errorf("%d right, %d refused, %d others", right.Load(), refused.Load(), other.Load())
	}
	if err := h.Check(t.Context(), hash, "secret"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	t.Logf("200 at once: %d checked, %d refused, %d MiB of memory from the system more", right.Load(), refused.Load(), (after.Sys-before.Sys)>>20)
}

func TestWaitingEnds(t *testing.T) {
	h := &password.Hasher{Costs: password.Costs{Memory: 64, Passes: 1}, Workers: 1}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // a turn that is free is taken, whatever the context says
		if err := h.Check(ctx, "", "x"); err != nil && !errors.Is(err, password.ErrWrong) && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

func Example() {
	h := &password.Hasher{Costs: password.Costs{Memory: 64, Passes: 1}} // the default costs more, and is what an app uses
	hash, err := h.Hash(context.Background(), "correct horse battery staple")
	if err != nil {
		panic(err)
	}
	fmt.Println(h.Check(context.Background(), hash, "correct horse battery staple"))
	fmt.Println(h.Check(context.Background(), hash, "hunter2"))
	// Output:
	// <nil>
	// the password is wrong
}

func BenchmarkHash(b *testing.B) {
	h := new(password.Hasher)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "correct horse"); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA", "x")
	f.Fuzz(func(t *testing.T, hash, typed string) {
		if len(hash) > 200 || strings.Contains(hash, "m=") && !strings.Contains(hash, "m=64,t=1,") {
			return // it may take a while, and is allowed to
		}
		if err := cheap.Check(t.Context(), hash, typed); err == nil && hash == "" {
			t.Error("no hash was right")
		}
	})
}
