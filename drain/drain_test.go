// The laws of a drainer, one by one.

package drain_test

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/drain"
	"github.com/gorgon-go/gorgon/pages"
)

// A change is purged after it was seen, and removed after all instances know.
func TestOrder(t *testing.T) {
	onBench(t, func(b *bench) {
		b.CatchUp()
		b.desk.set(func(d *desk) { d.steps = nil })
		b.shelf.set(func(s *shelf) { s.late = 50 * time.Millisecond })
		b.commits("a").Wait(b.Context())
		b.want("before instances know", b.left(), 1)
		time.Sleep(400 * time.Millisecond)
		b.want("afterwards", b.left(), 0)
		b.desk.mu.Lock()
		defer b.desk.mu.Unlock()
		first := func(step string) int { return slices.Index(b.desk.steps, step) }
		if !(0 <= first("look") && first("look") < first("purge") && first("purge") < first("known") && first("known") < first("remove")) {
			t.Errorf("the order was %q", b.desk.steps)
		}
	})
}

// A response that waited has the number of a purge that its commit came before:
// no older copy is good, and one that is made now is.
func TestToken(t *testing.T) {
	onBench(t, func(b *bench) {
		older := b.copyOf("a")
		other := b.copyOf("b")
		token := b.commits("a").Wait(b.Context())
		if token == 0 || token > b.shelf.Sequence() || token <= older.Epoch {
			t.Errorf("the token is %d of %d", token, b.shelf.Sequence())
		}
		for want, c := range map[coherence.Verdict]*coherence.Copy{coherence.Stale: older, coherence.Good: other} {
			v, _ := b.in.Judge(c)
			b.want("verdict", v, want)
		}
		v, _ := b.in.Judge(b.copyOf("a"))
		b.want("verdict of a new copy", v, coherence.Good)
	})
}

// What another process has purged first counts for the process that committed.
func TestTokenOfOthers(t *testing.T) {
	onBench(t, func(b *bench) {
		c := newBench(b.T, b.db, b.shelf.full)
		defer c.in.Close()
		older := b.copyOf("a")
		b.writes("a").commit()
		c.CatchUp()
		time.Sleep(200 * time.Millisecond)
		b.want("left by the other process", b.left(), 0)
		waited := new(dataflow.Commits)
		b.desk.committed(dataflow.WithCommits(b.Context(), waited))
		token := waited.Wait(b.Context())
		b.want("token", token, b.shelf.Sequence())
		v, _ := b.in.Judge(older)
		b.want("verdict", v, coherence.Stale)
	})
}

// Commits that come together share looks and purges, and each has its token.
func TestTogether(t *testing.T) {
	onBench(t, func(b *bench) {
		b.CatchUp()
		looks, bumps := b.desk.lookCount(), b.shelf.bumpCount()
		var waits []*dataflow.Commits
		for range 100 {
			waits = append(waits, b.commits("a"))
		}
		for _, c := range waits {
			if c.Wait(b.Context()) == 0 {
				t.Error("a commit has no token")
			}
		}
		if l, p := b.desk.lookCount()-looks, b.shelf.bumpCount()-bumps; l > 3 || p > 2 {
			t.Errorf("100 commits made %d looks and %d purges", l, p)
		}
	})
}

// A record that two callers wait for keeps both until the purge.
func TestWaitTogether(t *testing.T) {
	onBench(t, func(b *bench) {
		c := b.commits("a")
		tokens := make(chan uint64, 2)
		for range 2 {
			go func() { tokens <- c.Wait(b.Context()) }()
		}
		if first, second := <-tokens, <-tokens; first != second || first == 0 {
			t.Errorf("the tokens are %d and %d", first, second)
		}
	})
}

