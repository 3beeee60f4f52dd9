// Forms: uploads that browsers make by themselves, and the module that makes
// them better.

package bucket

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/client"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/serve"
)

const (
	maxFiles  = 20      // of one form
	maxFields = 1 << 20 // bytes of all that is not a file

	scriptPath = "/uploads/upload.js"
)

// Form is the action of a form that uploads files into the bucket: by POST, as
// multipart/form-data. Each of its files is uploaded, at most 20, and then the
// browser goes to the form's field "next", a path of the app, or to "/". The
// context is that of a view, a loader or a request.
func (b *Bucket) Form(ctx context.Context) string {
	return gorgon.FileURL(ctx, b.root(ctx)+"/uploads/form")
}

// Script is the src of the module that uploads the files of forms with the
// attribute data-gorgon-upload, with progress, and again after failures. It
// exports a function for scripts, upload; see docs/buckets.md.
func (b *Bucket) Script(ctx context.Context) string {
	return gorgon.FileURL(ctx, b.root(ctx)+scriptPath) + "?v=" + scriptDigest()
}

func scriptDigest() string {
	digest := sha256.Sum256(client.Upload)
	return hex.EncodeToString(digest[:8])
}

// script answers with the module.
type script struct{}

func (script) Word() string { return "bucket" }

func (script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	control := "public, max-age=0, must-revalidate" // a page of another release has another digest
	if r.URL.Query().Get("v") == scriptDigest() {
		control = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", control)
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(client.Upload) // a client that went away is its own affair
}

// form receives the files of a form.
type form struct{ *Bucket }

func (*form) Word() string { return "bucket" }

func (f *form) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "private, no-store")
	next, err := f.receiveForm(w, r)
	if err != nil {
		serve.Fail(w, r, err)
		return
	}
	w.Header().Set("Location", next)
	w.WriteHeader(http.StatusSeeOther)
}

// formGuards are the guards of uploads. What they or the form refuse is read, so
// that the browser shows the response.
func (b *Bucket) formGuards() []func(http.Handler) http.Handler {
	guards := slices.Clone(b.o.Upload)
	guards[0] = func(next http.Handler) http.Handler {
		guarded := b.o.Upload[0](next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			guarded.ServeHTTP(w, r)
			listen.DiscardBody(w, r)
		})
	}
	return guards
}

// receiveForm takes the files of a form as they come, and says where to go.
func (b *Bucket) receiveForm(w http.ResponseWriter, r *http.Request) (next string, err error) {
	if err := b.sameSite(r); err != nil {
		return "", err
	}
	r.Body = io.NopCloser(listen.Whole(w, r))
	parts, err := r.MultipartReader()
	if err != nil {
		return "", refuse(http.StatusUnsupportedMediaType, "Send a form as multipart/form-data.")
	}
	files, fields := 0, int64(maxFields)
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF) && files == 0:
			return "", refuse(http.StatusBadRequest, "Choose a file.")
		case errors.Is(err, io.EOF):
			return local(next, gorgon.FileURL(r.Context(), "/")), nil
		case err != nil:
			return "", refuse(http.StatusBadRequest, "The form cannot be read.")
		}
		if part.FileName() == "" {
			text, err := io.ReadAll(io.LimitReader(part, fields+1))
			if fields -= int64(len(text)); err != nil || fields < 0 {
				return "", refuse(http.StatusBadRequest, "The form cannot be read.")
			}
			if part.FormName() == "next" {
				next = string(text)
			}
			continue
		}
		if files++; files > maxFiles {
			return "", refuse(http.StatusRequestEntityTooLarge, "There are too many files.")
		}
		if err := b.takePart(r.Context(), part); err != nil {
			return "", err
		}
	}
}

func (b *Bucket) takePart(ctx context.Context, part *multipart.Part) error {
	_, err := b.Take(ctx, File{Name: part.FileName(), Size: -1, Type: part.Header.Get("Content-Type")}, part)
	return err
}

// Take uploads a file that a request has brought, as the bucket's own forms do:
// for an endpoint with more fields. What the bucket says of sizes, types, keys and
// Done holds. The errors have the statuses that visitors get.
func (b *Bucket) Take(ctx context.Context, f File, r io.Reader) (info blobs.Info, err error) {
	f.Type = cmp.Or(f.Type, blobs.DefaultType)
	key, err := b.admit(ctx, f)
	if err != nil {
		return info, err
	}
	body := &bounded{r: r, left: b.o.MaxSize}
	info, err = b.store.Put(ctx, key, body, blobs.PutOptions{Type: f.Type, IfNew: !b.o.Replace})
	switch {
	case body.over:
		return info, refuse(http.StatusRequestEntityTooLarge, "The file is too large.")
	case body.cut:
		return info, refuse(http.StatusBadRequest, "The form cannot be read.")
	case err != nil:
		return info, b.uploadFault(err)
	}
	if b.o.Done != nil {
		err = b.o.Done(ctx, info)
	}
	return info, err
}

// A bounded reader fails behind a number of bytes.
type bounded struct {
	r         io.Reader
	left      int64
	over, cut bool // why it failed
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.over = true
		return 0, blobs.ErrSize
	}
	b.cut = err != nil && !errors.Is(err, io.EOF)
	return n, err
}

// local is where a form leads, if that is a path of this origin.
func local(next, fallback string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || len(next) > 2000 {
		return fallback
	}
	for _, c := range next {
		if c < ' ' || c == 0x7f || c == '\\' {
			return fallback
		}
	}
	if u, err := url.Parse(next); err != nil || u.Host != "" || strings.HasPrefix(u.Path, "//") {
		return fallback
	}
	return next
}
