//go:build unix

// Writers of blobs that are killed: whole blobs, and nothing left after a sweep.

package s3_test

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
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/s3"
)

// The test binary runs itself as another process that writes blobs, with a
// location in this variable.
const blobsVariable = "GORGON_S3_BLOBS"

// blobKillsVariable is how many times to kill; default 5.
const blobKillsVariable = "GORGON_S3_BLOB_KILLS"

func madeBlob(n uint64) []byte {
	b := make([]byte, []int{1000, 300_000, 6 << 20, 11 << 20}[n%4])
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}).Read(b) // it never fails
	return b
}

// writeBlobs puts and uploads as fast as it can, and reports what was
// acknowledged.
func writeBlobs(location string) error {
	ctx := context.Background()
	b, err := s3.OpenBlobs(ctx, location, s3.BlobOptions{Part: 5 << 20})
	if err != nil {
		return err
	}
	for n := rand.Uint64() >> 40 << 8; ; n++ {
		data, key, kind := madeBlob(n), fmt.Sprint("files/", n%5), fmt.Sprint("x/v", n)
		fmt.Println("next", key, n)
		if n%8 < 4 {
			_, err = b.Put(ctx, key, bytes.NewReader(data), blobs.PutOptions{Type: kind})
		} else {
			err = uploadBlob(ctx, b, key, kind, data)
		}
		if err != nil {
			return err
		}
		fmt.Println("done", key, n)
	}
}

func uploadBlob(ctx context.Context, b *s3.Blobs, key, kind string, data []byte) error {
	t, err := b.Ticket(ctx, blobs.Upload{Key: key, Type: kind, Size: int64(len(data)), Expires: time.Now().Add(time.Hour)})
	if err != nil {
		return err
	}
	half := len(data) / 2
	if _, err := b.Receive(ctx, t.ID, 0, bytes.NewReader(data[:half])); err != nil {
		return err
	}
	if _, err := b.Receive(ctx, t.ID, int64(half), bytes.NewReader(data[half:])); err != nil {
		return err
	}
	_, err = b.Complete(ctx, t.ID)
	return err
}

func TestBlobWritersKilled(t *testing.T) {
	kills := 5
	if n, err := strconv.Atoi(os.Getenv(blobKillsVariable)); err == nil {
		kills = n
	}
	location := site(t)
	b := openBlobs(t, location, s3.BlobOptions{})
	acknowledged, read := map[string]uint64{}, 0
	for kill := range kills {
		for key, n := range killWriter(t, location) {
			acknowledged[key] = n
		}
		list, err := b.List(t.Context(), blobs.Query{})
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, info := range list {
			n, err := strconv.ParseUint(strings.TrimPrefix(info.Type, "x/v"), 10, 64)
			r, _, openErr := b.Open(t.Context(), info.Key, blobs.Range{})
			if err != nil || openErr != nil {
				t.Fatal(err, openErr)
			}
			data, err := io.ReadAll(r)
			_ = r.Close()
			if err != nil || !bytes.Equal(data, madeBlob(n)) || sha256.Sum256(data) != info.SHA256 {
				t.Errorf("kill %d: %s has %d bytes that are not those of its writer, %v", kill, info.Key, len(data), err)
			}
			found[info.Key] = true
			read++
		}
		for key := range acknowledged {
			if !found[key] {
				t.Errorf("kill %d: %s was acknowledged and is not there", kill, key)
			}
		}
	}
	later := openBlobs(t, location, s3.BlobOptions{Now: func() time.Time { return time.Now().Add(26 * time.Hour) }})
	swept, err := later.Sweep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, err := b.List(t.Context(), blobs.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]int{"data": len(list), "uploads": 0} {
		if left, err := b.Objects(t.Context(), what+"/"); err != nil || len(left) != want {
			t.Errorf("%s has %d objects instead of %d: %q, %v", what, len(left), want, left, err)
		}
	}
	t.Logf("%d kills, %d blobs read whole, %d uploads swept", kills, read, swept)
}

// killWriter runs a writer, kills it at a random moment, and returns the last
// blob of each key that was acknowledged.
func killWriter(t *testing.T, location string) map[string]uint64 {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), blobsVariable+"="+location)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged, began := map[string]uint64{}, false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var what, key string
		var n uint64
		if _, err := fmt.Sscan(lines.Text(), &what, &key, &n); err != nil {
			continue // a line that was cut off
		}
		switch {
		case what == "error":
			t.Fatal(lines.Text())
		case what == "done":
			acknowledged[key] = n
		case !began:
			began = true
			time.AfterFunc(time.Duration(200+rand.IntN(1500))*time.Millisecond, func() { _ = c.Process.Kill() })
		}
	}
	_ = c.Wait() // it was killed
	return acknowledged
}
