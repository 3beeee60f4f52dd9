// Certificates by ACME, and a voice for what goes wrong with them.

package command

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

const (
	acmeTimeout  = time.Minute    // of one request to the authority
	renewCheck   = time.Hour      // how often certificates are looked at
	tellNewAgain = time.Minute    // of a certificate that cannot be had, one line in this time
	tellOldAgain = 24 * time.Hour // of one that is not renewed
	mostAnswer   = 64 << 10       // of an authority's answer, looked at
)

// An authority gets and renews the certificates of some domains. autocert does
// that, and does not report what fails in the background.
type authority struct {
	domains []string
	cache   autocert.DirCache
	client  *acme.Client
	log     *slog.Logger
	faults  chan string // what the authority answered, or did not; the last one

	mu      sync.Mutex
	plain   bool // challenges can be answered on the plain port
	manager *autocert.Manager
	told    map[string]time.Time // when, by domain
}

func newAuthority(f *tlsFlags, log *slog.Logger) *authority {
	a := &authority{domains: split(strings.ToLower(f.domains)), cache: autocert.DirCache(f.dir), log: log, faults: make(chan string, 1), told: map[string]time.Time{}}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = func(r *http.Request) (*url.URL, error) {
		u, err := http.ProxyFromEnvironment(r)
		if err != nil { // it quotes the proxy's URL
			return nil, errors.New("HTTP_PROXY or HTTPS_PROXY in the environment is not the URL of a proxy")
		}
		return u, nil
	}
	a.client = &acme.Client{DirectoryURL: f.directory, HTTPClient: &http.Client{Timeout: acmeTimeout, Transport: &overheard{transport, a.fault}}}
	a.manager = a.newManager()
	return a
}

// newManager makes a manager, which registers the account when it first needs
// it: one that is there already stays as it is.
func (a *authority) newManager() *autocert.Manager {
	m := &autocert.Manager{Prompt: autocert.AcceptTOS, Cache: a.cache, HostPolicy: autocert.HostWhitelist(a.domains...), Client: a.client}
	if a.plain {
		m.HTTPHandler(nil) // from then on it has itself verified there too
	}
	return m
}

func (a *authority) current() *autocert.Manager {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.manager
}

// after takes another manager in the place of one that failed, once: it knows
// neither of the failure, after which autocert waits a minute, nor of an
// account.
func (a *authority) after(failed *autocert.Manager) *autocert.Manager {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.manager == failed {
		a.manager = a.newManager()
	}
	return a.manager
}

func (a *authority) certificates() *certificates {
	config := a.current().TLSConfig()
	config.GetCertificate = a.certificate
	return &certificates{
		config: config,
		wrap: func(fallback http.Handler) http.Handler {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.plain = true
			a.manager.HTTPHandler(nil)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				// It knows domains without a port, and the plain port may be
				// reached under another than 80.
				if host, _, err := net.SplitHostPort(r.Host); err == nil {
					r.Host = host
				}
				a.current().HTTPHandler(fallback).ServeHTTP(w, r)
			})
		},
		hosts:  func(host string) bool { return slices.Contains(a.domains, host) },
		reload: func() error { return nil }, // it renews by itself
		watch:  a.watch,
	}
}

// certificate finds or gets the one for a handshake. Where the authority has
// forgotten the account, it is registered again.
func (a *authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	manager := a.current()
	cert, err := manager.GetCertificate(hello)
	if isForgotten(err) {
		cert, err = a.after(manager).GetCertificate(hello)
	}
	domain := strings.TrimSuffix(strings.ToLower(hello.ServerName), ".")
	if err != nil && slices.Contains(a.domains, domain) && !slices.Contains(hello.SupportedProtos, acme.ALPNProto) {
		a.tell("there is no TLS certificate for a domain", domain, tellNewAgain, err)
	}
	return cert, err
}

// isForgotten says whether the authority does not know the account, or not any
// more.
func isForgotten(err error) bool {
	e, ok := errors.AsType[*acme.Error](err)
	return ok && e.ProblemType == problemForgotten
}

const (
	problemForgotten = "urn:ietf:params:acme:error:accountDoesNotExist"
	problemNonce     = "urn:ietf:params:acme:error:badNonce" // which is asked again at once
)

// tell writes a line about a domain, unless there was one a moment ago.
func (a *authority) tell(message, domain string, again time.Duration, err error) {
	a.mu.Lock()
	now := time.Now()
	last, told := a.told[domain]
	if told = told && now.Sub(last) < again; !told {
		a.told[domain] = now
	}
	a.mu.Unlock()
	if told {
		return
	}
	attrs := []any{"domain", domain, "err", err}
	if leaf := a.present(domain); leaf != nil {
		attrs = append(attrs, "ends", leaf.NotAfter)
	}
	a.log.Error(message, attrs...)
}

