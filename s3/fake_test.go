//go:build unix

// A small service that need not honour conditions.

package s3_test

import (
	"bufio"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A fake keeps objects in memory. Each field is something it may lack.
type fake struct {
	noCreate, noReplace, noDelete bool // conditions that it ignores
	refuses                       bool // it knows no conditions, and says so
	noETag                        bool
	busy                          int // how many more requests it answers with SlowDown

	mu      sync.Mutex
	objects map[string][]byte
	written map[string]time.Time
}

func (f *fake) serve(t testing.TB) (location string) {
	f.objects, f.written = make(map[string][]byte), make(map[string]time.Time)
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return "s3://pages/fake?endpoint=" + server.URL
}

func etagOf(data []byte) string {
	sum := md5.Sum(data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, err := unchunk(r)
	name := strings.TrimPrefix(r.URL.Path, "/pages/")
	data, there := f.objects[name]
	etag := etagOf(data)
	create, replace := r.Header.Get("If-None-Match"), r.Header.Get("If-Match")
	switch {
	case err != nil:
		fail(w, http.StatusBadRequest, "BadDigest")
	case f.busy > 0:
		f.busy--
		fail(w, http.StatusServiceUnavailable, "SlowDown")
	case r.Method == http.MethodGet && r.URL.Query().Has("list-type"):
		f.list(w, r.URL.Query().Get("prefix"), r.URL.Query().Get("continuation-token"))
	case r.Method == http.MethodGet && !there:
		fail(w, http.StatusNotFound, "NoSuchKey")
	case r.Method == http.MethodGet && create == etag:
		w.WriteHeader(http.StatusNotModified)
	case r.Method == http.MethodGet:
		w.Header().Set("ETag", etag)
		w.Header().Set("Last-Modified", f.written[name].UTC().Format(http.TimeFormat))
		_, _ = w.Write(data)
	case r.Method == http.MethodPut && f.refuses && create+replace != "":
		fail(w, http.StatusNotImplemented, "NotImplemented")
	case r.Method == http.MethodPut && !f.noCreate && create == "*" && there,
		r.Method == http.MethodPut && !f.noReplace && replace != "" && (!there || replace != etag),
		r.Method == http.MethodDelete && !f.noDelete && replace != "" && replace != etag:
		fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
	case r.Method == http.MethodPut:
		f.objects[name], f.written[name] = body, time.Now()
		if !f.noETag {
			w.Header().Set("ETag", etagOf(body))
		}
	default:
		delete(f.objects, name)
		w.WriteHeader(http.StatusNoContent)
	}
}

// list returns up to 1,000 objects after one, as services do.
func (f *fake) list(w io.Writer, prefix, after string) {
	type contents struct {
		Key, ETag, LastModified string
		Size                    int
	}
	var all struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Contents              []contents
		IsTruncated           bool
		NextContinuationToken string
	}
	for name, data := range f.objects {
		if strings.HasPrefix(name, prefix) && name > after {
			all.Contents = append(all.Contents, contents{name, etagOf(data), f.written[name].UTC().Format(time.RFC3339), len(data)})
		}
	}
	slices.SortFunc(all.Contents, func(a, b contents) int { return strings.Compare(a.Key, b.Key) })
	if len(all.Contents) > 1000 {
		all.Contents = all.Contents[:1000]
		all.IsTruncated, all.NextContinuationToken = true, all.Contents[999].Key
	}
	_ = xml.NewEncoder(w).Encode(all)
}

func fail(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%[1]s it is</Message></Error>", code)
}

// unchunk reads a body, which may consist of signed chunks.
func unchunk(r *http.Request) ([]byte, error) {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return io.ReadAll(r.Body)
	}
	var body []byte
	in := bufio.NewReader(r.Body)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseInt(size, 16, 32)
		if err != nil || n == 0 {
			return body, err
		}
		chunk := make([]byte, n+2)
		if _, err := io.ReadFull(in, chunk); err != nil {
			return nil, err
		}
		body = append(body, chunk[:n]...)
	}
}
