//go:build unix

// Several processes, killed at any instant: whole records, and no purge lost.

package redis_test

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
	"github.com/gorgon-go/gorgon/redis"
)

// The test binary runs itself as another process with a role in this variable
// and a location as its last argument.
const roleVariable = "GORGON_REDIS_ROLE"

// killsVariable is how many times to kill; default 20.
const killsVariable = "GORGON_REDIS_KILLS"

func child(role, location string) int {
	s, err := redis.Open(context.Background(), location, redis.Options{})
	if err == nil {
		switch role {
		case "write":
			err = writeForEver(s)
		case "count":
			err = contend(s)
		}
	}
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	return 0
}

func command(t testing.TB, role, location string) *exec.Cmd {
	c := exec.CommandContext(t.Context(), os.Args[0], location)
	c.Env = append(os.Environ(), roleVariable+"="+role)
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
// each purge and lease once it has returned.
func writeForEver(s *redis.Store) error {
	ctx := context.Background()
	for n := rand.IntN(1 << 20); ; n++ {
		if err := s.Put(ctx, pages.Record{Key: key(strconv.Itoa(n % 50)), Data: selfMade(n)}, pages.Unfenced); err != nil {
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
			l, err := s.Lease(ctx, key(fmt.Sprint("lease ", n%3)), claim(), 50*time.Millisecond)
			if err == nil {
				fmt.Println("lease", l.Token, n%3)
			} else if !errors.Is(err, pages.ErrHeld) {
				return err
			}
		}
		if n%100 == 0 {
			if _, err := s.Sweep(ctx, pages.Bounds{PerRoute: 40}); err != nil && !errors.Is(err, pages.ErrHeld) {
				return err
			}
		}
	}
}

// told is what the processes reported.
type told struct {
	mu     sync.Mutex
	purged [7]uint64
	seen   map[uint64]bool
	tokens map[uint64]bool
	last   uint64
	wrong  []string
}

// hear reads what one process reports, which comes in order.
func (h *told) hear(lines *bufio.Scanner, began func()) {
	var last uint64
	for lines.Scan() {
		began()
		var what string
		var number uint64
		var of int
		n, _ := fmt.Sscan(lines.Text(), &what, &number, &of)
		h.mu.Lock()
		switch {
		case strings.HasPrefix(lines.Text(), "error"):
			h.wrong = append(h.wrong, lines.Text())
		case n < 3: // cut off
		case what == "lease" && h.tokens[number]:
			h.wrong = append(h.wrong, fmt.Sprintf("token %d was granted twice", number))
		case what == "lease":
			h.tokens[number] = true
		case h.seen[number] || number <= last:
			h.wrong = append(h.wrong, fmt.Sprintf("purge %d came after %d, or twice", number, last))
		default:
			last, h.seen[number] = number, true
			h.last, h.purged[of] = max(h.last, number), max(h.purged[of], number)
		}
		h.mu.Unlock()
	}
}

func TestKilled(t *testing.T) {
	t.Parallel()
	kills := 20
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = n
	}
	location := place(t)
	watcher := open(t, location, redis.Options{})
	h := &told{seen: map[uint64]bool{}, tokens: map[uint64]bool{}}
	run := func() (kill func(), began <-chan struct{}) {
		c, first := command(t, "write", location), make(chan struct{})
		out, err := c.StdoutPipe()
		must(t, err)
		must(t, c.Start())
		heard := make(chan struct{})
		go func() {
			h.hear(bufio.NewScanner(out), sync.OnceFunc(func() { close(first) }))
			close(heard)
		}()
		return func() { _ = c.Process.Kill(); <-heard; _ = c.Wait() }, first
	}
	for range 2 {
		kill, _ := run()
		defer kill()
	}
	for kill := range kills {
		end, began := run()
		select {
		case <-began:
		case <-time.After(30 * time.Second):
			t.Fatal("a process says nothing")
		}
		time.Sleep(time.Duration(rand.IntN(40_000)) * time.Microsecond)
		end()
		h.mu.Lock()
		purged, last := h.purged, h.last
		wrong := h.wrong
		h.mu.Unlock()
		checkKilled(t, watcher, last, purged)
		if t.Failed() || len(wrong) > 0 {
			t.Fatalf("after kill %d: %v", kill+1, wrong)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	t.Logf("%d kills, %d purges, %d leases", kills, len(h.seen), len(h.tokens))
}

// checkKilled reads all records and the purges.
func checkKilled(t *testing.T, s *redis.Store, last uint64, purged [7]uint64) {
	t.Helper()
	for n := range 50 {
		r, err := s.Get(t.Context(), key(strconv.Itoa(n)))
		if !errors.Is(err, pages.ErrNotFound) && (err != nil || !isSelfMade(r.Data)) {
			t.Errorf("record %d is torn: %d bytes, %v", n, len(r.Data), err)
		}
	}
	for tag, n := range purged {
		e, err := s.Epochs(t.Context(), pages.TagSubject(strconv.Itoa(tag)))
		if err != nil || e.Sequence < last || e.Marks[0].Sequence < n || e.Marks[0].Expired < n {
			t.Errorf("tag %d was purged at %d, but epochs say %+v, %v", tag, n, e, err)
		}
	}
}

// contend acquires a lease fifty times, each time adding one to a number that
// nothing else protects.
func contend(s *redis.Store) error {
	ctx, k := context.Background(), key("/contended")
	for range 50 {
		l, err := s.Lease(ctx, k, claim(), time.Minute)
		for errors.Is(err, pages.ErrHeld) {
			time.Sleep(time.Millisecond)
			l, err = s.Lease(ctx, k, claim(), time.Minute)
		}
		if err != nil {
			return err
		}
		r, err := s.Get(ctx, k)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(r.Data))
		if err != nil {
			return err
		}
		if err := s.Put(ctx, pages.Record{Key: k, Data: []byte(strconv.Itoa(n + 1))}, pages.Fence{Token: l.Token}); err != nil {
			return err
		}
		if err := s.Release(ctx, l); err != nil {
			return err
		}
	}
	return s.Close()
}

func TestProcessesContendForLease(t *testing.T) {
	t.Parallel()
	location := place(t)
	s := open(t, location, redis.Options{})
	put(t, s, "/contended", "0")
	var all []*exec.Cmd
	for range 3 {
		c := command(t, "count", location)
		c.Stdout = os.Stderr
		must(t, c.Start())
		all = append(all, c)
	}
	for _, c := range all {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	if r, err := s.Get(t.Context(), key("/contended")); string(r.Data) != "150" {
		t.Errorf("three processes counted to 50 each, and together to %s, %v", r.Data, err)
	}
}
