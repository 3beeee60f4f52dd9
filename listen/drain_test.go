// Tests of stopping: which clients are asked to leave, which are waited for, and
// that no request is lost.

package listen_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/listen"
)

// client speaks one protocol to a server, and keeps its connections.
func client(t testing.TB, protocol string) *http.Client {
	p := new(http.Protocols)
	p.SetHTTP1(protocol == "http/1.1")
	p.SetHTTP2(protocol == "h2")
	p.SetUnencryptedHTTP2(protocol == "h2c")
	transport := &http.Transport{Protocols: p, MaxIdleConnsPerHost: 1000, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

func get(c *http.Client, url string) (status int, body string, err error) {
	res, err := c.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

func TestStoppingLosesNoRequest(t *testing.T) {
	const inFlight = 200
	for _, protocol := range []string{"http/1.1", "h2c"} {
		t.Run(protocol, func(t *testing.T) {
			var arrived sync.WaitGroup
			release := make(chan struct{})
			url, stop := run(t, &listen.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					arrived.Done()
					<-release
				}
				_, _ = io.WriteString(w, "whole")
			})})
			c := client(t, protocol)
			// Connections that were used before are the ones that get lost.
			for range 10 {
				if _, _, err := get(c, url); err != nil {
					t.Fatal(err)
				}
			}
			arrived.Add(inFlight)
			var answered sync.WaitGroup
			for range inFlight {
				answered.Go(func() {
					if status, body, err := get(c, url+"/slow"); status != 200 || body != "whole" || err != nil {
						t.Errorf("%d %q %v", status, body, err)
					}
				})
			}
			arrived.Wait()
			ended := make(chan error, 1)
			go func() { ended <- stop() }()
			// Once no new connection is taken, it is stopping.
			for {
				if _, _, err := get(client(t, protocol), url); err != nil {
					break
				}
				time.Sleep(time.Millisecond)
			}
			close(release)
			answered.Wait()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}