// A change that is younger than a moment is left to the process that committed
// it, and taken from one that was killed. What is certain is trusted all the same.
func TestYoung(t *testing.T) {
	onBench(t, func(b *bench) {
		b.CatchUp()
		bumps := b.shelf.bumpCount()
		b.Current(b.now())
		time.Sleep(450 * time.Millisecond)
		b.writes("a").commit() // and the process is killed
		time.Sleep(150 * time.Millisecond)
		b.want("purges of a young change", b.shelf.bumpCount()-bumps, 0)
		b.Current(b.now())
		time.Sleep(450 * time.Millisecond)
		b.want("purges of one that is left", b.shelf.bumpCount()-bumps, 1)
	})
	onBench(t, func(b *bench) { // there is always a young one
		b.CatchUp()
		for range 200 {
			tx := b.writes("a")
			tx.commit()
			time.Sleep(50 * time.Millisecond)
			if !b.Current(b.now()) {
				t.Fatal("the instance is not current while another one commits")
			}
			for _, c := range b.db.look() { // as the one that committed does
				if c.Age > 100*time.Millisecond {
					b.db.remove([]dataflow.Change{c})
				}
			}
		}
	})
}

// An instance that is used looks often enough to stay current, and notices what
// another program commits within a second; one that is not used looks rarely.
func TestPoll(t *testing.T) {
	onBench(t, func(b *bench) {
		b.CatchUp()
		for n := range 300 {
			if !b.Current(b.now()) {
				t.Fatalf("the instance is not current at %d", n)
			}
			if n%10 == 0 {
				c := b.copyOf("a")
				b.writes("a").commit()
				began := time.Now()
				for b.in.Holds(c, b.now()) {
					time.Sleep(time.Millisecond)
				}
				if took := time.Since(began); took > 900*time.Millisecond {
					t.Fatalf("a commit is noticed after %v", took)
				}
			}
			time.Sleep(37 * time.Millisecond)
		}
		looks := b.desk.lookCount()
		time.Sleep(time.Minute)
		if n := b.desk.lookCount() - looks; n > 8 {
			t.Errorf("an idle instance looked %d times in a minute", n)
		}
	})
}

// Trust ends two seconds after the last look, by either clock; an instance that
// wakes looks before it answers.
func TestTrust(t *testing.T) {
	onBench(t, func(b *bench) {
		b.want("current before the first look", b.Current(b.now()), false)
		b.CatchUp()
		b.want("current", b.Current(b.now()), true)
		b.desk.set(func(d *desk) { d.hangs = true })
		time.Sleep(pages.Trust - 10*time.Millisecond)
		b.want("current within two seconds", b.Current(b.now()), true)
		time.Sleep(20 * time.Millisecond)
		b.want("current after two seconds", b.Current(b.now()), false)
	})
	onBench(t, func(b *bench) { // it was asleep for a minute
		b.CatchUp()
		c := b.copyOf("a")
		b.writes("a").commit()
		b.mu.Lock()
		b.clock = time.Minute
		b.mu.Unlock()
		b.want("current when it wakes", b.Current(b.now()), false)
		b.want("the copy holds when it wakes", b.in.Holds(c, b.now()), false)
		b.want("unfed", b.in.CatchUp(0).Unfed, false)
		v, _ := b.in.Judge(c)
		b.want("verdict after it looked", v, coherence.Stale)
		b.want("current", b.Current(b.now()), true)
	})
}

// While the database does not answer, an instance is not current, and no caller
// waits; it recovers by itself.
func TestDatabaseDown(t *testing.T) {
	for name, fails := range map[string]func(*desk){
		"fails": func(d *desk) { d.down = errDown },
		"hangs": func(d *desk) { d.hangs = true },
	} {
		t.Run(name, func(t *testing.T) {
			onBench(t, func(b *bench) {
				b.CatchUp()
				b.desk.set(fails)
				time.Sleep(5 * time.Second)
				const callers = 50
				waits := make(chan time.Duration, callers)
				for range callers {
					go func() {
						began := time.Now()
						if b.CatchUp() {
							t.Error("it could catch up")
						}
						waits <- time.Since(began)
					}()
				}
				most := time.Duration(0)
				for range callers {
					most = max(most, <-waits)
				}
				if most > 4100*time.Millisecond {
					t.Errorf("a caller waited %v", most)
				}
				b.want("current", b.Current(b.now()), false)
				b.want("broken", b.Outlook().Broken, true)
				began := time.Now()
				b.CatchUp()
				b.want("the next caller waits", time.Since(began), time.Duration(0))
				c := b.copyOf("a")
				b.writes("a").commit()
				b.desk.set(func(d *desk) { d.down, d.hangs = nil, false })
				time.Sleep(4 * time.Second)
				b.want("broken", b.Outlook().Broken, false)
				v, _ := b.in.Judge(c)
				b.want("verdict", v, coherence.Stale)
				b.want("left", b.left(), 0)
				b.want("caught up", b.CatchUp(), true)
			})
		})
	}
}

