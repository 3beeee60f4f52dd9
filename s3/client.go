// Communicating with the service: connections, keys, and what each response
// reports.

package s3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	// attempts is how many times a request is made if its failure may be
	// temporary: with the waits in between, this takes about 3 s.
	attempts = 5

	// silence is how long to wait for a response if the caller's context has no
	// deadline.
	silence = 30 * time.Second
)

// connect creates the client. It makes no request.
func (s *Store) connect() error {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	s.http = &http.Transport{
		Proxy:                 proxy,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: silence,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true,
		ForceAttemptHTTP2:     true,
	}
	client, err := minio.NewCore(s.place.host, &minio.Options{
		Creds:        keys(s.place),
		Secure:       s.place.secure,
		Transport:    &wire{s.http, &s.clock},
		Region:       s.place.region,
		BucketLookup: s.place.lookup,
		MaxRetries:   attempts,
	})
	if err != nil {
		return fmt.Errorf("open s3: endpoint: %w", err)
	}
	s.client = client
	return nil
}

// proxy returns the proxy of the environment. The error of net/http quotes its
// URL, which may contain a password.
func proxy(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errors.New("HTTP_PROXY or HTTPS_PROXY in the environment is not the URL of a proxy")
	}
	return u, nil
}

// Keys are read when they are first needed, and again when they expire.
func keys(at place) *credentials.Credentials {
	sources := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}
	// Except at Amazon, asking for the machine's role would wait for an address
	// that does not exist.
	if at.amazon() || os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "" {
		sources = append(sources, &credentials.IAM{})
	}
	return credentials.NewChainCredentials(sources)
}

// A wire carries requests. It reads the service's clock, and adds the one
// condition for which the client has no option.
type wire struct {
	http.RoundTripper
	clock *clock
}

type ifMatch struct{} // a context's key: the version that a request is about

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if etag, ok := req.Context().Value(ifMatch{}).(string); ok {
		req = req.Clone(req.Context())
		req.Header.Set("If-Match", `"`+etag+`"`)
	}
	sent := time.Now()
	resp, err := w.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		w.clock.hear(date, sent, time.Now())
	}
	return resp, nil
}

func onlyVersion(ctx context.Context, etag string) context.Context {
	return context.WithValue(ctx, ifMatch{}, etag)
}
