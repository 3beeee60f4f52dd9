// What a server tells of itself, and where that can be had.

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/serve"
)

// A metricsFlag is the address at which metrics are offered; "" for none.
type metricsFlag string

func (f *metricsFlag) add(c *cobra.Command) {
	c.Flags().StringVar((*string)(f), "metrics", env("GORGON_METRICS", ""), "where Prometheus scrapes /metrics, such as :9464 on this machine alone, or 0.0.0.0:9464; none if empty (GORGON_METRICS)")
}

func (f *metricsFlag) check() error {
	if *f == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(string(*f))
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return misused("--metrics %q: write it as host:port, such as 127.0.0.1:9464 (its default comes from GORGON_METRICS)", string(*f))
	}
	return nil
}

// scraping is the server that answers Prometheus. A nil one is none.
type scraping struct {
	server   *serve.Server
	listener net.Listener
	stop     context.CancelFunc
	work     sync.WaitGroup
	err      func(error)
}

// listenMetrics opens the address for scrapes; nil where there is none. It is
// done before a build that may take long.
func (p *program) listenMetrics(ctx context.Context, addr string) (*scraping, error) {
	if addr == "" {
		return nil, nil
	}
	handler := p.scraped()
	if handler == nil {
		return nil, misused(`--metrics %s: this program keeps no metrics: import "github.com/gorgon-go/gorgon/prometheus" and put prometheus.New(prometheus.Options{}) into command.Config.Observers`, addr)
	}
	if onLambda() != "" {
		return nil, misused("--metrics %s: nothing can scrape a Lambda function: unset GORGON_METRICS there", addr)
	}
	host, port, _ := net.SplitHostPort(addr)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler)
	addr = net.JoinHostPort(cmp.Or(host, "127.0.0.1"), port)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, metricsError(addr, err)
	}
	server := &serve.Server{Listener: listener, Handler: mux, Log: p.log}
	fmt.Fprintf(p.err, "metrics of %s at http://%s/metrics\n", p.app.Name, reachable(listener.Addr()))
	return &scraping{server: server, listener: listener, err: func(err error) { p.log.Error("metrics can no longer be scraped", "err", err) }}, nil
}

// metricsError says why the address for scrapes cannot be listened on.
func metricsError(addr string, err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return fmt.Errorf("listen for scrapes at %s: %w: choose another address with --metrics, or stop what listens there", addr, err)
}

// scraped is the handler of the first observer that has one.
func (p *program) scraped() http.Handler {
	for _, o := range p.config.Observers {
		if h, ok := o.(http.Handler); ok {
			return h
		}
	}
	return nil
}

// serve answers scrapes, also while the server itself drains.
func (s *scraping) serve(ctx context.Context) {
	if s == nil {
		return
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.work.Go(func() {
		if err := s.server.Run(ctx); err != nil {
			s.err(err)
		}
	})
}

// close ends it.
func (s *scraping) close() {
	if s == nil {
		return
	}
	if s.stop == nil { // it never answered
		_ = s.listener.Close()
		return
	}
	s.stop()
	s.work.Wait()
}

// flushTimeout is how long observers may take to send what is left.
const flushTimeout = 5 * time.Second

// observe begins the observers that have somebody to tell, and returns what
// ends them. Those that are scraped are begun where scrapes are answered.
func (p *program) observe(ctx context.Context, s *site, scraped *scraping, state func() metrics.State) (_ metrics.Observer, end func(), err error) {
	about := metrics.Server{App: p.app.Name, Build: s.renderer.Build, State: state}
	if info, ok := debug.ReadBuildInfo(); ok {
		about.Version = info.Main.Version
	}
	var told []metrics.Observer
	var stops []func(context.Context) error
	end = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		for _, stop := range stops {
			if err := stop(ctx); err != nil {
				p.log.Warn("some of what was to be told of the server is lost", "err", err)
			}
		}
	}
	for _, o := range p.config.Observers {
		if _, ok := o.(http.Handler); ok && scraped == nil {
			continue
		}
		if starter, ok := o.(metrics.Starter); ok {
			stop, err := starter.Start(ctx, about)
			if err != nil {
				end()
				return nil, nil, err
			}
			if stop == nil {
				continue
			}
			stops = append(stops, stop)
		}
		told = append(told, o)
	}
	return metrics.Join(told...), end, nil
}
