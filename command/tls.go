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
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/gorgon-go/gorgon/serve"
)

// tlsFlags say where certificates come from.
type tlsFlags struct {
	cert, key string // files
	domains   string // with commas: by ACME
	dir       string // what ACME made
	directory string // of the ACME server
	redirect  string // where visitors are sent from
}

func (f *tlsFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.cert, "tls-cert", env("GORGON_TLS_CERT", ""), "file of the TLS certificate, in PEM; read again on SIGHUP (GORGON_TLS_CERT)")
	c.Flags().StringVar(&f.key, "tls-key", env("GORGON_TLS_KEY", ""), "file of its key (GORGON_TLS_KEY)")
	c.Flags().StringVar(&f.domains, "acme-domains", env("GORGON_ACME_DOMAINS", ""), "domains, with commas, to get TLS certificates for by ACME; this accepts the terms of the authority (GORGON_ACME_DOMAINS)")
	c.Flags().StringVar(&f.dir, "acme-dir", env("GORGON_ACME_DIR", ""), "folder to keep them in (GORGON_ACME_DIR)")
	c.Flags().StringVar(&f.directory, "acme-directory", env("GORGON_ACME_DIRECTORY", autocert.DefaultACMEDirectory), "URL of the ACME authority's directory (GORGON_ACME_DIRECTORY)")
	c.Flags().StringVar(&f.redirect, "redirect-from", env("GORGON_REDIRECT_FROM", ""), "plain address whose visitors are sent to TLS, or none; \":80\" where --acme-domains is given (GORGON_REDIRECT_FROM)")
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
		return misused("--redirect-from %q: write it as host:port, such as :80", f.redirect)
	}
	return nil
}

// A keeper has the certificates of a server.
type keeper struct {
	config *tls.Config
	hosts  func(host string) bool                   // those that there are certificates for
	wrap   func(fallback http.Handler) http.Handler // answers what must be answered on the plain port
	reload func() error                             // reads again what may have changed
	watch  func(context.Context)                    // beside the server
}

// keep reads or prepares the certificates; nil where none are asked for.
func (f *tlsFlags) keep(log *slog.Logger) (*keeper, error) {
	switch {
	case f.cert != "":
		c := &serve.Certificate{CertFile: f.cert, KeyFile: f.key, Log: log}
		if err := c.Load(); err != nil {
			return nil, err
		}
		return &keeper{
			config: c.TLS(), hosts: c.Names, reload: c.Load, watch: c.Watch,
			wrap: func(fallback http.Handler) http.Handler { return fallback },
		}, nil
	case len(split(f.domains)) > 0:
		if err := writable(f.dir); err != nil {
			return nil, fmt.Errorf("--acme-dir %s cannot be written to: %w: name a folder that this user may write to", f.dir, err)
		}
		domains := split(strings.ToLower(f.domains))
		m := &autocert.Manager{
			Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(f.dir), HostPolicy: autocert.HostWhitelist(domains...),
			Client: &acme.Client{DirectoryURL: f.directory, HTTPClient: &http.Client{Timeout: time.Minute}},
		}
		return &keeper{
			config: m.TLSConfig(),
			wrap: func(fallback http.Handler) http.Handler {
				challenges := m.HTTPHandler(fallback)
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					// It knows domains without a port, and the plain port
					// may be reached under another than 80.
					if host, _, err := net.SplitHostPort(r.Host); err == nil {
						r.Host = host
					}
					challenges.ServeHTTP(w, r)
				})
			},
			hosts:  func(host string) bool { return slices.Contains(domains, host) },
			reload: func() error { return nil }, // it renews by itself
			watch:  func(context.Context) {},
		}, nil
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
func (k *keeper) redirect(addr string, to net.Addr, log *slog.Logger) *serve.Server {
	if k == nil || addr == "" {
		return nil
	}
	_, port, _ := net.SplitHostPort(to.String())
	return &serve.Server{Addr: addr, Log: log, Handler: k.wrap(serve.Redirect{Hosts: k.hosts, Port: port})}
}
