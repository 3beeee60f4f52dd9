// Killed at any instant: whole blobs, no half ones, and nothing lost that was
// acknowledged.

package diskblobs_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
)

// The test binary runs itself as another process, with a role in this variable
// and a directory as its last argument.
const roleVariable = "GORGON_DISKBLOBS_ROLE"

// killsVariable is how many times to kill; default 20.
const killsVariable = "GORGON_DISKBLOBS_KILLS"

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "" {
		fmt.Println("error", write(os.Args[len(os.Args)-1]))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// made are bytes that follow from a number.
func made(n uint64) []byte {
	b := make([]byte, 1000+n%3*400_000)
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}).Read(b) // it never fails
	return b
}

// write puts and uploads blobs as fast as it can, and reports each one that was
// acknowledged. The type of a blob says its number.
func write(dir string) error {
	ctx := context.Background()
	s, err := diskblobs.Open(dir, diskblobs.Options{})
	if err != nil {
		return err
	}
	fmt.Println("open")
	began := uint64(time.Now().UnixNano()) / 1000 % (1 << 40) << 10
	for n := began; ; n++ {
		data, key, kind := made(n), fmt.Sprint("files/", n%7), fmt.Sprint("x/v", n)
		if n%2 == 0 {
			if _, err := s.Put(ctx, key, bytes.NewReader(data), blobs.PutOptions{Type: kind}); err != nil {
				return err
			}
			fmt.Println("done", key, n)
			continue
		}
		t, err := s.Ticket(ctx, blobs.Upload{Key: key, Type: kind, Size: int64(len(data)), Expires: time.Now().Add(time.Hour)})
		if err != nil {
			return err
		}
		half := len(data) / 2
		if _, err := s.Receive(ctx, t.ID, 0, bytes.NewReader(data[:half])); err != nil {
			return err
		}
		fmt.Println("half", t.ID, n)
		if _, err := s.Receive(ctx, t.ID, int64(half), bytes.NewReader(data[half:])); err != nil {
			return err
		}
		fmt.Println("whole", t.ID, n)
		if _, err := s.Complete(ctx, t.ID); err != nil {
			return err
		}
		fmt.Println("done", key, n)
	}
}

// An uploading is what a killed process has said about its last upload.
type uploading struct {
	id    string
	n     uint64
	whole bool
}

func TestKilled(t *testing.T) {
	kills := 20
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = n
	}
	dir := t.TempDir()
	watcher := open(t, dir, diskblobs.Options{})
	acknowledged := map[string]uint64{}
	seen, resumed := 0, 0
	for kill := range kills {
		up := killOne(t, dir, acknowledged)
		fresh := open(t, dir, diskblobs.Options{})
		seen += whole(t, watcher, acknowledged)
		if up.id != "" {
			resumed++
			resume(t, fresh, up)
		}
		if err := fresh.Close(); err != nil {
			t.Fatal(err)
		}
		// The watcher's own folder and lock are left, and nothing of the killed.
		if left, _ := filepath.Glob(filepath.Join(dir, "v1", "tmp", "*")); len(left) != 2 {
			t.Fatalf("kill %d: %q are left", kill, left)
		}
		if t.Failed() {
			t.Fatalf("after kill %d of %d", kill, kills)
		}
	}
	t.Logf("%d kills, %d blobs read whole, 0 half ones, %d uploads resumed", kills, seen, resumed)
}

// killOne runs a writer and kills it at a random moment.
func killOne(t *testing.T, dir string, acknowledged map[string]uint64) (up uploading) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], dir)
	c.Env = append(os.Environ(), roleVariable+"=write")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var what, of string
		var n uint64
		_, err := fmt.Sscan(lines.Text(), &what, &of, &n)
		switch {
		case what == "error":
			t.Fatal(lines.Text())
		case what == "open":
			time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, func() { _ = c.Process.Kill() })
		case err != nil: // a line that was cut off
		case what == "done":
			acknowledged[of], up = n, uploading{}
		default:
			up = uploading{of, n, what == "whole"}
		}
	}
	_ = c.Wait() // it was killed
	return up
}

// whole reads all blobs, and compares them with what was acknowledged.
func whole(t *testing.T, s *diskblobs.Store, acknowledged map[string]uint64) int {
	t.Helper()
	list, err := s.List(t.Context(), blobs.Query{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]uint64{}
	for _, info := range list {
		r, _, err := s.Open(t.Context(), info.Key, blobs.Range{})
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		_ = r.Close()
		n, parseErr := strconv.ParseUint(strings.TrimPrefix(info.Type, "x/v"), 10, 64)
		if err != nil || parseErr != nil || !bytes.Equal(data, made(n)) || sha256.Sum256(data) != info.SHA256 {
			t.Errorf("%s has %d bytes that are not those of its writer, %v", info.Key, len(data), err)
		}
		found[info.Key] = n
	}
	for key, n := range acknowledged {
		if found[key] < n {
			t.Errorf("%s is blob %d, but %d was acknowledged", key, found[key], n)
		}
	}
	return len(list)
}

// resume goes on with the upload of a killed process.
func resume(t *testing.T, s *diskblobs.Store, up uploading) {
	t.Helper()
	data := made(up.n)
	p, err := s.Pending(t.Context(), up.id)
	if err != nil {
		t.Fatal(err)
	}
	if least := int64(len(data) / 2); p.Received < least || up.whole && p.Received < p.Size {
		t.Errorf("the upload has %d bytes, but more were acknowledged", p.Received)
	}
	if p.Received < p.Size {
		if _, err := s.Receive(t.Context(), up.id, p.Received, bytes.NewReader(data[p.Received:])); err != nil {
			t.Fatal(err)
		}
	}
	info, err := s.Complete(t.Context(), up.id)
	if err != nil || info.SHA256 != sha256.Sum256(data) {
		t.Errorf("complete: %+v, %v", info, err)
	}
}
