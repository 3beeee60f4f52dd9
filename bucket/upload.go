// Uploads: tickets, bytes, and the end.

package bucket

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/serve"
)

// A program is a handler that programs call: its errors are problem documents.
type program struct {
	answer func(w http.ResponseWriter, r *http.Request) error
}

func (*program) Word() string                    { return "bucket" }
func (*program) WantsProblem(*http.Request) bool { return true }

func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "private, no-store")
	if err := p.answer(w, r); err != nil {
		serve.Fail(w, r, err)
		listen.DiscardBody(w, r)
	}
}

// refuse is an error that a visitor sees.
func refuse(status int, message string) error {
	return &gorgon.Error{Op: "upload", Kind: gorgon.KindInvalid, Status: status, Message: message}
}

// uploadFault is what a visitor sees of an error of the store.
func (b *Bucket) uploadFault(err error) error {
	for _, c := range []struct {
		err     error
		status  int
		message string
	}{
		{blobs.ErrExists, http.StatusConflict, "There is such a file already."},
		{blobs.ErrSize, http.StatusRequestEntityTooLarge, "The file has another size than its ticket says."},
		{blobs.ErrType, http.StatusUnsupportedMediaType, "The file has another type than its ticket says."},
		{blobs.ErrDigest, http.StatusUnprocessableEntity, "The bytes that arrived are not those that were announced."},
		{blobs.ErrIncomplete, http.StatusConflict, "Bytes of the file are missing."},
		{blobs.ErrOffset, http.StatusConflict, "The bytes do not follow those that are here."},
		{blobs.ErrExpired, http.StatusForbidden, "The ticket has expired."},
		{blobs.ErrNotFound, http.StatusForbidden, "The ticket has expired."},
	} {
		if errors.Is(err, c.err) {
			return refuse(c.status, c.message)
		}
	}
	if errors.Is(err, blobs.ErrBusy) {
		return &gorgon.Error{Op: "upload", Kind: gorgon.KindConflict, Message: "Another request is sending this file.", RetryAfter: time.Second}
	}
	return b.failed(err)
}

// An ask is what a browser sends for a ticket.
type ask struct {
	Name   string       `json:"name"`
	Size   *int64       `json:"size"`
	Type   string       `json:"type"`
	SHA256 blobs.Digest `json:"sha256"`
}

// A granted is the answer.
type granted struct {
	Method   string            `json:"method"`
	URL      string            `json:"url"`
	Headers  map[string]string `json:"headers"`
	Complete string            `json:"complete"`
	Expires  time.Time         `json:"expires"`
}

// A token is what travels through the browser, sealed.
type token struct {
	ID      string    `json:"i"`
	Size    int64     `json:"s"`
	Type    string    `json:"t"`
	Expires time.Time `json:"e"`
	Caller  string    `json:"c,omitempty"` // who may complete it
}

const maxAsk = 16 << 10

// ticket answers with a ticket.
func (b *Bucket) ticket(w http.ResponseWriter, r *http.Request) error {
	if err := b.sameSite(r); err != nil {
		return err
	}
	in, err := readAsk(w, r)
	if err != nil {
		return err
	}
	t, sealed, err := b.Begin(r.Context(), File{in.Name, *in.Size, in.Type, in.SHA256}, true)
	if err != nil {
		return err
	}
	at := gorgon.FileURL(r.Context(), b.root(r.Context())+"/uploads/"+sealed)
	out := granted{Method: http.MethodPut, URL: at, Headers: map[string]string{"Content-Type": t.Type}, Complete: at + "/complete", Expires: t.Expires}
	if t.URL != "" {
		out.Method, out.URL = t.Method, t.URL
		for name := range t.Header {
			out.Headers[name] = t.Header.Get(name)
		}
	}
	return send(w, http.StatusCreated, out)
}

// sameSite refuses requests that pages of other sites make.
func (b *Bucket) sameSite(r *http.Request) error {
	if b.cross.Check(r) != nil && !serve.SameOrigin(r) {
		return &gorgon.Error{Op: "upload", Kind: gorgon.KindForbidden, Message: "The request came from a page of another site."}
	}
	return nil
}

func readAsk(w http.ResponseWriter, r *http.Request) (in ask, err error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return in, refuse(http.StatusUnsupportedMediaType, "Ask for a ticket with JSON.")
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAsk))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil || in.Size == nil || d.More() {
		return in, refuse(http.StatusBadRequest, "Send a JSON object with name, size, type and perhaps sha256.")
	}
	return in, nil
}

// Begin begins an upload, as a request for a ticket does: for packages that
// receive bytes in ways of their own. The token stands for the ticket where it
// travels through a browser. With direct, the bytes may go straight to the store.
// The errors have the statuses that visitors get.
func (b *Bucket) Begin(ctx context.Context, f File, direct bool) (t blobs.Ticket, sealed string, err error) {
	f.Type = cmp.Or(f.Type, blobs.DefaultType)
	u := blobs.Upload{Size: f.Size, Type: f.Type, SHA256: f.SHA256, Expires: time.Now().Add(b.o.Expires), IfNew: !b.o.Replace, Direct: direct}
	if u.Size < 0 {
		return t, "", refuse(http.StatusBadRequest, "The size is below zero.")
	}
	if u.Key, err = b.admit(ctx, f); err != nil {
		return t, "", err
	}
	if t, err = b.store.Ticket(ctx, u); err != nil {
		return t, "", b.uploadFault(err)
	}
	text, err := json.Marshal(token{t.ID, t.Size, t.Type, t.Expires, serve.CallerOf(ctx)})
	return t, b.key.Seal(text, "ticket"), err
}

