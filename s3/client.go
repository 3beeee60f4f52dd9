// Speaking to the service: connections, keys, and what each response tells.

package s3

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	// attempts is how often a request is made that fails in a way that may
	// pass: with the waits between, they end after some 3 s.
	attempts = 5

	// silence is how long a response may be awaited by a caller whose
	// context has no end.
	silence = 30 * time.Second
)

// connect makes the client. It asks the service nothing.
func (s *Store) connect() error {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	s.http = &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
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

// keys are looked for when they are needed first, and again when they run out.
func keys(at place) *credentials.Credentials {
	sources := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}
	// Elsewhere than at Amazon, asking for the machine's role would end in a
	// wait for an address that nobody has.
	if at.amazon() || os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "" {
		sources = append(sources, &credentials.IAM{})
	}
	return credentials.NewChainCredentials(sources)
}

// A wire carries requests. It reads the service's clock, and adds the one
// condition that the client has no option for.
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
