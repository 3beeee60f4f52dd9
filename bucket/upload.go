// Uploads: tickets, bytes, and the end.

package bucket

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
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
	u, err := b.upload(r.Context(), in)
	if err != nil {
		return err
	}
	t, err := b.o.Store.Ticket(r.Context(), u)
	if err != nil {
		return b.uploadFault(err)
	}
	text, err := json.Marshal(token{t.ID, t.Size, t.Type, t.Expires, serve.CallerOf(r.Context())})
	if err != nil {
		return err
	}
	at := gorgon.FileURL(r.Context(), b.root(r.Context())+"/uploads/"+b.key.Seal(text, "ticket"))
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

// upload is what a ticket binds.
func (b *Bucket) upload(ctx context.Context, in ask) (u blobs.Upload, err error) {
	u = blobs.Upload{Size: *in.Size, Type: cmp.Or(in.Type, blobs.DefaultType), SHA256: in.SHA256, Expires: time.Now().Add(b.o.Expires), IfNew: !b.o.Replace, Direct: true}
	switch {
	case u.Size < 0:
		return u, refuse(http.StatusBadRequest, "The size is below zero.")
	case u.Size > b.o.MaxSize:
		return u, refuse(http.StatusRequestEntityTooLarge, "The file is too large.")
	case blobs.CheckType(u.Type) != nil || !b.takes(u.Type):
		return u, refuse(http.StatusUnsupportedMediaType, "Files of this type are not accepted.")
	}
	choose := b.o.Key
	if choose == nil {
		choose = randomKey
	}
	u.Key, err = choose(ctx, File{in.Name, u.Size, u.Type})
	if err == nil && blobs.CheckKey(u.Key) != nil {
		err = &gorgon.Error{Op: "upload", Path: b.o.Name, Err: blobs.CheckKey(u.Key), Hint: "return another key from Options.Key"}
	}
	return u, err
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

// opened is the ticket of a request.
func (b *Bucket) opened(r *http.Request) (t token, err error) {
	text, err := b.key.Open(r.PathValue("ticket"), "ticket")
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
	t, err := b.opened(r)
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
	n, err := b.o.Store.Receive(r.Context(), t.ID, 0, listen.Whole(w, r))
	if err == nil && n < t.Size {
		return refuse(http.StatusBadRequest, "The file has another size than its ticket says.")
	}
	if err != nil {
		return b.uploadFault(err)
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
	t, err := b.opened(r)
	if err != nil {
		return err
	}
	if t.Caller != serve.CallerOf(r.Context()) {
		return refuse(http.StatusForbidden, "The ticket is that of another user.")
	}
	info, err := b.o.Store.Complete(r.Context(), t.ID)
	if err != nil {
		return b.uploadFault(err)
	}
	if b.o.Done != nil {
		if err := b.o.Done(r.Context(), info); err != nil {
			return err
		}
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
