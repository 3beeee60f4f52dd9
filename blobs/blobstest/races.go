// Laws of concurrent calls.

package blobstest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
)

// writers is how many write at once.
const writers = 16

// meeting is a reader that has read its bytes only when all writers have.
func meeting(all *sync.WaitGroup, data []byte) io.Reader {
	all.Add(1)
	met := false
	return io.MultiReader(bytes.NewReader(data), readerFunc(func([]byte) (int, error) {
		if !met {
			met = true
			all.Done()
			all.Wait()
		}
		return 0, io.EOF
	}))
}

func raceLaws() []law {
	return []law{
		{"of 16 concurrent Puts with IfNew one succeeds, and its blob is there", func(e *env) error {
			var winner atomic.Int64
			var won atomic.Int32
			var all sync.WaitGroup
			var readers [writers]io.Reader
			for i := range readers {
				readers[i] = meeting(&all, content(uint64(i), 1000+i))
			}
			err := together(writers, func(i int) error {
				_, err := e.handle(i).Put(e.ctx, key, readers[i], blobs.PutOptions{IfNew: true})
				if err == nil {
					winner.Store(int64(i))
					won.Add(1)
					return nil
				}
				return want(err, blobs.ErrExists, "Put")
			})
			if n := won.Load(); err != nil || n != 1 {
				return fmt.Errorf("%d of %d Puts succeeded, %w", n, writers, err)
			}
			w := int(winner.Load())
			return e.holds(key, content(uint64(w), 1000+w), blobs.DefaultType)
		}},
		{"concurrent Puts of a key leave one of them, whole", func(e *env) error {
			var all sync.WaitGroup
			var readers [writers]io.Reader
			for i := range readers {
				readers[i] = meeting(&all, content(uint64(i), 3000-100*i))
			}
			if err := together(writers, func(i int) error {
				_, err := e.handle(i).Put(e.ctx, key, readers[i], blobs.PutOptions{Type: fmt.Sprintf("x/v%d", i)})
				return err
			}); err != nil {
				return err
			}
			info, err := e.Stat(e.ctx, key)
			if err != nil {
				return err
			}
			var i int
			if _, err := fmt.Sscanf(info.Type, "x/v%d", &i); err != nil {
				return err
			}
			return first(e.holds(key, content(uint64(i), 3000-100*i), info.Type), e.lists(blobs.Query{}, key))
		}},
		{"readers beside a writer find whole blobs", func(e *env) error {
			small, large := content(1, 100), content(2, e.large/2)
			if err := e.put(key, small, blobs.PutOptions{}); err != nil {
				return err
			}
			var done atomic.Bool
			return together(4, func(i int) error {
				if i == 0 {
					defer done.Store(true)
					for n := range 12 {
						if err := e.put(key, [][]byte{large, small}[n%2], blobs.PutOptions{}); err != nil {
							return err
						}
					}
					return nil
				}
				for !done.Load() {
					got, info, err := read(e.ctx, e.handle(i), key, blobs.Range{})
					if err != nil && errors.Is(err, blobs.ErrNotFound) {
						return fmt.Errorf("a reader does not find the blob: %w", err)
					}
					if err == nil && (!bytes.Equal(got, small) && !bytes.Equal(got, large) || info.Size != int64(len(got))) {
						return fmt.Errorf("a reader found %d bytes of a blob of %d", len(got), info.Size)
					}
					time.Sleep(time.Millisecond)
				}
				return nil
			})
		}},
		{"concurrent Completes of an upload all return its blob", func(e *env) error {
			data := content(1, 1000)
			id, err := e.sent(blobs.Upload{Key: key, IfNew: true}, data)
			if err != nil {
				return err
			}
			infos := make([]blobs.Info, writers)
			if err := together(writers, func(i int) (err error) {
				infos[i], err = e.handle(i).Complete(e.ctx, id)
				return err
			}); err != nil {
				return err
			}
			for _, info := range infos {
				if info != infos[0] {
					return fmt.Errorf("one Complete returned %+v, and another %+v", info, infos[0])
				}
			}
			return e.holds(key, data, blobs.DefaultType)
		}},
		{"concurrent uploads of a key with IfNew: one is completed, and its blob is there", func(e *env) error {
			ids := make([]string, writers)
			for i := range ids {
				id, err := e.sent(blobs.Upload{Key: key, IfNew: true}, content(uint64(i), 500+i))
				if err != nil {
					return err
				}
				ids[i] = id
			}
			var winner, won atomic.Int64
			err := together(writers, func(i int) error {
				_, err := e.handle(i).Complete(e.ctx, ids[i])
				if err == nil {
					winner.Store(int64(i))
					won.Add(1)
					return nil
				}
				return want(err, blobs.ErrExists, "Complete")
			})
			if won.Load() != 1 || err != nil {
				return fmt.Errorf("%d uploads were completed, %w", won.Load(), err)
			}
			w := int(winner.Load())
			return e.holds(key, content(uint64(w), 500+w), blobs.DefaultType)
		}},
		{"concurrent Receives of an upload do not mix", func(e *env) error {
			t, err := e.Ticket(e.ctx, blobs.Upload{Key: key, Size: 4000, Expires: time.Now().Add(time.Hour)})
			if err != nil {
				return err
			}
			var all sync.WaitGroup
			var readers [4]io.Reader
			for i := range readers {
				readers[i] = paced(content(uint64(i), 4000))
			}
			all.Wait()
			won := atomic.Int32{}
			if err := together(len(readers), func(i int) error {
				_, err := e.handle(i).Receive(e.ctx, t.ID, 0, readers[i])
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, blobs.ErrBusy) && !errors.Is(err, blobs.ErrExists) && !errors.Is(err, blobs.ErrOffset) {
					return fmt.Errorf("receive: %w", err)
				}
				return nil
			}); err != nil {
				return err
			}
			if won.Load() == 0 {
				return errors.New("none of them succeeded")
			}
			if _, err := e.Complete(e.ctx, t.ID); err != nil {
				return err
			}
			got, _, err := read(e.ctx, e.Store, key, blobs.Range{})
			for i := range readers {
				if bytes.Equal(got, content(uint64(i), 4000)) {
					return err
				}
			}
			return fmt.Errorf("the blob has bytes of several senders, %w", err)
		}},
	}
}

// paced is a reader that gives a few bytes at a time.
func paced(data []byte) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if len(data) == 0 {
			return 0, io.EOF
		}
		time.Sleep(100 * time.Microsecond)
		n := copy(p, data[:min(len(data), 200)])
		data = data[n:]
		return n, nil
	})
}
