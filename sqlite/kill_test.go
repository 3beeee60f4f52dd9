// Processes that share a file, and are killed at any instant.

package sqlite_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sqlite"
)

// The test binary runs itself as another process with a role in this variable
// and a file as its last argument.
const roleVariable = "GORGON_SQLITE_ROLE"

// killsVariable is how many times to kill; default 20.
const killsVariable = "GORGON_SQLITE_KILLS"

// leaseTime is the duration of the processes' leases.
const leaseTime = 100 * time.Millisecond

func child(role, path string) int {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err == nil {
		switch role {
		case "open":
			_, err = s.Bump(ctx, pages.Stale, pages.All)
			err = errors.Join(err, s.Close())
		case "write":
			err = writeForEver(ctx, s)
		case "serve":
			err = serve(ctx, s)
		case "lock":
			err = lockForEver(path)
		}
	}
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	return 0
}

func command(tb testing.TB, role, path string) *exec.Cmd {
	c := exec.CommandContext(tb.Context(), os.Args[0], path)
	c.Env = append(os.Environ(), roleVariable+"="+role)
	c.Stderr = os.Stderr
	return c
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
// each purge once it has returned.
func writeForEver(ctx context.Context, s *sqlite.Store) error {
	for n := rand.IntN(1 << 20); ; n++ {
		k := key(strconv.Itoa(n % 50))
		if err := s.Put(ctx, pages.Record{Key: k, Data: selfMade(n)}, pages.Unfenced); err != nil {
			return err
		}
		if n%10 == 0 {
			seq, err := s.Bump(ctx, pages.Expire, pages.TagSubject(strconv.Itoa(n%7)))
			if err != nil {
				return err
			}
			fmt.Println("purge", seq, n%7)
		}
		if n%5 == 0 {
			l, err := s.Lease(ctx, key(fmt.Sprint("lease ", n%3)), claim(), leaseTime)
			if errors.Is(err, pages.ErrHeld) {
				continue
			}
			if err != nil {
				return err
			}
			fmt.Println("lease", l.Token, n%3)
		}
	}
}

// heard is what processes reported, which must not be undone.
type heard struct {
	mu     sync.Mutex
	purged [7]uint64       // of each tag
	seen   map[uint64]bool // purges reported
	tokens map[uint64]bool
	last   uint64
}

// listen reads what a process reports until it ends.
func (h *heard) listen(lines *bufio.Scanner, began func()) error {
	var purge, token uint64 // the last one that this process reported
	for lines.Scan() {
		began()
		var what string
		var number uint64
		var of int
		if n, _ := fmt.Sscan(lines.Text(), &what, &number, &of); n < 3 {
			if strings.HasPrefix(what, "error") {
				return errors.New(lines.Text())
			}
			continue // cut off
		}
		h.mu.Lock()
		switch {
		case what == "purge" && (number <= purge || h.seen[number]):
			defer h.mu.Unlock()
			return fmt.Errorf("purge %d came again, or after %d", number, purge)
		case what == "lease" && (number <= token || h.tokens[number]):
			defer h.mu.Unlock()
			return fmt.Errorf("token %d came again, or after %d", number, token)
		case what == "purge":
			purge, h.seen[number], h.last = number, true, max(h.last, number)
			h.purged[of] = max(h.purged[of], number)
		default:
			token, h.tokens[number] = number, true
		}
		h.mu.Unlock()
	}
	return nil
}

// Two processes write and purge all the time. A third one does too, and is
// killed again and again.
func TestKilled(t *testing.T) {
	kills := 20
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = n
	} else if testing.Short() {
		kills = 5
	}
	path := newPath(t)
	watcher := open(t, path, sqlite.Options{})
	h := &heard{seen: make(map[uint64]bool), tokens: make(map[uint64]bool)}
	run := func() (kill func(), wait func(began func()) error) {
		c := command(t, "write", path)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return func() { _ = c.Process.Kill() }, func(began func()) error {
			err := h.listen(bufio.NewScanner(out), began)
			_ = c.Process.Kill()
			_ = c.Wait()
			return err
		}
	}
	var others sync.WaitGroup
	var end []func()
	for range 2 {
		kill, wait := run()
		end = append(end, kill)
		others.Go(func() {
			if err := wait(func() {}); err != nil {
				t.Error(err)
			}
		})
	}
	for n := range kills {
		kill, wait := run()
		var once sync.Once
		err := wait(func() { // it runs: kill it at a random moment soon
			once.Do(func() { time.AfterFunc(time.Duration(rand.IntN(40_000))*time.Microsecond, kill) })
		})
		if err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		last, purged := h.last, h.purged
		h.mu.Unlock()
		fresh := open(t, path, sqlite.Options{})
		for _, s := range []*sqlite.Store{watcher, fresh} {
			checkKilled(t, s, last, purged)
		}
		if err := fresh.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Errorf("after kill %d of %d", n+1, kills)
			break
		}
	}
	for _, kill := range end {
		kill()
	}
	others.Wait()
	// All processes are dead: their leases expire, and not later than they
	// said.
	time.Sleep(leaseTime)
	for n := range 3 {
		if _, err := watcher.Lease(t.Context(), key(fmt.Sprint("lease ", n)), claim(), time.Second); err != nil {
			t.Errorf("lease %d of the dead: %v", n, err)
		}
	}
	checkKilled(t, watcher, h.last, h.purged)
	e, err := watcher.Epochs(t.Context())
	if err != nil || e.Sequence > h.last+3+uint64(kills) {
		t.Errorf("purge %d was the last one reported, but the sequence is %d, %v", h.last, e.Sequence, err)
	}
	t.Logf("%d kills, %d purges, %d leases", kills, len(h.seen), len(h.tokens))
}

// checkKilled reads all records and the purges.
func checkKilled(t *testing.T, s *sqlite.Store, last uint64, purged [7]uint64) {
	t.Helper()
	for n := range 50 {
		r, err := s.Get(t.Context(), key(strconv.Itoa(n)))
		if errors.Is(err, pages.ErrNotFound) {
			continue
		}
		if err != nil || !isSelfMade(r.Data) {
			t.Errorf("record %d is torn: %d bytes, %v", n, len(r.Data), err)
		}
	}
	for tag, n := range purged {
		e, err := s.Epochs(t.Context(), pages.TagSubject(strconv.Itoa(tag)))
		if err != nil || e.Sequence < last || e.Marks[0].Sequence < n || e.Marks[0].Expired < n {
			t.Errorf("tag %d was purged at %d, the last purge was %d, but epochs say %+v, %v", tag, n, last, e, err)
		}
	}
}

// Ten processes that create the same file at once each find it created.
func TestTenOpenAtOnce(t *testing.T) {
	path := newPath(t)
	var all []*exec.Cmd
	for range 10 {
		c := command(t, "open", path)
		c.Stdout = os.Stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	if n := bump(t, open(t, path, sqlite.Options{}), pages.All); n != 11 {
		t.Errorf("after ten purges came number %d", n)
	}
}
