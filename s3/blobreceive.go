// Receiving bytes, in parts.

package s3

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding"
	"errors"
	"hash"
	"io"

	"github.com/minio/minio-go/v7"

	"github.com/gorgon-go/gorgon/blobs"
)

// unlimited is the size of what a Put reads, which is not known before its end.
const unlimited = -1

// A receiver adds bytes to an upload.
type receiver struct {
	b      *Blobs
	id     string
	u      *uploading
	digest hash.Hash
	buffer []byte // what is not in a part yet: its first bytes …
	has    int    // … so many
	save   func(context.Context) error
}

// receive reads what comes, and records it part by part. The error of a reader
// is a readFault; what came before counts.
func (b *Blobs) receive(ctx context.Context, id string, u *uploading, r io.Reader, save func(context.Context) error) error {
	buffer := b.buffers.Get().(*[]byte)
	defer b.buffers.Put(buffer)
	x := &receiver{b: b, id: id, u: u, digest: sha256.New(), buffer: *buffer, save: save}
	if len(u.Hash) > 0 {
		if err := x.digest.(encoding.BinaryUnmarshaler).UnmarshalBinary(u.Hash); err != nil {
			return err
		}
	}
	if u.Tail > 0 {
		if u.Tail > int64(len(x.buffer)) { // Part was larger when it was written
			x.buffer = make([]byte, u.Tail)
		}
		n, err := b.conn.fill(ctx, tailName(id), x.buffer[:u.Tail]) // one that did not count may be longer
		if err != nil {
			return err
		}
		if x.has = n; int64(n) < u.Tail {
			return errors.New("the last bytes of the upload are not as they were written")
		}
	}
	if u.Received == 0 && u.Multipart == "" {
		u.Data = attempt(id)
	}
	for {
		ended, err := x.fill(ctx, r)
		var reading *readFault
		switch {
		case errors.As(err, &reading):
			return errors.Join(x.keepTail(context.WithoutCancel(ctx)), err)
		case err != nil:
			return err
		case ended && (u.Size == unlimited || x.total() == u.Size):
			return x.finish(ctx)
		case ended:
			return x.keepTail(ctx)
		}
		if err := x.send(ctx); err != nil {
			return err
		}
	}
}

// total is how many bytes there are, those in the buffer included.
func (x *receiver) total() int64 { return x.u.Received - x.u.Tail + int64(x.has) }

// fill reads until the buffer is full, or nothing more comes. It is ErrSize if
// there is more than the ticket says.
func (x *receiver) fill(ctx context.Context, r io.Reader) (ended bool, err error) {
	var one [1]byte
	for {
		if err := ctx.Err(); err != nil {
			return false, &readFault{err}
		}
		room := x.buffer[x.has:]
		if x.u.Size != unlimited {
			room = room[:min(int64(len(room)), x.u.Size-x.total())]
		}
		full := len(room) == 0
		if full && x.u.Size == unlimited || full && x.total() < x.u.Size {
			return false, nil
		}
		if full {
			room = one[:] // is there more than there should be?
		}
		n, err := r.Read(room)
		if n > 0 && full {
			return false, blobs.ErrSize
		}
		_, _ = x.digest.Write(room[:n]) // a hash accepts everything
		x.has += n
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, &readFault{err}
		}
	}
}

// note takes over what the buffer has, when it is stored.
func (x *receiver) note(tail int64) error {
	x.u.Received, x.u.Tail = x.total(), tail
	text, err := x.digest.(encoding.BinaryMarshaler).MarshalBinary()
	x.u.Hash = text
	return err
}

// send stores the buffer as a part.
func (x *receiver) send(ctx context.Context) error {
	c, place := x.b.conn.client, x.b.conn.place
	name := place.prefix + dataPrefix + x.u.Data
	if x.u.Multipart == "" {
		err := x.b.conn.insist(ctx, func() (err error) {
			x.u.Multipart, err = c.NewMultipartUpload(ctx, place.bucket, name, minio.PutObjectOptions{ContentType: x.u.Type})
			return err
		})
		if err != nil {
			return err
		}
		x.u.Parts = nil
		if err := x.save(ctx); err != nil { // so that a sweep finds it
			return err
		}
	}
	if len(x.u.Parts) >= maxParts {
		return errors.New("the blob has more parts than S3 takes: set a larger BlobOptions.Part")
	}
	var part minio.ObjectPart
	err := x.b.conn.insist(ctx, func() (err error) {
		part, err = c.PutObjectPart(ctx, place.bucket, name, x.u.Multipart, len(x.u.Parts)+1, bytes.NewReader(x.buffer[:x.has]), int64(x.has), minio.PutObjectPartOptions{})
		return err
	})
	if err != nil {
		return err
	}
	x.u.Parts = append(x.u.Parts, part.ETag)
	if err := x.note(0); err != nil {
		return err
	}
	x.has = 0
	return x.save(ctx)
}

// keepTail stores the buffer where it is too small for a part.
func (x *receiver) keepTail(ctx context.Context) error {
	if x.has > 0 {
		if _, err := x.b.conn.write(ctx, tailName(x.id), x.buffer[:x.has], none); err != nil {
			return err
		}
	}
	if err := x.note(int64(x.has)); err != nil {
		return err
	}
	return x.save(ctx)
}

// finish makes one object of all the bytes.
func (x *receiver) finish(ctx context.Context) error {
	c, place := x.b.conn.client, x.b.conn.place
	name := place.prefix + dataPrefix + x.u.Data
	if x.u.Multipart == "" {
		err := x.b.conn.insist(ctx, func() error {
			info, err := c.PutObject(ctx, place.bucket, name, bytes.NewReader(x.buffer[:x.has]), int64(x.has), "", "", minio.PutObjectOptions{ContentType: x.u.Type})
			x.u.Object = info.ETag
			return err
		})
		if err != nil {
			return err
		}
	} else {
		if x.has > 0 {
			if err := x.send(ctx); err != nil {
				return err
			}
		}
		parts := make([]minio.CompletePart, len(x.u.Parts))
		for i, etag := range x.u.Parts {
			parts[i] = minio.CompletePart{PartNumber: i + 1, ETag: etag}
		}
		info, err := c.CompleteMultipartUpload(ctx, place.bucket, name, x.u.Multipart, parts, minio.PutObjectOptions{})
		var said minio.ErrorResponse
		if errors.As(err, &said) && said.Code == "InvalidPart" {
			// Two senders at once have written a part: all is to be sent again.
			*x.u = uploading{Upload: x.u.Upload}
			return cmp.Or(x.save(ctx), blobs.ErrBusy)
		}
		if err != nil {
			return x.b.conn.answer(err)
		}
		x.u.Object, x.u.Multipart, x.u.Parts = info.ETag, "", nil
	}
	if err := x.note(0); err != nil {
		return err
	}
	return x.save(ctx)
}
