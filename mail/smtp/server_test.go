// A mail server within the test, that does what a test says.

package smtp

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

const (
	user     = "relay user"
	password = "canary:/@word"
)

// A relay is a server and what it received.
type relay struct {
	*gosmtp.Server
	address string
	roots   *x509.CertPool
	mail    func() error // what MAIL FROM is answered with; nil: taken
	rcpt    func(to string) error
	data    func(ctx context.Context) error
	end     context.Context // of the test

	mu       sync.Mutex
	received []envelope
	users    []string
}

type envelope struct {
	from string
	to   []string
	raw  []byte
}

type session struct {
	*relay
	e envelope
}

func (r *relay) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return &session{relay: r}, nil }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, word string) error {
		if name != user || word != password {
			return &gosmtp.SMTPError{Code: 535, EnhancedCode: gosmtp.EnhancedCode{5, 7, 8}, Message: "canary: no such user " + name}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.users = append(s.users, name)
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *gosmtp.MailOptions) error {
	s.e = envelope{from: from}
	if s.mail != nil {
		return s.mail()
	}
	return nil
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.e.to = append(s.e.to, to)
	if s.rcpt != nil {
		return s.rcpt(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) (err error) {
	if s.e.raw, err = io.ReadAll(r); err != nil {
		return err
	}
	if s.data != nil {
		if err := s.data(s.end); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, s.e)
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// start starts a relay. With secure it has TLS from the beginning, with offers
// STARTTLS.
func start(t *testing.T, secure, offers bool) *relay {
	t.Helper()
	web := httptest.NewUnstartedServer(nil) // for its certificate, which is for example.com
	web.StartTLS()
	web.Close()
	r := &relay{roots: x509.NewCertPool(), end: t.Context()}
	r.roots.AddCert(web.Certificate())
	r.Server = gosmtp.NewServer(r)
	r.Domain, r.ErrorLog = "relay.example", log.New(io.Discard, "", 0)
	certificates := &tls.Config{Certificates: web.TLS.Certificates}
	if offers {
		r.TLSConfig = certificates
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = listener.Addr().String()
	if secure {
		listener = tls.NewListener(listener, certificates)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = r.Serve(listener) }()
	t.Cleanup(func() { _ = r.Close(); <-ended })
	return r
}

// sender sends by the relay, at a name that is not that of this machine.
func (r *relay) sender(o Options) *Sender {
	o.TLS = &tls.Config{RootCAs: r.roots, MinVersion: tls.VersionTLS12}
	if o.From == "" {
		o.From = "Club <club@club.example>"
	}
	o.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, r.address)
	}
	return New(o)
}

// last is what the relay received last.
func (r *relay) last(t *testing.T) envelope {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.received) == 0 {
		t.Fatal("the server received nothing")
	}
	return r.received[len(r.received)-1]
}

// A part is a leaf of a message, decoded.
type part struct {
	kind, name string
	body       string
}

// read parses a message as a mail program does, with the standard library.
func read(t *testing.T, raw []byte) (mail.Header, []part) {
	t.Helper()
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsFunc(line, func(c rune) bool { return c == '\n' || c == '\r' || c > '~' }) {
			t.Errorf("a line of the message is not plain: %q", line)
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v:\n%s", err, raw)
	}
	return m.Header, parts(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), "", m.Body)
}

func parts(t *testing.T, kind, coding, disposition string, body io.Reader) (all []part) {
	t.Helper()
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	if strings.HasPrefix(media, "multipart/") {
		all = append(all, part{kind: media})
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return all
			}
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, parts(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.Header.Get("Content-Disposition"), p)...)
		}
	}
	switch strings.ToLower(coding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	default:
		t.Fatalf("a part is coded as %q", coding)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	_, about, _ := mime.ParseMediaType(disposition)
	name, err := new(mime.WordDecoder).DecodeHeader(about["filename"])
	if err != nil {
		t.Fatal(err)
	}
	return []part{{media, name, strings.ReplaceAll(string(text), "\r\n", "\n")}}
}

func kinds(all []part) (list []string) {
	for _, p := range all {
		list = append(list, p.kind)
	}
	return slices.Clip(list)
}
