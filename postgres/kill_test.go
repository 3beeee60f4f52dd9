// Killed at any instant, with other processes running: whole records, and no
// purge lost.

package postgres_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

const (
	// The test binary runs itself as another process with a role in this
	// variable and a location as its last argument.
	roleVariable = "GORGON_POSTGRES_ROLE"

	// killsVariable is how many times to kill; default 20.
	killsVariable = "GORGON_POSTGRES_KILLS"

	killTTL = 300 * time.Millisecond // of the leases of killed processes
)

func child(location string) int {
	s, err := postgres.Open(context.Background(), location, postgres.Options{})
	if err == nil {
		err = writeForEver(s, os.Getenv(roleVariable))
	}
	fmt.Println("error", err)
	return 1
}

// selfMade returns data that shows whether it is whole.
func selfMade(n int) []byte {
	b := make([]byte, 64+n%(40<<10))
	for i := range b {
		b[i] = byte(n + i)
	}
	binary.LittleEndian.PutUint32(b, crc32.ChecksumIEEE(b[4:]))
	return b
}

func isSelfMade(b []byte) bool {
	return len(b) >= 64 && binary.LittleEndian.Uint32(b) == crc32.ChecksumIEEE(b[4:])
}

// writeForEver writes records, purges and leases as fast as it can, and reports
// each purge and lease once it has it.
func writeForEver(s *postgres.Store, role string) error {
	ctx := context.Background()
	for n := rand.IntN(1 << 20); ; n++ {
		k, tag := key(strconv.Itoa(n%50)), pages.TagSubject(strconv.Itoa(n%7))
		e, err := s.Epochs(ctx, tag)
		if err != nil {
			return err
		}
		err = s.Put(ctx, pages.Record{Key: k, Data: selfMade(n)}, pages.Fence{Epoch: e.Sequence})
		if err != nil && !errors.Is(err, pages.ErrFenced) {
			return err
		}
		if n%5 == 0 {
			seq, err := s.Bump(ctx, pages.Expire, tag)
			if err != nil {
				return err
			}
			if seq <= e.Sequence {
				return fmt.Errorf("purge %d came after %d", seq, e.Sequence)
			}
			fmt.Println("purge", seq, n%7)
		}
		if n%3 == 0 {
			l, err := s.Lease(ctx, key("lease "+role), claim(), killTTL)
			if err != nil && !errors.Is(err, pages.ErrHeld) {
				return err
			}
			fmt.Println("lease", l.Token, 0)
			if n%2 == 0 && err == nil {
				if err := s.Release(ctx, l); err != nil {
					return err
				}
			}
		}
	}
}

// told is what the processes reported, checked as it arrives.
type told struct {
	mu     sync.Mutex
	purged [7]uint64       // of each tag, the last one
	all    map[uint64]bool // every purge
	last   uint64
	wrong  []string
}

// hear reads what one process reports until it ends, and calls began at its
// first report. It returns the last reported token.
func (w *told) hear(out io.Reader, began func()) (token uint64) {
	var sequence uint64 // of this process
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var what string
		var number uint64
		var of int
		n, _ := fmt.Sscan(lines.Text(), &what, &number, &of)
		w.mu.Lock()
		switch {
		case n < 3 && what == "error":
			w.wrong = append(w.wrong, lines.Text())
		case n < 3: // cut off
		case what == "lease":
			if number < token {
				w.wrong = append(w.wrong, fmt.Sprintf("token %d came after %d", number, token))
			}
			token = number
		case w.all[number] || number <= sequence:
			w.wrong = append(w.wrong, fmt.Sprintf("purge %d came twice, or after %d", number, sequence))
		default:
			w.all[number], sequence = true, number
			w.purged[of], w.last = max(w.purged[of], number), max(w.last, number)
		}
		w.mu.Unlock()
		if began != nil {
			began()
			began = nil
		}
	}
	return token
}

func start(t *testing.T, role, location string) (*exec.Cmd, io.Reader) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], location)
	c.Env = append(os.Environ(), roleVariable+"="+role)
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return c, out
}

func TestKilled(t *testing.T) {
	t.Parallel()
	kills := 20
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = n
	} else if testing.Short() {
		kills = 5
	}
	s, location := newStore(t, postgres.Options{})
	w := &told{all: map[uint64]bool{}}
	var steady []*exec.Cmd
	var work sync.WaitGroup
	for _, role := range []string{"one", "two"} {
		c, out := start(t, role, location)
		steady = append(steady, c)
		work.Go(func() { w.hear(out, nil) })
	}
	var known uint64 // the sequence as it was found before
	for kill := range kills {
		c, out := start(t, "killed", location)
		token := w.hear(out, func() { // it runs: kill it at a random moment soon
			time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, func() { _ = c.Process.Kill() })
		})
		_ = c.Wait() // it was killed
		died := time.Now()
		known = checkKilled(t, s, w, known)
		// Its leases expire in time.
		for l, err := s.Lease(t.Context(), key("lease killed"), claim(), time.Microsecond); ; l, err = s.Lease(t.Context(), key("lease killed"), claim(), time.Microsecond) {
			if err == nil {
				if l.Token <= token {
					t.Errorf("after token %d comes %d", token, l.Token)
				}
				break
			}
			if !errors.Is(err, pages.ErrHeld) || time.Since(died) > killTTL+5*time.Second {
				t.Fatalf("kill %d: after %v the lease of the killed gives %+v, %v", kill, time.Since(died), l, err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if t.Failed() {
			t.Fatalf("after kill %d of %d", kill, kills)
		}
	}
	for _, c := range steady {
		_ = c.Process.Kill()
	}
	work.Wait()
	for _, c := range steady {
		_ = c.Wait()
	}
	checkKilled(t, s, w, known)
	t.Logf("%d kills, %d purges", kills, w.last)
}

// checkKilled reads all records and the purges, and returns the sequence.
func checkKilled(t *testing.T, s *postgres.Store, w *told, known uint64) uint64 {
	t.Helper()
	w.mu.Lock()
	purged, last, wrong := w.purged, w.last, w.wrong
	w.mu.Unlock()
	for _, text := range wrong {
		t.Error(text)
	}
	for n := range 50 {
		r, err := s.Get(t.Context(), key(strconv.Itoa(n)))
		if !errors.Is(err, pages.ErrNotFound) && (err != nil || !isSelfMade(r.Data)) {
			t.Errorf("record %d is torn: %d bytes, %v", n, len(r.Data), err)
		}
	}
	var subjects []string
	for tag := range purged {
		subjects = append(subjects, pages.TagSubject(strconv.Itoa(tag)))
	}
	e, err := s.Epochs(t.Context(), subjects...)
	if err != nil || e.Sequence < max(last, known) {
		t.Errorf("the sequence is %d after %d, %v", e.Sequence, max(last, known), err)
		return known
	}
	for tag, n := range purged {
		if m := e.Marks[tag]; m.Sequence < n || m.Expired < n {
			t.Errorf("tag %d was purged at %d, but its mark is %+v", tag, n, m)
		}
	}
	return e.Sequence
}
