// A store whose methods can be replaced by faulty ones.

package blobstest

import (
	"context"
	"io"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/mem"
)

type sound = mem.Blobs

// bug is a sound store except for the methods that are set.
type bug struct {
	*sound
	put      func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error)
	open     func(m *sound, ctx context.Context, key string, part blobs.Range) (io.ReadCloser, blobs.Info, error)
	stat     func(m *sound, ctx context.Context, key string) (blobs.Info, error)
	delete   func(m *sound, ctx context.Context, key string) error
	list     func(m *sound, ctx context.Context, q blobs.Query) ([]blobs.Info, error)
	ticket   func(m *sound, ctx context.Context, u blobs.Upload) (blobs.Ticket, error)
	receive  func(m *sound, ctx context.Context, id string, offset int64, r io.Reader) (int64, error)
	complete func(m *sound, ctx context.Context, id string) (blobs.Info, error)
	sweep    func(m *sound, ctx context.Context) (int, error)
	close    func(m *sound) error
}

func (b *bug) Put(ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
	if b.put != nil {
		return b.put(b.sound, ctx, key, r, o)
	}
	return b.sound.Put(ctx, key, r, o)
}

func (b *bug) Open(ctx context.Context, key string, part blobs.Range) (io.ReadCloser, blobs.Info, error) {
	if b.open != nil {
		return b.open(b.sound, ctx, key, part)
	}
	return b.sound.Open(ctx, key, part)
}

func (b *bug) Stat(ctx context.Context, key string) (blobs.Info, error) {
	if b.stat != nil {
		return b.stat(b.sound, ctx, key)
	}
	return b.sound.Stat(ctx, key)
}

func (b *bug) Delete(ctx context.Context, key string) error {
	if b.delete != nil {
		return b.delete(b.sound, ctx, key)
	}
	return b.sound.Delete(ctx, key)
}

func (b *bug) List(ctx context.Context, q blobs.Query) ([]blobs.Info, error) {
	if b.list != nil {
		return b.list(b.sound, ctx, q)
	}
	return b.sound.List(ctx, q)
}

func (b *bug) Ticket(ctx context.Context, u blobs.Upload) (blobs.Ticket, error) {
	if b.ticket != nil {
		return b.ticket(b.sound, ctx, u)
	}
	return b.sound.Ticket(ctx, u)
}

func (b *bug) Receive(ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
	if b.receive != nil {
		return b.receive(b.sound, ctx, id, offset, r)
	}
	return b.sound.Receive(ctx, id, offset, r)
}

func (b *bug) Complete(ctx context.Context, id string) (blobs.Info, error) {
	if b.complete != nil {
		return b.complete(b.sound, ctx, id)
	}
	return b.sound.Complete(ctx, id)
}

func (b *bug) Sweep(ctx context.Context) (int, error) {
	if b.sweep != nil {
		return b.sweep(b.sound, ctx)
	}
	return b.sound.Sweep(ctx)
}

func (b *bug) Close() error {
	if b.close != nil {
		return b.close(b.sound)
	}
	return b.sound.Close()
}