// While the store does not record purges they hold here, once each; they are
// recorded when it does. No caller waits for it again and again.
func TestStoreDown(t *testing.T) {
	for name, fails := range map[string]func(*shelf){
		"fails": func(s *shelf) { s.down = errDown },
		"hangs": func(s *shelf) { s.hangs = true },
	} {
		t.Run(name, func(t *testing.T) {
			onBench(t, func(b *bench) {
				b.CatchUp()
				other := newBench(b.T, b.db, b.shelf.full)
				defer other.in.Close()
				other.desk.set(func(d *desk) { d.down = errDown }) // it learns of purges from the store alone
				b.shelf.set(fails)
				there := other.copyOf("a")
				old := b.copyOf("a")
				b.commits("a").Wait(b.Context())
				v, _ := b.in.Judge(old)
				b.want("verdict here", v, coherence.Stale)
				time.Sleep(time.Millisecond)
				again := b.copyOf("a")
				for range 10 {
					time.Sleep(5 * time.Second)
					v, _ = b.in.Judge(again)
					b.want("verdict of what was made since", v, coherence.Good)
					began := time.Now()
					b.commits("b").Wait(b.Context())
					if took := time.Since(began); took > 100*time.Millisecond {
						t.Errorf("a response waited %v", took)
					}
				}
				if n := b.shelf.bumpCount(); n > 40 {
					t.Errorf("the store was asked %d times", n)
				}
				b.want("left", b.left() > 0, true)
				b.shelf.set(func(s *shelf) { s.down, s.hangs = nil, false })
				time.Sleep(15 * time.Second)
				b.want("left", b.left(), 0)
				other.in.CatchUp(0)
				v, _ = other.in.Judge(there)
				b.want("verdict there", v, coherence.Stale)
				if b.commits("a").Wait(b.Context()) == 0 {
					t.Error("there is no token")
				}
			})
		})
	}
}

// What the database does not remove is purged once, and removed when it does.
func TestRemoveFails(t *testing.T) {
	onBench(t, func(b *bench) {
		b.desk.set(func(d *desk) { d.refuses = errDown })
		b.commits("a").Wait(b.Context())
		bumps := b.shelf.bumpCount()
		for range 60 {
			b.Current(b.now())
			time.Sleep(500 * time.Millisecond)
		}
		b.want("purges", b.shelf.bumpCount(), bumps)
		b.want("left", b.left(), 1)
		b.want("waiting", b.Outlook().Waiting, 1)
		if o := b.Outlook().Oldest; o < 25*time.Second {
			t.Errorf("the oldest is %v old", o)
		}
		b.desk.set(func(d *desk) { d.refuses = nil })
		time.Sleep(10 * time.Second)
		b.want("left", b.left(), 0)
	})
}

