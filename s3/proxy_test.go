//go:build unix

// A reverse proxy in front of the service, which counts requests and
// interferes.

package s3_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/gorgon-go/gorgon/testbed"
)

// errCut makes a proxy cut the connection instead of answering.
var errCut = errors.New("cut")

// A proxy passes requests on. Set the hooks before using it.
type proxy struct {
	location string
	before   func(*http.Request)        // may wait
	after    func(*http.Response) error // may change the response; errCut

	mu    sync.Mutex
	seen  []string // such as "PUT state/head"
	conns atomic.Int64
}

func newProxy(t testing.TB, location string) *proxy {
	t.Helper()
	u, err := url.Parse(location)
	must(t, err)
	target, err := url.Parse(u.Query().Get("endpoint"))
	must(t, err)
	p := &proxy{before: func(*http.Request) {}, after: func(*http.Response) error { return nil }}
	prefix := "/" + u.Host + u.Path + "/v1/"
	transport := new(http.Transport)
	reverse := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // which is signed
		},
		ModifyResponse: func(r *http.Response) error { return p.after(r) },
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, prefix)
		if !ok {
			name = "?" + strings.TrimPrefix(r.URL.Query().Get("prefix"), strings.TrimPrefix(prefix, "/"+u.Host+"/"))
		}
		p.mu.Lock()
		p.seen = append(p.seen, r.Method+" "+name)
		p.mu.Unlock()
		p.before(r)
		reverse.ServeHTTP(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			p.conns.Add(1)
		case http.StateClosed, http.StateHijacked:
			p.conns.Add(-1)
		}
	}
	server.Start()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close(); transport.CloseIdleConnections() })
	p.location = strings.Replace(location, target.Host, server.Listener.Addr().String(), 1)
	return p
}

// since returns the requests since its last call, without keys and nonces, in
// alphabetical order.
func (p *proxy) since() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, s := range p.seen {
		for _, kind := range []string{"pages/", "state/leases/", "state/base/", "state/uses/", "state/proof/"} {
			if i := strings.Index(s, kind); i >= 0 {
				s = s[:i+len(kind)]
			}
		}
		all = append(all, s)
	}
	p.seen = nil
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// is says whether a request is of a kind.
func is(r *http.Request, method, part string) bool {
	return r.Method == method && strings.Contains(r.URL.Path, part)
}

// shiftDate makes responses show another time.
func shiftDate(d time.Duration) func(*http.Response) error {
	return func(r *http.Response) error {
		r.Header.Set("Date", time.Now().Add(d).UTC().Format(http.TimeFormat))
		return nil
	}
}

// age makes records look older in responses.
func age(d time.Duration) func(*http.Response) error {
	return func(r *http.Response) error {
		if is(r.Request, "GET", "/v1/pages/") && r.StatusCode == http.StatusOK {
			r.Header.Set("Last-Modified", time.Now().Add(-d).UTC().Format(http.TimeFormat))
		}
		return nil
	}
}

// bucket returns the bucket itself, and the prefix of a location's names in it.
func bucket(t testing.TB, location string) (client *minio.Core, prefix string) {
	t.Helper()
	u, err := url.Parse(location)
	must(t, err)
	endpoint, err := url.Parse(u.Query().Get("endpoint"))
	must(t, err)
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	client, err = minio.NewCore(endpoint.Host, &minio.Options{
		Creds: credentials.NewStaticV4(testbed.S3Key, testbed.S3Secret, ""), Region: "us-east-1", Transport: transport,
	})
	must(t, err)
	return client, strings.TrimPrefix(u.Path, "/") + "/v1/"
}

// names returns the objects whose names begin so, without the prefix.
func names(t testing.TB, location, begin string) (all []string) {
	t.Helper()
	client, prefix := bucket(t, location)
	for o := range client.ListObjectsIter(t.Context(), "pages", minio.ListObjectsOptions{Prefix: prefix + begin, Recursive: true}) {
		must(t, o.Err)
		all = append(all, strings.TrimPrefix(o.Key, prefix))
	}
	return all
}

func rawRead(t testing.TB, client *minio.Core, name string) []byte {
	t.Helper()
	body, _, _, err := client.GetObject(t.Context(), "pages", name, minio.GetObjectOptions{})
	must(t, err)
	defer body.Close()
	data, err := io.ReadAll(body)
	must(t, err)
	return data
}

func rawWrite(t testing.TB, client *minio.Core, name string, data []byte) {
	t.Helper()
	_, err := client.PutObject(t.Context(), "pages", name, bytes.NewReader(data), int64(len(data)), "", "", minio.PutObjectOptions{})
	must(t, err)
}
