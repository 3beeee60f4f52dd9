// Package tus receives uploads that can be resumed, into a bucket: by version 1
// of the protocol of tus.io, whose clients exist for browsers and phones.
//
//	Parts: []gorgon.Part{photos, tus.Resumable(photos, tus.Options{})}
//
// A client creates an upload by POST to the path of the bucket and "/resumable",
// with Upload-Length, and the filename and filetype of Upload-Metadata. It sends
// bytes by PATCH. After a cut it asks by HEAD how many arrived, and goes on from
// there: what the store has is not sent again. When all bytes are there the file
// is complete, and its description is the answer to POST to the upload's URL in
// the folder "uploads" of the bucket and "/complete", as for uploads by ticket.
//
// What the bucket says of who may upload, of sizes, types, keys and Done holds
// here too. The bytes go through the app, as long as they come, and no more than
// a part of them is in memory.
package tus

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"
	tusdlog "golang.org/x/exp/slog"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/serve"
)

// Options of resumable uploads. The zero value works.
type Options struct {
	// Log receives faults of the store. Default: slog.Default().
	Log *slog.Logger
}

// Resumable returns the part that receives a bucket's uploads. The bucket is a
// part of the same app, in the same group.
func Resumable(b *bucket.Bucket, o Options) gorgon.Part {
	r := &receiver{bucket: b, log: o.Log, cross: http.NewCrossOriginProtection()}
	if r.log == nil {
		r.log = slog.Default()
	}
	composer := handler.NewStoreComposer()
	composer.UseCore(r)
	composer.UseLocker(&locker{})
	own := b.Options()
	path := own.Path + "/resumable"
	r.tus, r.fault = handler.NewUnroutedHandler(handler.Config{
		StoreComposer: composer, BasePath: path, MaxSize: own.MaxSize,
		DisableDownload: true, DisableTermination: true, DisableConcatenation: true,
		Cors: &handler.CorsConfig{Disable: true}, Logger: tusdlog.New(silent{}), // it writes URLs, which are secret
		NetworkTimeout: 30 * time.Second,
	})
	if len(own.Upload) == 0 {
		r.fault = errors.New("the bucket has no Upload: say who may upload, or remove tus.Resumable")
	}
	var parts []gorgon.Part
	for pattern, answer := range map[string]http.HandlerFunc{
		"POST " + path: r.tus.PostFile, "HEAD " + path + "/{id}": r.tus.HeadFile, "PATCH " + path + "/{id}": r.tus.PatchFile,
	} {
		parts = append(parts, gorgon.Handler{Pattern: pattern, Handler: &method{r, r.tus.Middleware(answer)}, Guards: own.Upload})
	}
	return gorgon.Group{Parts: parts}
}

// A receiver is the store of tusd.
type receiver struct {
	bucket *bucket.Bucket
	tus    *handler.UnroutedHandler
	log    *slog.Logger
	cross  *http.CrossOriginProtection
	fault  error
}

// A method is one of tus.
type method struct {
	*receiver
	next http.Handler
}

// Word is what the handler is called in lists of the parts of an app.
func (*method) Word() string { return "bucket" }

// WantsProblem says that clients are programs.
func (*method) WantsProblem(*http.Request) bool { return true }

// Validate lists the faults of the declaration.
func (m *method) Validate() error { return m.fault }

func (m *method) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "private, no-store")
	if m.cross.Check(r) != nil && !serve.SameOrigin(r) {
		serve.Fail(w, r, &gorgon.Error{Op: "upload", Kind: gorgon.KindForbidden, Message: "The request came from a page of another site."})
		return
	}
	body := &body{ReadCloser: listen.Unbounded(r), control: http.NewResponseController(w)}
	r = r.WithContext(context.WithValue(r.Context(), bodyKey{}, body))
	r.Body = body
	w = &located{ResponseWriter: w, path: gorgon.FileURL(r.Context(), r.URL.Path)}
	if id := r.PathValue("id"); id != "" { // tusd takes the whole path for it
		inner := *r.URL
		inner.Path, inner.RawPath = "/"+id, ""
		r.URL = &inner
	}
	m.next.ServeHTTP(w, r)
}

