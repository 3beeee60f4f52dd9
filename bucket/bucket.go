// Package bucket lets visitors upload files and download them: the part of an
// app over a store of package blobs.
//
//	photos := bucket.New(bucket.Options{
//		Name: "photos", Store: store, Public: true,
//		Types: []string{"image/png", "image/jpeg", "image/webp"},
//		Upload: []func(http.Handler) http.Handler{people.SignedIn},
//	})
//
// # Uploads
//
// The browser asks for a ticket, sends the bytes once, and says that it is done:
//
//	POST /files/photos/uploads                     {"name": "cat.png", "size": 48213, "type": "image/png"}
//	PUT  the url of the answer, with its headers   the bytes
//	POST the complete of the answer                the file is there
//
// A ticket binds key, size, type and end. The bytes go straight to the store if
// it takes them, as package s3 does; otherwise to the app, which counts them and
// computes their digest as they come. Nothing is seen of a file before it is
// complete. What is not completed is removed an hour after its ticket has
// expired, by a scheduled job.
//
// A form does the same by the module of [Bucket.Script], and without scripts by a
// request that the browser makes by itself:
//
//	<form method="post" enctype="multipart/form-data" action="{{.Form}}" data-gorgon-upload>
//		<input type="file" name="file" required> <input type="hidden" name="next" value="{{url "/"}}">
//		<button>Upload</button> <button type="reset">Cancel</button> <progress hidden></progress> <output></output>
//	</form>
//	<script type="module" src="{{.Script}}"></script>
//
// Errors are problem documents, as those of package api:
//
//	403  the ticket is not one of this bucket, or has expired; a page of another site asked
//	409  the key is taken; bytes are missing; another request is sending them
//	413  the file is larger than MaxSize, or than its ticket says
//	415  the type is not one of Types, or another one than the ticket says
//	422  the bytes have another SHA-256 than was announced
//	503  the store cannot be used
//
// # Downloads
//
// Files have ranges, conditional requests and the validators of package blobs.
// Pictures without scripts, sound, video and plain text are shown; everything
// else is saved. What visitors have uploaded can run nothing: it has the policy
// "sandbox", and browsers do not guess its type.
//
// Files of a public bucket may be stored by caches, which ask whether they are
// current; forever, if the key has the SHA-256 of the content in it. Files of
// others are sent for a [Bucket.Link], or if Allow says so, and are not stored.
package bucket

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/sealed"
)

// Options of a bucket. Name and Store are required.
type Options struct {
	// Name names the bucket within the app: lower-case letters, digits and
	// dashes.
	Name string

	// Store keeps the files, under keys that begin with the name of the bucket
	// and a slash: several buckets may share one. The bucket knows its files
	// without that; [Bucket.Store] is its part of the store.
	Store blobs.Store

	// Path is where the bucket answers: "/photos". Default: "/files/" and the
	// name.
	Path string

	// Public lets everyone read every file, and caches store it. Default: a file
	// is read by a Link, or if Allow says so.
	Public bool

	// Allow says whether a request may read a file of a bucket that is not
	// Public: nil, or an error, such as gorgon.NotFound(). Default: it may not.
	Allow func(r *http.Request, key string) error

	// Upload guards uploads: who may ask for a ticket, and complete one. The
	// first one is outermost. Default: visitors upload nothing; the app puts
	// files into the store by itself.
	Upload []func(http.Handler) http.Handler

	// Key chooses the key of an upload. The name that the browser says is not to
	// be trusted: it may be of another file, or of another visitor. Default: a
	// random one, with the extension of the name.
	Key func(ctx context.Context, f File) (string, error)

	// Replace lets an upload replace the file of its key. Default: that is 409.
	Replace bool

	// Done is called when an upload is complete, and again if the browser says so
	// again. If it fails, the browser is answered with its error, and can try
	// again; the file is there. Default: nothing.
	Done func(ctx context.Context, info blobs.Info) error

	// Types are the media types that visitors may upload: "image/png", or
	// "image/*". Default: all.
	Types []string

	// MaxSize is how large an upload is at most, in bytes. The limit of the
	// server for bodies does not count. Default: 10 MiB.
	MaxSize int64

	// Expires is how long a ticket is valid: the bytes must have arrived by then.
	// At most 7 days. Default: 1 hour.
	Expires time.Duration

	// Secret seals tickets and links; it is the same on every instance. Default:
	// GORGON_SECRET of the environment; without that, a random one, with which
	// tickets and links are those of one process.
	Secret string
}

