// Package blobs is the contract for storing files: what visitors upload, and
// what an app makes.
//
// # Blobs
//
// A blob is a sequence of bytes under a key, with a media type, such as
// "avatars/7.png". It is never changed: a Put of the same key puts another one
// in its place. A reader finds the old one or the new one, whole, and nothing in
// between, also if a writer is killed. [CheckKey] says which keys there are.
//
// # Uploads
//
// An upload is a blob that arrives in a way that the app does not control: from
// a browser, straight to the store or through the app, at once or in pieces.
// [Uploads.Ticket] begins one: its key, size and type are recorded in the store,
// and cannot be changed by what is sent later. Nothing of it is seen under its
// key before [Uploads.Complete] has found that all of its bytes are there and
// have the digest that was announced. Uploads that are not completed are removed
// by [Uploads.Sweep].
//
// # Laws
//
// Once Put or Complete has returned, every process finds the blob, and it
// survives the death of any process. Of several writers of one key that ask for
// IfNew, one succeeds. What no store accepts, such as a key with an empty
// segment, is refused by all of them with [ErrInvalid] and changes nothing.
//
// # Where files are
//
// [At] is a store for an app's main: the variable FILES_URL says where it is, a
// folder or an S3 bucket, so that the plan of a deployment knows what the app
// needs, and the same program runs in each place.
//
// Stores are tested by package blobstest.
package blobs

import (
	"context"
	"errors"
	"io"
	"time"
)

// Errors of a [Store], found with [errors.Is]. Every other error is a fault of
// the store or of a reader, and may be temporary.
var (
	ErrNotFound   = errors.New("no such blob or upload")
	ErrExists     = errors.New("there is a blob with this key, or the bytes are there already")
	ErrRange      = errors.New("the range begins behind the end of the blob")
	ErrSize       = errors.New("an upload has another size than its ticket says")
	ErrType       = errors.New("an upload has another media type than its ticket says")
	ErrDigest     = errors.New("an upload has another SHA-256 than its ticket says")
	ErrIncomplete = errors.New("bytes of the upload are missing")
	ErrExpired    = errors.New("the ticket of the upload has expired")
	ErrOffset     = errors.New("the bytes do not follow those that were received")
	ErrBusy       = errors.New("another request is sending bytes of the upload")
	ErrCorrupt    = errors.New("the blob is damaged")
	ErrClosed     = errors.New("the store of blobs is closed")
)

// Info describes a blob.
type Info struct {
	Key      string
	Size     int64
	Type     string // a media type
	SHA256   Digest
	ETag     string    // of the content and its type, without quotes: the same in every store
	Modified time.Time // when it was put; to the second, in UTC
}

// A Store keeps blobs. It is safe for concurrent use, and by several processes
// at once if its technology allows. A call whose context has ended fails with
// the context's error. After Close every method fails with [ErrClosed].
type Store interface {
	// Put stores what r reads, whole or not at all, in place of the blob that
	// the key may have. With IfNew it is ErrExists if there is one. If r fails,
	// Put fails with its error and changes nothing.
	Put(ctx context.Context, key string, r io.Reader, o PutOptions) (Info, error)

	// Open reads a blob, or a part of it: ErrNotFound if there is none. The
	// reader has the blob as it was, whatever is put meanwhile, or fails.
	Open(ctx context.Context, key string, part Range) (io.ReadCloser, Info, error)

	// Stat describes a blob: ErrNotFound if there is none.
	Stat(ctx context.Context, key string) (Info, error)

	// Delete removes a blob. If there is none, it does nothing.
	Delete(ctx context.Context, key string) error

	// List lists blobs in the order of the bytes of their keys.
	List(ctx context.Context, q Query) ([]Info, error)

	Uploads

	// Close releases the store's resources. A second Close has no effect.
	Close() error
}

// Uploads are the methods of a [Store] for blobs that the app does not send
// itself.
type Uploads interface {
	// Ticket begins an upload. It is ErrExists if the upload is IfNew and its
	// key is taken already.
	Ticket(ctx context.Context, u Upload) (Ticket, error)

	// Pending describes an upload that was begun and not yet swept:
	// ErrNotFound if there is none.
	Pending(ctx context.Context, id string) (Pending, error)

	// Receive adds to an upload what r reads, after the bytes that it has; an
	// offset of 0 begins again. It returns how many bytes the upload then has.
	// If r fails, what it had read counts, except for the last part if the
	// store keeps parts. It is ErrSize if r has more than is missing, and then
	// the upload stays incomplete; ErrOffset if other bytes are there; ErrExists
	// if all are.
	Receive(ctx context.Context, id string, offset int64, r io.Reader) (int64, error)

	// Complete puts an upload under its key. It is ErrIncomplete if bytes are
	// missing; ErrSize, ErrType or ErrDigest if what arrived is not what was
	// announced, and then it can be sent again; ErrExists if the upload is
	// IfNew and its key was taken meanwhile. Once it has succeeded, further
	// calls return the same and change nothing.
	Complete(ctx context.Context, id string) (Info, error)

	// Sweep removes the uploads that expired more than an hour ago, and says
	// how many there were that had not been completed.
	Sweep(ctx context.Context) (int, error)
}

// PutOptions are those of [Store.Put]. The zero value works.
type PutOptions struct {
	// Type is the media type. Default: "application/octet-stream".
	Type string

	// IfNew refuses to replace a blob, with ErrExists. Default: false.
	IfNew bool
}

// A Range is a part of a blob. The zero value is all of it.
type Range struct {
	From   int64 // the first byte
	Length int64 // at most so many bytes. Default: all that follow
}

// A Query is what is asked of [Store.List]. The zero value asks for the first
// page of all blobs.
type Query struct {
	Prefix string // of the keys. Default: none
	After  string // the last key of the page before. Default: none
	Limit  int    // at most so many blobs: 1 to 1,000. Default: 1,000
}

// MaxList is how many blobs [Store.List] returns at most.
const MaxList = 1000
