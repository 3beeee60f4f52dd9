// Killed at any instant: whole records, and no purge lost.

package disk_test

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
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
)

// The test binary runs itself as another process, with a role in this variable
// and a directory as its last argument.
const roleVariable = "GORGON_DISK_ROLE"

// killsVariable is how many times to kill; default 60.
const killsVariable = "GORGON_DISK_KILLS"

func child(role, dir string) int {
	s, err := disk.Open(dir, disk.Options{})
	if err == nil {
		switch role {
		case "write":
			err = writeForEver(s)
		case "lease":
			err = contend(s)
		}
	}
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	return 0
}

func command(tb testing.TB, role, dir string) *exec.Cmd {
	c := exec.CommandContext(tb.Context(), os.Args[0], dir)
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
// each purge once it has returned.
func writeForEver(s *disk.Store) error {
	ctx := context.Background()
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
			l, err := s.Lease(ctx, key(fmt.Sprint("lease ", n%3)), claim(), 50*time.Millisecond)
			if err != nil && !errors.Is(err, pages.ErrHeld) {
				return err
			}
			fmt.Println("lease", l.Token, n%3)
		}
	}
}

func TestKilled(t *testing.T) {
	kills := 60
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = n
	} else if testing.Short() {
		kills = 10
	}
	dir := t.TempDir()
	watcher := open(t, dir, disk.Options{})
	var purged [7]uint64 // the last acknowledged purge of each tag
	var tokens [3]uint64
	var last, known uint64 // the last purge acknowledged, and the last found
	for kill := range kills {
		c := command(t, "write", dir)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		timer := time.AfterFunc(time.Hour, func() {})
		began := false
		for lines.Scan() {
			if !began { // it runs: kill it at a random moment soon
				began = true
				timer.Stop()
				timer = time.AfterFunc(time.Duration(rand.IntN(40_000))*time.Microsecond, func() { _ = c.Process.Kill() })
			}
			var what string
			var number uint64
			var of int
			if n, _ := fmt.Sscan(lines.Text(), &what, &number, &of); n < 3 {
				if strings.HasPrefix(what, "error") {
					t.Fatal(lines.Text())
				}
				continue // a line that was cut off
			}
			switch {
			case what == "purge" && number <= max(last, known):
				t.Fatalf("kill %d: purge %d came after %d", kill, number, max(last, known))
			case what == "purge":
				purged[of], last = number, number
			case number < tokens[of]:
				t.Fatalf("kill %d: token %d came after %d", kill, number, tokens[of])
			default:
				tokens[of] = number
			}
		}
		_ = c.Wait() // it was killed
		timer.Stop()
		fresh := open(t, dir, disk.Options{})
		for _, s := range []*disk.Store{watcher, fresh} {
			checkKilled(t, s, last, max(last, known)+1, purged)
		}
		known = fresh.Sequence()
		if err := fresh.Close(); err != nil {
			t.Fatal(err)
		}
		if left, _ := os.ReadDir(dir + "/v1/tmp"); len(left) > 0 {
			t.Fatalf("kill %d: %v was left", kill, left)
		}
		if t.Failed() {
			t.Fatalf("after kill %d of %d", kill, kills)
		}
	}
	t.Logf("%d kills, %d purges", kills, last)
}

// checkKilled reads all records and the purges. One purge more than the known
// ones, up to most, may have happened without having returned.
func checkKilled(t *testing.T, s *disk.Store, last, most uint64, purged [7]uint64) {
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
	if got := s.Sequence(); got < last {
		t.Errorf("the sequence is %d, but purge %d had returned", got, last)
	}
	for tag, n := range purged {
		e, err := s.Epochs(t.Context(), pages.TagSubject(strconv.Itoa(tag)))
		if err != nil || e.Sequence < last || e.Sequence > most || e.Marks[0].Sequence < n || e.Marks[0].Expired < n {
			t.Errorf("tag %d was purged at %d, but epochs say %+v, %v", tag, n, e, err)
		}
	}
}

// contend acquires a lease a hundred times, each time adding one to a number in
// a file that nothing else protects.
func contend(s *disk.Store) error {
	ctx, file := context.Background(), s.Dir()+"/count"
	for range 100 {
		l, err := s.Lease(ctx, key("/contended"), claim(), time.Minute)
		for errors.Is(err, pages.ErrHeld) {
			time.Sleep(200 * time.Microsecond)
			l, err = s.Lease(ctx, key("/contended"), claim(), time.Minute)
		}
		if err != nil {
			return err
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(b))
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(strconv.Itoa(n+1)), 0o600); err != nil {
			return err
		}
		if err := s.Put(ctx, pages.Record{Key: l.Key, Data: b}, pages.Fence{Token: l.Token}); err != nil {
			return err
		}
		if err := s.Release(ctx, l); err != nil {
			return err
		}
	}
	return s.Close()
}

func TestProcessesContendForLease(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/count", []byte("0"), 0o600); err != nil {
		t.Fatal(err)
	}
	var all []*exec.Cmd
	for range 3 {
		c := command(t, "lease", dir)
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
	if b, err := os.ReadFile(dir + "/count"); string(b) != "300" {
		t.Errorf("three processes counted to 100 each, and together to %s, %v", b, err)
	}
}