// A process is killed between any two steps: the next one purges again, and only
// then is the change gone.
func TestKilled(t *testing.T) {
	kills := map[string]func(*bench){
		"before it looks":        func(b *bench) { b.desk.set(func(d *desk) { d.down = errDown }) },
		"before it purges":       func(b *bench) { b.shelf.set(func(s *shelf) { s.down = errDown }) },
		"before others know":     func(b *bench) { b.shelf.set(func(s *shelf) { s.late = time.Hour }) },
		"before it removes":      func(b *bench) { b.desk.set(func(d *desk) { d.refuses = errDown }) },
		"when it has removed it": func(*bench) {},
	}
	for name, kill := range kills {
		t.Run(name, func(t *testing.T) {
			onBench(t, func(b *bench) {
				other := newBench(b.T, b.db, b.shelf.full)
				defer other.in.Close()
				other.CatchUp()
				c := other.copyOf("a")
				kill(b)
				b.writes("a").commit()
				acked := time.Now()
				b.desk.committed(b.Context())
				time.Sleep(200 * time.Millisecond)
				b.desk.set(func(d *desk) { d.down, d.refuses = errDown, errDown }) // it is gone
				b.shelf.set(func(s *shelf) { s.down = errDown })
				for other.in.Holds(c, other.now()) {
					time.Sleep(10 * time.Millisecond)
					if time.Since(acked) > pages.Trust {
						t.Fatal("an older copy holds after two seconds")
					}
				}
				for range 12 {
					other.CatchUp()
					time.Sleep(time.Second)
				}
				b.want("left", b.left(), 0)
				other.in.CatchUp(0)
				v, _ := other.in.Judge(c)
				b.want("verdict", v, coherence.Stale)
				b.shelf.set(func(s *shelf) { s.late = 0 })
			})
		})
	}
}

// A transaction that is rolled back leaves nothing to purge.
func TestRolledBack(t *testing.T) {
	onBench(t, func(b *bench) {
		b.CatchUp()
		c, bumps := b.copyOf("a"), b.shelf.bumpCount()
		b.writes("a")
		for range 20 {
			b.CatchUp()
			time.Sleep(200 * time.Millisecond)
		}
		b.want("purges", b.shelf.bumpCount(), bumps)
		b.in.CatchUp(0)
		b.want("holds", b.in.Holds(c, b.now()), true)
	})
}

// Close waits for nothing that hangs.
func TestClose(t *testing.T) {
	onBench(t, func(b *bench) {
		b.desk.set(func(d *desk) { d.hangs = true })
		b.shelf.set(func(s *shelf) { s.hangs = true })
		b.commits("a")
		time.Sleep(time.Millisecond)
		began := time.Now()
		b.Drainer.Close()
		b.want("closing took", time.Since(began), time.Duration(0))
	})
}

// A glance finds what is not purged, and leaves it: for its own instance, what was
// made before the commit is out of date, and what was made afterwards is not.
func TestGlance(t *testing.T) {
	onBench(t, func(b *bench) {
		b.CatchUp()
		b.desk.set(func(d *desk) { d.refuses = errDown }) // notes stay
		older := b.copyOf("a")
		time.Sleep(time.Second)
		b.commits("a").Wait(b.Context())
		time.Sleep(time.Second)
		newer, other := b.copyOf("a"), b.copyOf("b")
		bumps := b.shelf.bumpCount()

		in := coherence.Open(b.Context(), coherence.Config{Log: slog.New(slog.DiscardHandler)})
		defer in.Close()
		in.Follow(&drain.Glance{Outbox: b.desk, Instance: in})
		if asked := in.CatchUp(0); asked.Unfed {
			t.Error("it did not look")
		}
		for c, want := range map[*coherence.Copy]coherence.Verdict{older: coherence.Stale, newer: coherence.Good, other: coherence.Good} {
			v, _ := in.Judge(&coherence.Copy{Of: c.Of, Epoch: c.Epoch, MadeAt: c.MadeAt, Fed: true})
			b.want("verdict", v, want)
		}
		b.want("left", b.left(), 1)
		b.want("purges", b.shelf.bumpCount(), bumps)
		b.desk.set(func(d *desk) { d.down = errDown })
		in.Follow(&drain.Glance{Outbox: b.desk, Instance: in})
		b.want("of a database that is away, unknown", in.CatchUp(0).Unfed, true)
	})
}
