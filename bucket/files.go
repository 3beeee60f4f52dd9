// Downloads.

package bucket

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/serve"
)

// files answers requests for the files of a bucket.
type files struct{ *Bucket }

// Word is what the handler is called in lists of the parts of an app.
func (*files) Word() string { return "bucket" }

// Validate lists the faults of the bucket.
func (f *files) Validate() error { return errors.Join(f.faults...) }

// maxRanges is how many ranges one request may ask for. Each is a request to
// some stores.
const maxRanges = 8

// policy is that of what visitors have uploaded: it runs nothing, and is of no
// origin.
const policy = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	err := blobs.CheckKey(key)
	if err == nil {
		err = f.allow(r, key)
	} else {
		err = gorgon.NotFound()
	}
	var info blobs.Info
	if err == nil {
		info, err = f.store.Stat(r.Context(), key)
	}
	if err != nil {
		serve.Fail(w, r, f.failed(err))
		return
	}
	f.Send(w, r, f.store, info)
}

// Send answers with a blob, with ranges and conditions, as the bucket does: for
// packages that make others of its files.
func (b *Bucket) Send(w http.ResponseWriter, r *http.Request, store blobs.Store, info blobs.Info) {
	b.describe(w.Header(), info)
	if strings.Count(r.Header.Get("Range"), ",") >= maxRanges {
		r.Header.Del("Range")
	}
	listen.Grant(w, r, int(info.Size))
	body := &seeker{ctx: r.Context(), store: store, info: info}
	defer body.close()
	http.ServeContent(w, r, "", info.Modified, body)
	if body.err != nil && r.Context().Err() == nil {
		// The answer has begun: a reader must not take the half for the whole.
		serve.Report(r, b.failed(body.err))
		panic(http.ErrAbortHandler)
	}
}

// allow says whether a request may read a file.
func (f *files) allow(r *http.Request, key string) error {
	if f.o.Public {
		return nil
	}
	serve.Private(r.Context())
	if link := r.URL.Query().Get("link"); link != "" && f.linked(link, key) {
		return nil
	}
	if f.o.Allow != nil {
		return f.o.Allow(r, key)
	}
	return &gorgon.Error{Op: "read file", Kind: gorgon.KindForbidden, Message: "This link is not valid, or has expired."}
}

// describe writes the headers of a file.
func (b *Bucket) describe(header http.Header, info blobs.Info) {
	header.Set("Content-Type", info.Type)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", policy)
	header.Set("Content-Disposition", disposition(info))
	header.Set("ETag", `"`+info.ETag+`"`)
	switch {
	case !b.o.Public:
		header.Set("Cache-Control", "private, no-store")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
	case strings.Contains(strings.ToLower(info.Key), info.SHA256.String()):
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	default:
		header.Set("Cache-Control", "public, max-age=0, must-revalidate")
	}
}

// shown are the types that browsers may show in place of saving them, beside
// sound, video and pictures.
func shown(kind string) bool {
	name, _, err := mime.ParseMediaType(kind)
	major, minor, _ := strings.Cut(name, "/")
	switch {
	case err != nil:
		return false
	case major == "image":
		return minor != "svg+xml" // which may have scripts
	}
	return major == "audio" || major == "video" || name == "text/plain"
}

func disposition(info blobs.Info) string {
	how := "attachment"
	if shown(info.Type) {
		how = "inline"
	}
	if full := mime.FormatMediaType(how, map[string]string{"filename": path.Base(info.Key)}); full != "" {
		return full
	}
	return how
}

// failed is what a visitor sees of an error of the store.
func (b *Bucket) failed(err error) error {
	if errors.Is(err, blobs.ErrNotFound) || errors.Is(err, blobs.ErrInvalid) {
		return gorgon.NotFound()
	}
	if _, ours := errors.AsType[*gorgon.Error](err); ours || errors.Is(err, context.Canceled) {
		return err
	}
	return &gorgon.Error{Op: "bucket", Path: b.o.Name, Kind: gorgon.KindUnavailable, Err: err}
}

// A seeker reads a blob from any place, and opens it where it is read.
type seeker struct {
	ctx   context.Context
	store blobs.Store
	info  blobs.Info
	at    int64
	open  io.ReadCloser // reads at at; nil if it is not open
	err   error
}

func (s *seeker) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.info.Size
	}
	if offset < 0 {
		return 0, errors.New("a place before the beginning")
	}
	if offset != s.at {
		s.close()
		s.at = offset
	}
	return offset, nil
}

func (s *seeker) Read(p []byte) (n int, err error) {
	if s.at >= s.info.Size || len(p) == 0 {
		return 0, io.EOF
	}
	if s.open == nil {
		var now blobs.Info
		if s.open, now, err = s.store.Open(s.ctx, s.info.Key, blobs.Range{From: s.at}); err == nil && now.ETag != s.info.ETag {
			err = errors.New("the file was replaced while it was sent")
		}
	}
	if err == nil {
		n, err = s.open.Read(p)
		s.at += int64(n)
	}
	if errors.Is(err, io.EOF) && s.at < s.info.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

func (s *seeker) close() {
	if s.open != nil {
		_ = s.open.Close()
		s.open = nil
	}
}
