// A certificate in files, which may change while the server runs.

package listen

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// expiresSoon is how long before its end a certificate is warned of.
const expiresSoon = 14 * 24 * time.Hour

// A Certificate is a pair of files in PEM: the certificate with those that
// lead to its root, and its key. Load reads them, before anything else.
type Certificate struct {
	CertFile, KeyFile string

	Log *slog.Logger // default: slog.Default()

	pair atomic.Pointer[tls.Certificate]
}

// Load reads the files, again too: connections made later have what they hold
// now. Files that do not fit each other change nothing: what was there is
// kept, and the error says why.
func (c *Certificate) Load() error {
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err == nil && pair.Leaf == nil { // with GODEBUG=x509keypairleaf=0
		pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0])
	}
	if err != nil {
		return fmt.Errorf("load certificate %s: %w (name a certificate in PEM, and with %s its own key)", c.CertFile, err, c.KeyFile)
	}
	c.pair.Store(&pair)
	c.warn()
	return nil
}

// Watch warns once a day of a certificate that ends within 14 days, until ctx
// ends. Load warns by itself.
func (c *Certificate) Watch(ctx context.Context) {
	daily := time.NewTicker(24 * time.Hour)
	defer daily.Stop()
	for {
		select {
		case <-daily.C:
			c.warn()
		case <-ctx.Done():
			return
		}
	}
}

func (c *Certificate) warn() {
	log := c.Log
	if log == nil {
		log = slog.Default()
	}
	switch end := c.pair.Load().Leaf.NotAfter; {
	case !time.Now().Before(end):
		log.Error("the TLS certificate has expired: renew it, and send SIGHUP", "file", c.CertFile, "ended", end)
	case time.Until(end) < expiresSoon:
		log.Warn("the TLS certificate expires soon: renew it, and send SIGHUP", "file", c.CertFile, "ends", end)
	}
}

// Names says whether the certificate is for a host.
func (c *Certificate) Names(host string) bool {
	pair := c.pair.Load()
	return pair != nil && pair.Leaf.VerifyHostname(host) == nil
}

// TLS is what a Server serves with. It is the certificate that is loaded when
// a connection is made.
func (c *Certificate) TLS() *tls.Config {
	return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		if pair := c.pair.Load(); pair != nil {
			return pair, nil
		}
		return nil, errors.New("the certificate is not loaded")
	}}
}