// A File is what a browser says about a file that it wants to upload.
type File struct {
	Name   string // as its user calls it; "" if that is not known
	Size   int64  // -1 if that is not known: of a form without scripts
	Type   string
	SHA256 blobs.Digest // zero if it was not announced
}

// A Bucket is a part of an app. Make it with [New].
type Bucket struct {
	o      Options
	store  blobs.Store // its part
	key    *sealed.Key
	cross  *http.CrossOriginProtection
	faults []error
}

const (
	defaultSize    = 10 << 20
	defaultExpires = time.Hour
	sweepEvery     = 15 * time.Minute
)

// New makes a bucket. What is wrong with its options is a fault of the app that
// lists it.
func New(o Options) *Bucket {
	b := &Bucket{o: o, cross: http.NewCrossOriginProtection()}
	fault := func(text string) { b.faults = append(b.faults, errors.New(text)) }
	if o.Name == "" || strings.Trim(o.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		fault(fmt.Sprintf("Name %q: use lower-case letters, digits and dashes, such as \"photos\"", o.Name))
	}
	if b.store = blobs.Sub(o.Store, o.Name); o.Store == nil {
		fault("there is no Store: add one, such as mem.NewBlobs()")
	}
	b.o.Path = cmp.Or(o.Path, "/files/"+o.Name)
	if p, err := paths.ParsePattern(b.o.Path); err != nil || len(p.Wildcards()) > 0 || strings.HasSuffix(b.o.Path, "/") {
		fault(fmt.Sprintf("Path %q: use a path without wildcards and without a slash at its end, such as \"/photos\"", b.o.Path))
	}
	if o.MaxSize < 0 || o.Expires < 0 || o.Expires > blobs.MaxExpiry {
		fault("MaxSize and Expires must not be negative, and Expires at most 7 days")
	}
	b.o.MaxSize, b.o.Expires = cmp.Or(o.MaxSize, defaultSize), cmp.Or(o.Expires, defaultExpires)
	for _, kind := range o.Types {
		if err := blobs.CheckType(strings.Replace(kind, "/*", "/any", 1)); err != nil {
			fault(fmt.Sprintf("Types has %q: write a media type such as \"image/png\", or \"image/*\"", kind))
		}
	}
	if o.Public && o.Allow != nil {
		fault("Public and Allow are both set: remove one")
	}
	b.key = sealed.NewKey([]byte(cmp.Or(o.Secret, os.Getenv("GORGON_SECRET"), rand.Text())), "bucket "+o.Name)
	if before := os.Getenv("GORGON_OLD_SECRET"); before != "" && o.Secret == "" {
		b.key = b.key.After(sealed.NewKey([]byte(before), "bucket "+o.Name))
	}
	return b
}

// Store is the bucket's part of its store: for files that the app itself puts,
// reads, lists and deletes.
func (b *Bucket) Store() blobs.Store { return b.store }

// Options are those that the bucket was made with, defaults filled in.
func (b *Bucket) Options() Options { return b.o }

// Part returns the bucket as a group of handlers, and the job that removes
// uploads that were not completed.
func (b *Bucket) Part() gorgon.Part {
	var needs []gorgon.Need
	if n, ok := b.o.Store.(interface{ Needs() []gorgon.Need }); ok {
		needs = n.Needs()
	}
	files := gorgon.Handler{Pattern: "GET " + b.o.Path + "/{key...}", Name: b.partName(), Handler: &files{b}, Needs: needs}
	if len(b.o.Upload) == 0 {
		return gorgon.Group{Parts: []gorgon.Part{files}}
	}
	at := "POST " + b.o.Path + "/uploads"
	return gorgon.Group{Parts: []gorgon.Part{
		files,
		gorgon.Handler{Pattern: at, Handler: &program{b.ticket}, Guards: b.o.Upload, Needs: needs},
		gorgon.Handler{Pattern: at + "/{ticket}/complete", Handler: &program{b.complete}, Guards: b.o.Upload, Needs: needs},
		gorgon.Handler{Pattern: at + "/form", Handler: &form{b}, Guards: b.formGuards(), Needs: needs},
		gorgon.Handler{Pattern: "GET " + b.o.Path + scriptPath, Handler: script{}},
		gorgon.Handler{Pattern: "PUT " + b.o.Path + "/uploads/{ticket}", Handler: &program{b.receive}, Needs: needs},
		gorgon.Service{Name: "sweep-" + b.o.Name, Every: sweepEvery, Run: func(ctx context.Context) error {
			_, err := b.store.Sweep(ctx)
			return err
		}, Needs: needs},
	}}
}

func (b *Bucket) partName() string { return "bucket " + b.o.Name }