// present is the certificate of a domain that is kept; nil for none. Of two,
// which is rare, it is the one that nearly all clients get.
func (a *authority) present(domain string) *x509.Certificate {
	for _, name := range []string{domain, domain + "+rsa"} {
		data, err := a.cache.Get(context.Background(), name)
		for err == nil && len(data) > 0 {
			var block *pem.Block
			if block, data = pem.Decode(data); block == nil {
				break
			}
			if block.Type != "CERTIFICATE" {
				continue
			}
			if leaf, err := x509.ParseCertificate(block.Bytes); err == nil {
				return leaf
			}
			break
		}
	}
	return nil
}

// renewsFrom is when autocert begins to renew a certificate, and latest when
// it should have done so.
func renewsFrom(leaf *x509.Certificate) (from, latest time.Time) {
	before := min(leaf.NotAfter.Sub(leaf.NotBefore)/3, 30*24*time.Hour)
	from = leaf.NotAfter.Add(-before)
	return from, from.Add(before / 5)
}

// watch reports certificates that are not renewed, until ctx ends.
func (a *authority) watch(ctx context.Context) {
	hello := tls.ClientHelloInfo{CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
	for _, domain := range a.domains {
		if a.present(domain) != nil { // it is renewed once it was asked for
			hello.ServerName = domain
			_, _ = a.certificate(&hello)
		}
	}
	hourly := time.NewTicker(renewCheck)
	defer hourly.Stop()
	fault := ""
	for {
		began := false
		select {
		case <-ctx.Done():
			return
		case <-hourly.C:
		case fault = <-a.faults:
			began = true
		}
		for _, domain := range a.domains {
			leaf := a.present(domain)
			if leaf == nil {
				continue
			}
			from, latest := renewsFrom(leaf)
			if now := time.Now(); now.Before(from) || !began && now.Before(latest) {
				continue
			}
			why := cmp.Or(fault, "the authority said nothing that is known")
			a.tell("the TLS certificate of a domain is not renewed", domain, tellOldAgain, errors.New(why))
		}
		if began && strings.Contains(fault, problemForgotten) { // renewals use the same client
			again, cancel := context.WithTimeout(ctx, acmeTimeout)
			if _, err := a.client.Register(again, &acme.Account{}, autocert.AcceptTOS); err == nil || errors.Is(err, acme.ErrAccountAlreadyExists) {
				a.log.Info("the ACME account is registered again")
			}
			cancel()
		}
	}
}

// fault takes note of what an authority answered; the last one counts.
func (a *authority) fault(text string) {
	select {
	case <-a.faults:
	default:
	}
	select {
	case a.faults <- text:
	default: // another one did
	}
}

// overheard are requests whose failures are told.
type overheard struct {
	http.RoundTripper
	fault func(string)
}

func (o *overheard) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := o.RoundTripper.RoundTrip(r)
	if err != nil {
		o.fault(fmt.Sprintf("the authority at %s does not answer: %v", r.URL.Host, err))
		return nil, err
	}
	if !strings.Contains(res.Header.Get("Content-Type"), "json") && res.StatusCode < 400 {
		return res, nil
	}
	head, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), failing{err}, res.Body), res.Body}
	if text := faultIn(res, head); text != "" {
		o.fault(text)
	}
	return res, nil
}

// failing is a reader of nothing, with an error where there was one.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, cmp.Or(f.err, io.EOF) }

// faultIn finds what an authority refuses: a request, or, in a good answer, a
// challenge that it could not verify.
func faultIn(res *http.Response, body []byte) string {
	type problem struct{ Type, Detail string }
	var answer struct {
		problem
		Status     any
		Error      *problem
		Challenges []struct{ Error *problem }
	}
	_ = json.Unmarshal(body, &answer) // what is none says nothing
	p := answer.Error
	for _, c := range answer.Challenges {
		if p == nil {
			p = c.Error
		}
	}
	switch {
	case res.StatusCode >= 400 && answer.Type == problemNonce:
		return ""
	case res.StatusCode >= 400:
		return strings.TrimSuffix(fmt.Sprintf("the authority answers %s: %s %s", res.Status, answer.Type, firstLine(answer.Detail)), ":  ")
	case answer.Status == "invalid" && p != nil:
		return fmt.Sprintf("the authority could not verify it: %s %s", p.Type, firstLine(p.Detail))
	}
	return ""
}
