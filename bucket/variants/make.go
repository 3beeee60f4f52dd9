// Making a variant once.

package variants

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/picture"
)

// errNone says that a picture has no such variant.
var errNone = errors.New("there is no such variant")

const (
	// failedType is the type of what is stored where a picture cannot be read, so
	// that it is not tried again.
	failedType = "application/x-no-variant"

	// lockType is that of a lock: an instance makes the variant. One that is
	// older than lockLife belongs to an instance that was killed.
	lockType = "application/x-lock"
	lockLife = time.Minute
	lockLook = 50 * time.Millisecond
)

// stored finds a variant that was made.
func (v *Variants) stored(ctx context.Context, key string) (blobs.Info, error) {
	info, err := v.made.Stat(ctx, key)
	if err == nil && info.Type == failedType {
		err = errNone
	}
	return info, err
}

// once finds a variant, or makes it. One instance does, and within an instance
// one request.
func (v *Variants) once(ctx context.Context, source blobs.Info, width int) (blobs.Info, error) {
	key := fmt.Sprintf("%s-%d", source.SHA256, width)
	for {
		info, err := v.stored(ctx, key)
		if !errors.Is(err, blobs.ErrNotFound) {
			return info, err
		}
		v.mu.Lock()
		other := v.making[key]
		if other == nil {
			v.making[key] = make(chan struct{})
		}
		v.mu.Unlock()
		if other == nil {
			return v.make(ctx, key, source, width)
		}
		select {
		case <-other:
		case <-ctx.Done():
			return info, ctx.Err()
		}
	}
}

// make makes a variant, unless another instance does.
func (v *Variants) make(ctx context.Context, key string, source blobs.Info, width int) (info blobs.Info, err error) {
	defer func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		close(v.making[key])
		delete(v.making, key)
	}()
	for {
		_, err := v.made.Put(ctx, key+".lock", bytes.NewReader(nil), blobs.PutOptions{Type: lockType, IfNew: true})
		if err == nil {
			break
		}
		if !errors.Is(err, blobs.ErrExists) {
			return info, err
		}
		if info, err := v.other(ctx, key); !errors.Is(err, blobs.ErrNotFound) {
			return info, err
		}
	}
	// The visitor may leave: others wait for the variant too.
	kept := context.WithoutCancel(ctx)
	defer func() { err = errors.Join(err, v.made.Delete(kept, key+".lock")) }()
	if info, err := v.stored(kept, key); !errors.Is(err, blobs.ErrNotFound) {
		return info, err // another instance made it just before
	}
	data, kind, err := v.encode(kept, source, width)
	if errors.Is(err, errNone) {
		_, putErr := v.made.Put(kept, key, bytes.NewReader(nil), blobs.PutOptions{Type: failedType})
		return info, errors.Join(err, putErr)
	}
	if err != nil {
		return info, err
	}
	return v.made.Put(kept, key, bytes.NewReader(data), blobs.PutOptions{Type: kind})
}

// other waits for the instance that has the lock. It is ErrNotFound if the lock
// is free then.
func (v *Variants) other(ctx context.Context, key string) (blobs.Info, error) {
	wait := time.NewTimer(lockLook)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return blobs.Info{}, ctx.Err()
	}
	info, err := v.stored(ctx, key)
	if !errors.Is(err, blobs.ErrNotFound) {
		return info, err
	}
	lock, err := v.made.Stat(ctx, key+".lock")
	if err == nil && v.now().Sub(lock.Modified) > lockLife {
		err = v.made.Delete(ctx, key+".lock")
	}
	if err != nil && !errors.Is(err, blobs.ErrNotFound) {
		return info, err
	}
	return info, blobs.ErrNotFound
}

// encode makes the bytes of a variant. It is errNone if the picture cannot be
// read.
func (v *Variants) encode(ctx context.Context, source blobs.Info, width int) (data []byte, kind string, err error) {
	select {
	case v.slot <- struct{}{}:
		defer func() { <-v.slot }()
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	r, now, err := v.bucket.Store().Open(ctx, source.Key, blobs.Range{})
	if err != nil {
		return nil, "", err
	}
	defer r.Close()
	if now.SHA256 != source.SHA256 {
		return nil, "", errors.New("the picture was replaced")
	}
	file, err := io.ReadAll(r)
	if err != nil {
		return nil, "", err
	}
	p, err := picture.Open(file)
	if err != nil || int64(p.Width)*int64(p.Height) > maxPixels {
		return nil, "", errNone
	}
	for _, e := range p.Encodings() {
		data, err := p.Encode(e, min(width, p.Width), v.o.Quality)
		if err == nil {
			return data, e.Type, nil
		}
	}
	return nil, "", errNone
}