// admit chooses the key of a file, if it may be uploaded.
func (b *Bucket) admit(ctx context.Context, f File) (key string, err error) {
	switch {
	case f.Size > b.o.MaxSize:
		return "", refuse(http.StatusRequestEntityTooLarge, "The file is too large.")
	case blobs.CheckType(f.Type) != nil || !b.takes(f.Type):
		return "", refuse(http.StatusUnsupportedMediaType, "Files of this type are not accepted.")
	}
	choose := b.o.Key
	if choose == nil {
		choose = randomKey
	}
	if key, err = choose(ctx, f); err != nil {
		return "", err
	}
	if err := blobs.CheckKey(key); err != nil {
		if f.Name != "" && strings.Contains(key, f.Name) { // the visitor has chosen it
			return "", refuse(http.StatusBadRequest, "The name of the file cannot be used: choose one of letters, digits, dashes and dots.")
		}
		return "", &gorgon.Error{Op: "upload", Path: b.o.Name, Err: err, Hint: "return another key from Options.Key"}
	}
	return key, nil
}

// Pending is the upload of a token, with the ID by which the store knows it. It
// is refused if another caller has begun it.
func (b *Bucket) Pending(ctx context.Context, sealed string) (p blobs.Pending, id string, err error) {
	t, err := b.opened(sealed)
	if err == nil && t.Caller != serve.CallerOf(ctx) {
		err = refuse(http.StatusForbidden, "The ticket is that of another user.")
	}
	if err != nil {
		return p, "", err
	}
	if p, err = b.store.Pending(ctx, t.ID); err != nil {
		err = b.uploadFault(err)
	}
	return p, t.ID, err
}

// Receive adds to an upload, as [blobs.Uploads] does. The errors have the
// statuses that visitors get.
func (b *Bucket) Receive(ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
	n, err := b.store.Receive(ctx, id, offset, r)
	if err != nil {
		err = b.uploadFault(err)
	}
	return n, err
}

// Complete ends an upload, as the request of a browser does, and calls Done.
func (b *Bucket) Complete(ctx context.Context, id string) (blobs.Info, error) {
	info, err := b.store.Complete(ctx, id)
	if err != nil {
		return info, b.uploadFault(err)
	}
	if b.o.Done != nil {
		err = b.o.Done(ctx, info)
	}
	return info, err
}

// takes says whether visitors may upload files of a type.
func (b *Bucket) takes(kind string) bool {
	name, _, err := mime.ParseMediaType(kind)
	major, _, _ := strings.Cut(name, "/")
	return err == nil && (len(b.o.Types) == 0 || slices.Contains(b.o.Types, name) || slices.Contains(b.o.Types, major+"/*"))
}

// randomKey is a key that is not to be guessed.
func randomKey(_ context.Context, f File) (string, error) {
	key := strings.ToLower(rand.Text())
	ext := strings.ToLower(path.Ext(f.Name))
	if len(ext) < 2 || len(ext) > 9 || strings.Trim(ext[1:], "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return key, nil
	}
	return key + ext, nil
}

// opened is what a token stands for.
func (b *Bucket) opened(sealed string) (t token, err error) {
	text, err := b.key.Open(sealed, "ticket")
	if err == nil {
		err = json.Unmarshal(text, &t)
	}
	if err != nil {
		return t, refuse(http.StatusForbidden, "The ticket is not one of this app.")
	}
	return t, nil
}

// receive takes the bytes of an upload: exactly those of its ticket.
func (b *Bucket) receive(w http.ResponseWriter, r *http.Request) error {
	t, err := b.opened(r.PathValue("ticket"))
	switch {
	case err != nil:
		return err
	case !time.Now().Before(t.Expires):
		return b.uploadFault(blobs.ErrExpired)
	case r.Header.Get("Content-Type") != t.Type:
		return b.uploadFault(blobs.ErrType)
	case r.ContentLength > t.Size:
		return b.uploadFault(blobs.ErrSize)
	case r.ContentLength >= 0 && r.ContentLength < t.Size:
		return refuse(http.StatusBadRequest, "The file has another size than its ticket says.")
	}
	n, err := b.Receive(r.Context(), t.ID, 0, listen.Whole(w, r))
	if err != nil {
		return err
	}
	if n < t.Size {
		return refuse(http.StatusBadRequest, "The file has another size than its ticket says.")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// A finished is the answer to an upload that is complete.
type finished struct {
	Key    string       `json:"key"`
	Size   int64        `json:"size"`
	Type   string       `json:"type"`
	SHA256 blobs.Digest `json:"sha256"`
	URL    string       `json:"url,omitempty"` // of a public bucket
}

// complete ends an upload.
func (b *Bucket) complete(w http.ResponseWriter, r *http.Request) error {
	if err := b.sameSite(r); err != nil {
		return err
	}
	t, err := b.opened(r.PathValue("ticket"))
	if err != nil {
		return err
	}
	if t.Caller != serve.CallerOf(r.Context()) {
		return refuse(http.StatusForbidden, "The ticket is that of another user.")
	}
	info, err := b.Complete(r.Context(), t.ID)
	if err != nil {
		return err
	}
	out := finished{Key: info.Key, Size: info.Size, Type: info.Type, SHA256: info.SHA256}
	if b.o.Public {
		out.URL = b.URL(r.Context(), info.Key)
	}
	return send(w, http.StatusOK, out)
}

func send(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that went away is its own affair
	return nil
}
