// Forms without scripts, and the module.

package bucket_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/mem"
)

// A field of a form. One with a type is a file.
type field struct{ name, kind, value string }

func formOf(t *testing.T, fields ...field) (string, *bytes.Buffer) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		header := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + f.name + `"`}}
		if f.kind != "" {
			header = textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="` + f.name + `"`}, "Content-Type": {f.kind}}
		}
		part, err := w.CreatePart(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, f.value); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), &b
}

// What the bucket says of its uploads holds for forms, and nothing of a file
// that is refused is stored.
func TestForms(t *testing.T) {
	var done []string
	store := mem.NewBlobs()
	b := bucket.New(bucket.Options{
		Name: "notes", Store: store, Upload: members, Types: []string{"text/plain"}, MaxSize: 10,
		Key:  func(_ context.Context, f bucket.File) (string, error) { return f.Name, nil },
		Done: func(_ context.Context, info blobs.Info) error { done = append(done, info.Key); return nil },
	})
	s := open(t, b)
	long := strings.Repeat("x", 200<<10) // little enough that the server reads the rest, so that its answer is received
	for _, c := range []struct {
		what   string
		fields []field
		change func(r *http.Request)
		status int
		next   string
	}{
		{"two files", []field{{"a", "text/plain", "one"}, {"next", "", "/list?all=1"}, {"b", "text/plain", ""}}, nil, 303, "/list?all=1"},
		{"no next", []field{{"c", "text/plain", "0123456789"}}, nil, 303, "/"},
		{"another site", []field{{"next", "", "https://evil.example/"}, {"d", "text/plain", "x"}}, nil, 303, "/"},
		{"another site without a scheme", []field{{"next", "", "//evil.example/"}, {"e", "text/plain", "x"}}, nil, 303, "/"},
		{"another site with a backslash", []field{{"next", "", `/\evil.example/`}, {"f", "text/plain", "x"}}, nil, 303, "/"},
		{"a line break", []field{{"next", "", "/\r\nSet-Cookie: a=b"}, {"g", "text/plain", "x"}}, nil, 303, "/"},
		{"taken", []field{{"a", "text/plain", "two"}}, nil, 409, ""},
		{"too large", []field{{"x", "text/plain", "0123456789+"}}, nil, 413, ""},
		{"far too large", []field{{"x", "text/plain", long}}, nil, 413, ""},
		{"fields too large", []field{{"x", "", long}}, nil, 400, ""},
		{"another type", []field{{"x", "text/html", "x"}}, nil, 415, ""},
		{"no file", []field{{"next", "", "/"}}, nil, 400, ""},
		{"no member", []field{{"x", "text/plain", "x"}}, header("User", ""), 401, ""},
		{"from a page of another site", []field{{"x", "text/plain", "x"}}, header("Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 403, ""},
		{"no form", []field{{"x", "text/plain", "x"}}, header("Content-Type", "text/plain"), 415, ""},
		{"cut off", []field{{"x", "text/plain", "x"}}, func(r *http.Request) { r.Body = io.NopCloser(io.LimitReader(r.Body, 90)); r.ContentLength = 90 }, 400, ""},
		{"too many", slicesOf(21), nil, 413, ""},
	} {
		kind, body := formOf(t, c.fields...)
		a := s.send("POST", "/files/notes/uploads/form", body, func(r *http.Request) {
			r.Header.Set("Content-Type", kind)
			if c.change != nil {
				c.change(r)
			}
		})
		if a.StatusCode != c.status || a.Header.Get("Location") != c.next {
			t.Errorf("%s: %d to %q, want %d to %q\n%s", c.what, a.StatusCode, a.Header.Get("Location"), c.status, c.next, a.body)
		}
		if _, err := b.Store().Stat(t.Context(), "x"); err == nil {
			t.Errorf("%s: the file is there", c.what)
		}
	}
	if got := strings.Join(done[:7], ""); got != "abcdefg" {
		t.Errorf("Done was called for %s", got)
	}
}

// A client that sends all of a form before it reads, as browsers do, receives the
// response of one that is refused.
func TestRefusedFormsAreAnswered(t *testing.T) {
	s := open(t, bucket.New(bucket.Options{Name: "notes", Store: mem.NewBlobs(), Upload: members, Types: []string{"text/plain"}, MaxSize: 10}))
	long := strings.Repeat("x", 3<<20)
	for _, c := range []struct {
		what, user, kind, site string
		status                 int
	}{
		{"no member", "", "text/plain", "same-origin", 401},
		{"from a page of another site", "ada", "text/plain", "cross-site", 403},
		{"too large", "ada", "text/plain", "same-origin", 413},
		{"another type", "ada", "text/html", "same-origin", 415},
	} {
		kind, body := formOf(t, field{"x", c.kind, long})
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.(*net.TCPConn).SetWriteBuffer(256 << 10); err != nil { // else the form fits into it
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(conn, "POST /files/notes/uploads/form HTTP/1.1\r\nHost: %s\r\nUser: %s\r\nSec-Fetch-Site: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
			conn.RemoteAddr(), c.user, c.site, kind, body.Len())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := body.WriteTo(conn); err != nil {
			t.Errorf("%s: the server does not read the form: %v", c.what, err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: there is no response: %v", c.what, err)
			continue
		}
		if _, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != c.status {
			t.Errorf("%s: %d, %v, want %d", c.what, resp.StatusCode, err, c.status)
		}
	}
}

func slicesOf(n int) (all []field) {
	for i := range n {
		all = append(all, field{"many" + string(rune('a'+i)), "text/plain", "x"})
	}
	return all
}

// The module is stored by caches for as long as it is the one that a page asks
// for, and the files of the bucket stay what they are.
func TestScript(t *testing.T) {
	b := bucket.New(bucket.Options{Name: "notes", Store: mem.NewBlobs(), Upload: members})
	s := open(t, b)
	for target, want := range map[string]string{
		b.Script(t.Context()):                 "public, max-age=31536000, immutable",
		"/files/notes/uploads/upload.js?v=no": "public, max-age=0, must-revalidate",
	} {
		a := s.send("GET", target, nil, nil)
		if a.StatusCode != 200 || a.Header.Get("Cache-Control") != want || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/javascript") || !bytes.Contains(a.body, []byte("data-gorgon-upload")) {
			t.Errorf("%s: %d %v", target, a.StatusCode, a.Header)
		}
	}
	if got := b.Form(t.Context()); got != "/files/notes/uploads/form" {
		t.Error(got)
	}
}