// A located writer says where an upload is as the app's URLs do: tusd makes a
// URL with the host and scheme of the request, which a proxy may have replaced.
type located struct {
	http.ResponseWriter
	path string // of the request that creates it
}

func (l *located) WriteHeader(status int) {
	if at := l.Header().Get("Location"); at != "" {
		l.Header().Set("Location", l.path+at[strings.LastIndexByte(at, '/'):])
	}
	l.ResponseWriter.WriteHeader(status)
}

func (l *located) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// NewUpload begins an upload.
func (r *receiver) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	if info.SizeIsDeferred || info.IsPartial || info.IsFinal {
		return nil, handler.NewError("ERR_UNSUPPORTED", "say how large the file is", http.StatusBadRequest)
	}
	t, token, err := r.bucket.Begin(ctx, bucket.File{Name: info.MetaData["filename"], Size: info.Size, Type: info.MetaData["filetype"]}, false)
	if err != nil {
		return nil, r.failed(ctx, err)
	}
	return &upload{r, token, t.ID}, nil
}

// GetUpload finds the upload of a URL.
func (r *receiver) GetUpload(ctx context.Context, token string) (handler.Upload, error) {
	_, id, err := r.bucket.Pending(ctx, token)
	if err != nil {
		return nil, r.failed(ctx, err)
	}
	return &upload{r, token, id}, nil
}

// failed is what a client sees of an error.
func (r *receiver) failed(ctx context.Context, err error) error {
	status := failure.Status(err)
	f := failure.Of(err, "", "")
	if status >= 500 && ctx.Err() == nil {
		r.log.Error("a resumable upload failed", "bucket", r.bucket.Options().Name, "err", err)
	}
	if status == http.StatusConflict && f.Message == "" {
		f.Message = f.Title
	}
	out := handler.NewError("ERR_UPLOAD", f.Title+" "+f.Message, status)
	var own *gorgon.Error
	if errors.As(err, &own) && own.RetryAfter > 0 {
		out.HTTPResponse.Header["Retry-After"] = "1"
		out.HTTPResponse.StatusCode = http.StatusLocked // clients of tus try again after it
	}
	return out
}

// An upload is one of tusd.
type upload struct {
	*receiver
	token, id string
}

// GetInfo says how much has arrived.
func (u *upload) GetInfo(ctx context.Context) (handler.FileInfo, error) {
	p, _, err := u.bucket.Pending(ctx, u.token)
	if err != nil {
		return handler.FileInfo{}, u.failed(ctx, err)
	}
	return handler.FileInfo{ID: u.token, Size: p.Size, Offset: p.Received}, nil
}

// WriteChunk adds what comes. If the client is cut off, tusd ends the reader
// without an error.
func (u *upload) WriteChunk(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	n, err := u.bucket.Receive(ctx, u.id, offset, src)
	if err != nil {
		return max(0, n-offset), u.failed(ctx, err)
	}
	return n - offset, nil
}

// GetReader reads nothing: files are read through the bucket.
func (u *upload) GetReader(context.Context) (io.ReadCloser, error) {
	return nil, handler.NewError("ERR_UNSUPPORTED", "read the file when it is complete", http.StatusNotFound)
}

// FinishUpload completes an upload.
func (u *upload) FinishUpload(ctx context.Context) error {
	if _, err := u.bucket.Complete(ctx, u.id); err != nil {
		return u.failed(ctx, err)
	}
	return nil
}

// silent is a log that writes nothing.
type silent struct{}

func (silent) Enabled(context.Context, tusdlog.Level) bool  { return false }
func (silent) Handle(context.Context, tusdlog.Record) error { return nil }
func (s silent) WithAttrs([]tusdlog.Attr) tusdlog.Handler   { return s }
func (s silent) WithGroup(string) tusdlog.Handler           { return s }
