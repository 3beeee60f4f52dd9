// TLS for a server that faces the network itself: by files, or by ACME.

package command

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/acme/autocert"

	"github.com/gorgon-go/gorgon/listen"
)

// tlsFlags say where certificates come from.
type tlsFlags struct {
	cert, key string // files
	domains   string // with commas: by ACME
	dir       string // what ACME made
	directory string // of the ACME server
	redirect  string // where visitors are sent from
}

func (f *tlsFlags) add(p *program, c *cobra.Command) {
	c.Flags().StringVar(&f.cert, "tls-cert", "", "file of the TLS certificate, in PEM; read again on SIGHUP (GORGON_TLS_CERT)")
	c.Flags().StringVar(&f.key, "tls-key", "", "file of its key (GORGON_TLS_KEY)")
	c.Flags().StringVar(&f.domains, "acme-domains", "", "domains, with commas, to get TLS certificates for by ACME; this accepts the terms of the authority (GORGON_ACME_DOMAINS)")
	c.Flags().StringVar(&f.dir, "acme-dir", "", "folder to keep them in (GORGON_ACME_DIR)")
	c.Flags().StringVar(&f.directory, "acme-directory", autocert.DefaultACMEDirectory, "URL of the ACME authority's directory (GORGON_ACME_DIRECTORY)")
	c.Flags().StringVar(&f.redirect, "redirect-from", "", "plain address whose visitors are sent to TLS, or none; \":80\" where --acme-domains is given (GORGON_REDIRECT_FROM)")
	for flag, name := range map[string]string{
		"tls-cert": "GORGON_TLS_CERT", "tls-key": "GORGON_TLS_KEY", "acme-domains": "GORGON_ACME_DOMAINS",
		"acme-dir": "GORGON_ACME_DIR", "acme-directory": "GORGON_ACME_DIRECTORY", "redirect-from": "GORGON_REDIRECT_FROM",
	} {
		p.fromEnv(c, flag, name)
	}
}

func (f *tlsFlags) check() error {
	switch byFiles, byACME := f.cert != "" || f.key != "", len(split(f.domains)) > 0; {
	case byFiles && byACME:
		return misused("--tls-cert and --acme-domains: use one of the two")
	case (f.cert == "") != (f.key == ""):
		return misused("--tls-cert and --tls-key belong together: name both files")
	case byACME && f.dir == "":
		return misused("--acme-domains needs --acme-dir: name a folder that outlives the server, since authorities refuse to certify the same domain again and again")
	case byACME && f.redirect == "":
		f.redirect = ":80"
	case !byFiles && !byACME && f.redirect != "" && f.redirect != "none":
		return misused("--redirect-from leads to TLS, and there is none: name --tls-cert and --tls-key, or --acme-domains")
	}
	if f.redirect == "none" {
		f.redirect = ""
	}
	if f.redirect != "" && checkAddr(f.redirect) != nil {
		return misused("--redirect-from %s: write it as host:port, such as :80", quoted(f.redirect))
	}
	return nil
}

// certificates are the certificates of a server.
type certificates struct {
	config *tls.Config
	hosts  func(host string) bool                   // those that there are certificates for
	wrap   func(fallback http.Handler) http.Handler // answers what must be answered on the plain port
	reload func() error                             // reads again what may have changed
	watch  func(context.Context)                    // beside the server
}

// keep reads or prepares the certificates; nil where none are asked for.
func (f *tlsFlags) keep(log *slog.Logger) (*certificates, error) {
	switch {
	case f.cert != "":
		c := &listen.Certificate{CertFile: f.cert, KeyFile: f.key, Log: log}
		if err := c.Load(); err != nil {
			return nil, err
		}
		return &certificates{
			config: c.TLS(), hosts: c.Names, reload: c.Load, watch: c.Watch,
			wrap: func(fallback http.Handler) http.Handler { return fallback },
		}, nil
	case len(split(f.domains)) > 0:
		if err := writable(f.dir); err != nil {
			return nil, fmt.Errorf("--acme-dir %s cannot be written to: %w: name a folder that this user may write to", f.dir, err)
		}
		return newAuthority(f, log).certificates(), nil
	}
	return nil, nil
}

// writable says whether a folder can be written to, making it where it is
// missing.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".writable-")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// redirect is the server of the plain port, not listening yet; nil where
// there is none.
func (k *certificates) redirect(addr string, to net.Addr, log *slog.Logger) *listen.Server {
	if k == nil || addr == "" {
		return nil
	}
	_, port, _ := net.SplitHostPort(to.String())
	return &listen.Server{Addr: addr, Log: log, Handler: k.wrap(listen.Redirect{Hosts: k.hosts, Port: port})}
}
