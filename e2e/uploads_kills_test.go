// Uploads to a server that is killed, and what is there afterwards.

package e2e_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
)

// An uploadsLedger is what was sent, and what was said to be complete.
type uploadsLedger struct {
	mu       sync.Mutex
	sent     map[blobs.Digest]bool
	complete map[string]blobs.Digest // by key
}

// judge says what a store has that it must not have, and what is missing.
func (l *uploadsLedger) judge(ctx context.Context, store blobs.Store) (whole int, faults []error) {
	found := map[string]bool{}
	after := ""
	for {
		list, err := store.List(ctx, blobs.Query{Prefix: "all/", After: after})
		if err != nil {
			return whole, append(faults, err)
		}
		for _, info := range list {
			after = info.Key
			r, _, err := store.Open(ctx, info.Key, blobs.Range{})
			if err != nil {
				faults = append(faults, err)
				continue
			}
			data, err := io.ReadAll(r)
			_ = r.Close()
			digest := blobs.Digest(sha256.Sum256(data))
			if err != nil || !l.sent[digest] || digest != info.SHA256 {
				faults = append(faults, fmt.Errorf("a file with %d of its %d bytes: %v", len(data), info.Size, err))
				continue
			}
			whole++
			found[info.Key] = true
		}
		if len(list) == 0 {
			break
		}
	}
	for key := range l.complete {
		if !found["all/"+key] {
			faults = append(faults, errors.New("a file that was complete is missing"))
		}
	}
	return whole, faults
}

// send sends files until the context ends, each until it is complete.
func (l *uploadsLedger) send(ctx context.Context, base string, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	for ctx.Err() == nil {
		body := make([]byte, 100_000+random.IntN(3<<20))
		for i := 0; i < len(body); i += 64 {
			body[i] = byte(random.Uint32())
		}
		digest := blobs.Digest(sha256.Sum256(body))
		l.mu.Lock()
		l.sent[digest] = true
		l.mu.Unlock()
		if key, err := uploadsSend(ctx, base, bytes.NewReader(body), int64(len(body))); err == nil {
			l.mu.Lock()
			l.complete[key] = digest
			l.mu.Unlock()
		}
	}
}

// An uploadsGreedy store has the bug that a sweep removes what is complete.
type uploadsGreedy struct{ blobs.Store }

func (g uploadsGreedy) Sweep(ctx context.Context) (int, error) {
	n, err := g.Store.Sweep(ctx)
	list, listErr := g.List(ctx, blobs.Query{Limit: 1})
	for _, info := range list {
		err = errors.Join(err, g.Delete(ctx, info.Key))
	}
	return n, errors.Join(err, listErr)
}

// TestUploadsAreKilled kills a server while files are sent to it, and sweeps what
// was not completed. UPLOADS is how often.
func TestUploadsAreKilled(t *testing.T) {
	kills := number(t, "UPLOADS", 10)
	dir := filepath.Join(t.TempDir(), "files")
	p := newUploadsProgram(t, uploadsFiles, "FILES="+dir)
	l := &uploadsLedger{sent: map[blobs.Digest]bool{}, complete: map[string]blobs.Digest{}}
	ctx, stop := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	for seed := range uint64(3) {
		sending.Go(func() { l.send(ctx, "http://"+p.addr, seed) })
	}
	for range kills {
		time.Sleep(time.Duration(20+rand.IntN(200)) * time.Millisecond) // when the kill comes
		p.kill()
		p.start()
	}
	stop()
	sending.Wait()
	p.kill()

	later := func() time.Time { return time.Now().Add(3 * time.Hour) }
	store, err := diskblobs.Open(dir, diskblobs.Options{Now: later})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	whole, faults := l.judge(t.Context(), store)
	swept, err := store.Sweep(t.Context())
	if err != nil {
		t.Error(err)
	}
	after, more := l.judge(t.Context(), store)
	for _, fault := range append(faults, more...) {
		t.Error(fault)
	}
	left, err := filepath.Glob(filepath.Join(dir, "v1/uploads/*.data"))
	if err != nil || len(left) != 0 || after != whole || whole < len(l.complete) || len(l.complete) == 0 {
		t.Errorf("%d uploads are left, of %d files %d are there after the sweep, %d were complete: %v", len(left), whole, after, len(l.complete), err)
	}
	t.Logf("%d kills: %d files whole, %d were said to be complete; the sweep removed %d uploads", kills, whole, len(l.complete), swept)

	if _, err := (uploadsGreedy{store}).Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if got, faults := l.judge(t.Context(), store); got == after || got == whole && len(faults) == 0 {
		t.Error("planted: the judge does not find that a sweep removes what is complete")
	}
	half := bytes.NewReader(make([]byte, 1000))
	if _, err := store.Put(t.Context(), "all/half", half, blobs.PutOptions{}); err != nil {
		t.Error(err)
	}
	if _, faults := l.judge(t.Context(), store); len(faults) == 0 {
		t.Error("planted: the judge does not find half a file")
	}
}
