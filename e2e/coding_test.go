// Every content coding contains the same bytes, and has an ETag of its own.

package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func decode(coding string, body []byte) ([]byte, error) {
	var r io.Reader = bytes.NewReader(body)
	switch coding {
	case "":
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = z
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		z, err := zstd.NewReader(r)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		r = z
	default:
		return nil, fmt.Errorf("coding %q", coding)
	}
	return io.ReadAll(r)
}

func TestCodings(t *testing.T) {
	t.Parallel()
	s := newStand(t, self(t))
	s.build()
	v := s.serve()
	// From the seed, the store, a made one again from memory, and a file.
	for _, path := range []string{"/notes/big", "/", "/made/big", "/made/big", "/humans.txt"} {
		plain, err := v.get(path, "Accept-Encoding", "identity")
		if err != nil || plain.status != http.StatusOK || plain.header.Get("Content-Encoding") != "" {
			t.Fatalf("%s: %v, %v", path, plain, err)
		}
		tags := map[string]string{plain.header.Get("Etag"): "identity"}
		for _, coding := range []string{"gzip", "br", "zstd"} {
			a, err := v.get(path, "Accept-Encoding", coding)
			if err != nil || a.status != http.StatusOK {
				t.Fatalf("%s in %s: %v, %v", path, coding, a, err)
			}
			got := a.header.Get("Content-Encoding")
			if got != coding && len(plain.body) > 1000 {
				t.Errorf("%s: %s was asked for, and %q came", path, coding, got)
			}
			if body, err := decode(got, a.body); err != nil || !bytes.Equal(body, plain.body) {
				t.Errorf("%s in %s has other bytes, %v", path, coding, err)
			}
			etag := a.header.Get("Etag")
			if other, taken := tags[etag]; etag == "" || taken && got != "" {
				t.Errorf("%s in %s has the ETag %s of %s", path, coding, etag, other)
			}
			tags[etag] = coding
			for _, condition := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
				b, err := v.get(path, "Accept-Encoding", coding, "If-None-Match", condition)
				if err != nil || b.status != http.StatusNotModified || len(b.body) > 0 || b.header.Get("Etag") != etag || b.header.Get("Vary") != a.header.Get("Vary") {
					t.Errorf("%s in %s, If-None-Match %s: %v %v, %v", path, coding, condition, b, b.header, err)
				}
			}
		}
	}
}
