// Tests of TLS by files, of HTTP/2's limits, and of the way from the plain port.

package listen_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/gorgon-go/gorgon/listen"
)

// issue writes a certificate of its own authority and its key.
func issue(t *testing.T, dir string, serial int64, end time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: end.Add(-100 * 24 * time.Hour), NotAfter: end, DNSNames: []string{"shop.example"}}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: public}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := issue(t, dir, 1, time.Now().Add(90*24*time.Hour))
	c := &listen.Certificate{CertFile: cert, KeyFile: key, Log: slog.New(slog.DiscardHandler)}
	if _, err := c.TLS().GetCertificate(nil); err == nil {
		t.Error("a certificate that is not loaded is served")
	}
	if err := c.Load(); err != nil {
		t.Fatal(err)
	}
	url, stop := run(t, &listen.Server{TLS: c.TLS(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto+" "+listen.Scheme(r))
	})})
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	addr := strings.TrimPrefix(url, "http://")
	for protocol, want := range map[string]string{"http/1.1": "HTTP/1.1 https", "h2": "HTTP/2.0 https"} {
		if _, body, err := get(client(t, protocol), "https://"+addr); body != want {
			t.Errorf("%s: %q %v", protocol, body, err)
		}
	}
	serial := func(most uint16) int64 {
		conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, MaxVersion: most})
		if err != nil {
			return 0
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	for version, want := range map[uint16]int64{tls.VersionTLS11: 0, tls.VersionTLS12: 1, tls.VersionTLS13: 1} {
		if got := serial(version); got != want {
			t.Errorf("TLS %x: certificate %d, want %d", version, got, want)
		}
	}

	// A broken pair changes nothing.
	if err := os.WriteFile(key, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Load(); err == nil || !strings.Contains(err.Error(), cert) || !strings.Contains(err.Error(), key) {
		t.Errorf("a broken key: %v", err)
	}
	if got := serial(0); got != 1 {
		t.Errorf("after a broken pair: certificate %d", got)
	}
	issue(t, dir, 2, time.Now().Add(90*24*time.Hour))
	if err := c.Load(); err != nil {
		t.Error(err)
	}
	if got := serial(0); got != 2 {
		t.Errorf("after a new pair: certificate %d", got)
	}
	if !c.Names("shop.example") || c.Names("evil.example") {
		t.Error("it names other hosts than its own")
	}
}

func TestCertificatesAreWarnedOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &lockedBuffer{}
		cert, key := issue(t, t.TempDir(), 1, time.Now().Add(16*24*time.Hour+time.Hour))
		c := &listen.Certificate{CertFile: cert, KeyFile: key, Log: slog.New(slog.NewTextHandler(log, nil))}
		if err := c.Load(); err != nil {
			t.Fatal(err)
		}
		go c.Watch(t.Context())
		for day := 1; day <= 18; day++ {
			time.Sleep(24 * time.Hour)
			synctest.Wait()
			soon, over := strings.Count(log.String(), "expires soon"), strings.Count(log.String(), "has expired")
			if soon != min(max(0, day-2), 14) || over != max(0, day-16) {
				t.Errorf("day %d: %d warnings, %d errors", day, soon, over)
			}
		}
	})
}

func TestRedirect(t *testing.T) {
	hosts := func(host string) bool { return host == "shop.example" || host == "2001:db8::1" }
	for _, c := range []struct {
		method, host, target, port string
		status                     int
		location                   string
	}{
		{"GET", "shop.example", "/a%2fb?c=d", "443", 308, "https://shop.example/a%2fb?c=d"},
		{"HEAD", "SHOP.example.:80", "/", "", 308, "https://shop.example/"},
		{"GET", "shop.example:8080", "//evil.example/", "8443", 308, "https://shop.example:8443//evil.example/"},
		{"GET", "[2001:db8::1]:80", "/", "", 308, "https://[2001:db8::1]/"},
		{"GET", "evil.example", "/", "", 421, ""},
		{"GET", "", "/", "", 421, ""},
		{"POST", "shop.example", "/", "", 403, ""},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		r.Host = c.host
		w := httptest.NewRecorder()
		listen.Redirect{Hosts: hosts, Port: c.port}.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Location") != c.location || w.Header().Get("Cache-Control") == "" {
			t.Errorf("%s %s %s: %d %v", c.method, c.host, c.target, w.Code, w.Header())
		}
	}
}

// A client that begins with HTTP/2 on the plain port is held to the same
// limits as any other, also when it does not keep to what it was told.
func TestHTTP2Limits(t *testing.T) {
	release := make(chan struct{})
	busy := make(chan struct{}, 100)
	url, stop := run(t, &listen.Server{MaxStreams: 4, MaxHeaderBytes: 8 << 10, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		busy <- struct{}{}
		<-release
	})})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	request := func(id uint32, cookie int) {
		var block bytes.Buffer
		e := hpack.NewEncoder(&block)
		for _, f := range [][2]string{{":method", "GET"}, {":scheme", "http"}, {":authority", "x"}, {":path", "/"}} {
			_ = e.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
		}
		for ; cookie > 0; cookie -= 100 {
			_ = e.WriteField(hpack.HeaderField{Name: "cookie", Value: strings.Repeat("a", 100), Sensitive: true})
		}
		if err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true}); err != nil {
			t.Fatal(err)
		}
	}
	for id := uint32(1); id <= 13; id += 2 {
		request(id, 0)
	}
	told := uint32(0)
	refused := 0
	for refused < 3 {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatalf("%d streams were refused, then: %v", refused, err)
		}
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if n, ok := f.Value(http2.SettingMaxConcurrentStreams); ok {
				told = n
			}
		case *http2.RSTStreamFrame:
			refused++
		}
	}
	if told != 4 {
		t.Errorf("the client learned a limit of %d streams", told)
	}
	for range 4 {
		<-busy
	}
	if len(busy) > 0 {
		t.Error("more than 4 requests are under way")
	}
	close(release)
	request(15, 12<<10)
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			break // it may end the connection as well
		}
		if f, ok := frame.(*http2.MetaHeadersFrame); ok && f.StreamID == 15 {
			if status := f.PseudoValue("status"); status != "431" {
				t.Errorf("12 KiB of headers: %s", status)
			}
			break
		}
		if f, ok := frame.(*http2.RSTStreamFrame); ok && f.StreamID == 15 {
			break
		}
	}
	if len(busy) > 0 {
		t.Error("a request with 12 KiB of headers reached the handler")
	}
	_ = conn.Close()
	if err := stop(); err != nil {
		t.Error(err)
	}
}
