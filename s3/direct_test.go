//go:build unix

// Uploads that go straight to the service: what the signature binds.

package s3_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/s3"
)

// put sends a request as a ticket says, after a change to it.
func put(t *testing.T, ticket blobs.Ticket, data []byte, change func(r *http.Request)) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), ticket.Method, ticket.URL, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = ticket.Header.Clone()
	if change != nil {
		change(r)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil { // the service may close the connection before it has read a body
		return 0
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode
}

func direct(t *testing.T, b *s3.Blobs, u blobs.Upload) blobs.Ticket {
	t.Helper()
	u.Direct = true
	if u.Expires.IsZero() {
		u.Expires = time.Now().Add(time.Hour)
	}
	ticket, err := b.Ticket(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	if ticket.Method != http.MethodPut || ticket.URL == "" {
		t.Fatalf("the ticket does not say what to send: %+v", ticket)
	}
	return ticket
}

// The service refuses a request that differs from the ticket in anything, such
// a request burns nothing, and nothing can be sent twice.
func TestDirect(t *testing.T) {
	t.Parallel()
	b := openBlobs(t, site(t), s3.BlobOptions{})
	data := []byte(strings.Repeat("0123456789", 1000))
	ticket := direct(t, b, blobs.Upload{Key: "photos/1.png", Size: int64(len(data)), Type: "image/png", SHA256: sha256.Sum256(data)})
	other := direct(t, b, blobs.Upload{Key: "photos/2.png", Size: int64(len(data)), Type: "image/png"})
	at, err := url.Parse(ticket.URL)
	if err != nil {
		t.Fatal(err)
	}
	signed := at.Query().Get("X-Amz-SignedHeaders")
	for _, name := range []string{"content-length", "content-type", "if-none-match", "host"} {
		if !strings.Contains(";"+signed+";", ";"+name+";") {
			t.Errorf("%s is not signed, only %s", name, signed)
		}
	}
	for name, c := range map[string]struct {
		data   []byte
		change func(r *http.Request)
	}{
		"fewer bytes":        {data[:len(data)-1], nil},
		"more bytes":         {append(bytes.Clone(data), 'x'), nil},
		"no bytes":           {nil, nil},
		"no size":            {data, func(r *http.Request) { r.ContentLength = -1 }},
		"another type":       {data, func(r *http.Request) { r.Header.Set("Content-Type", "text/html") }},
		"a longer type":      {data, func(r *http.Request) { r.Header.Set("Content-Type", "image/png2") }},
		"no type":            {data, func(r *http.Request) { r.Header.Del("Content-Type") }},
		"no condition":       {data, func(r *http.Request) { r.Header.Del("If-None-Match") }},
		"another condition":  {data, func(r *http.Request) { r.Header.Set("If-None-Match", `"x"`) }},
		"the key of another": {data, func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, ticket.ID, other.ID, 1) }},
		"a longer key":       {data, func(r *http.Request) { r.URL.Path += "x" }},
		"a shorter key":      {data, func(r *http.Request) { r.URL.Path = r.URL.Path[:len(r.URL.Path)-1] }},
		"a later end": {data, func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "X-Amz-Expires=", "X-Amz-Expires=9", 1)
		}},
		"another method": {nil, func(r *http.Request) { r.Method = http.MethodDelete }},
	} {
		if status := put(t, ticket, c.data, c.change); status >= 200 && status < 300 {
			t.Errorf("%s: the service answered %d", name, status)
		}
		_, err := b.Complete(t.Context(), ticket.ID)
		if !errors.Is(err, blobs.ErrIncomplete) {
			t.Errorf("%s: Complete gave %v", name, err)
		}
	}
	if status := put(t, ticket, data, nil); status != http.StatusOK {
		t.Fatalf("the request of the ticket was answered with %d", status)
	}
	if _, err := b.Stat(t.Context(), "photos/1.png"); !errors.Is(err, blobs.ErrNotFound) {
		t.Errorf("the upload is seen before it is completed: %v", err)
	}
	if status := put(t, ticket, []byte(strings.Repeat("9876543210", 1000)), nil); status != http.StatusPreconditionFailed {
		t.Errorf("a second request was answered with %d", status)
	}
	for range 2 {
		info, err := b.Complete(t.Context(), ticket.ID)
		if err != nil || info.SHA256 != sha256.Sum256(data) || info.Type != "image/png" {
			t.Errorf("%+v, %v", info, err)
		}
	}
	if status := put(t, ticket, []byte(strings.Repeat("9876543210", 1000)), nil); status != http.StatusPreconditionFailed {
		t.Errorf("a request after Complete was answered with %d", status)
	}
	r, _, err := b.Open(t.Context(), "photos/1.png", blobs.Range{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// Bytes that are not those of the digest can be sent again.
func TestDirectDigest(t *testing.T) {
	t.Parallel()
	b := openBlobs(t, site(t), s3.BlobOptions{})
	right, wrong := []byte("the right bytes"), []byte("the wrong bytes")
	ticket := direct(t, b, blobs.Upload{Key: "a", Size: int64(len(right)), SHA256: sha256.Sum256(right)})
	if status := put(t, ticket, wrong, nil); status != http.StatusOK {
		t.Fatalf("the service answered %d", status)
	}
	if _, err := b.Complete(t.Context(), ticket.ID); !errors.Is(err, blobs.ErrDigest) {
		t.Errorf("Complete gave %v", err)
	}
	if status := put(t, ticket, right, nil); status != http.StatusOK {
		t.Fatalf("the service answered %d", status)
	}
	if info, err := b.Complete(t.Context(), ticket.ID); err != nil || info.SHA256 != sha256.Sum256(right) {
		t.Errorf("%+v, %v", info, err)
	}
}

// A ticket that has expired is refused by the service.
func TestDirectExpired(t *testing.T) {
	t.Parallel()
	// The ticket is made by a clock that is late, and is not valid now.
	b := openBlobs(t, site(t), s3.BlobOptions{Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	ticket := direct(t, b, blobs.Upload{Key: "a", Size: 4, Expires: time.Now().Add(-time.Hour + 2*time.Second)})
	at, err := url.Parse(ticket.URL)
	if err != nil || at.Query().Get("X-Amz-Expires") > "2" {
		t.Errorf("the ticket is valid for %s seconds, %v", at.Query().Get("X-Amz-Expires"), err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for status := 0; status != http.StatusForbidden; {
		if time.Now().After(deadline) {
			t.Fatalf("the service still answers %d", status)
		}
		if status = put(t, ticket, []byte("data"), nil); status == http.StatusOK {
			time.Sleep(100 * time.Millisecond) // it is valid for two seconds of the client's clock
		}
		if status == http.StatusPreconditionFailed { // it was sent already, and the signature is valid still
			time.Sleep(100 * time.Millisecond)
		}
	}
}
