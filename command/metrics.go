// Metrics and traces of a server, and where they are available.

package command

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/metrics"
)

// A metricsFlag is the address at which metrics are offered; "" for none.
type metricsFlag string

func (f *metricsFlag) add(p *program, c *cobra.Command) {
	c.Flags().StringVar((*string)(f), "metrics", "", "where Prometheus scrapes /metrics, such as :9464 on this machine alone, or 0.0.0.0:9464; none if empty (GORGON_METRICS)")
	p.fromEnv(c, "metrics", "GORGON_METRICS")
}

func (f *metricsFlag) check() error {
	if *f != "" && !isAddr(string(*f)) {
		return misused("--metrics %s: write it as host:port, such as 127.0.0.1:9464 (its default comes from GORGON_METRICS)", quoted(string(*f)))
	}
	return nil
}

// listenMetrics opens the address for scrapes; nil where there is none. It is
// done before a build that may take long.
func (v *server) listenMetrics(ctx context.Context) (*side, error) {
	p, addr := v.p, string(v.metrics)
	if addr == "" {
		return nil, nil
	}
	if v.scraped() == nil {
		return nil, misused(`--metrics %s: this program keeps no metrics: import "github.com/gorgon-go/gorgon/prometheus" and put prometheus.New(prometheus.Options{}) into command.Config.Observers`, addr)
	}
	if onLambda() != "" {
		return nil, misused("--metrics %s: nothing can scrape a Lambda function: unset GORGON_METRICS there, and push with package opentelemetry", addr)
	}
	s, err := listenSide(ctx, p.log, "metrics", addr)
	if err == nil {
		fmt.Fprintf(p.err, "metrics of %s at http://%s/metrics\n", p.app.Name, s.at)
	}
	return s, err
}

// scrapes answers scrapes.
func (v *server) scrapes() http.Handler {
	mux := http.NewServeMux()
	if h := v.scraped(); h != nil {
		mux.Handle("GET /metrics", h)
	}
	return mux
}

// scraped is the handler of the first observer that has one.
func (v *server) scraped() http.Handler {
	for _, o := range v.p.config.Observers {
		if h, ok := o.(http.Handler); ok {
			return h
		}
	}
	return nil
}

// flushTimeout is how long observers may take to send what is left.
const flushTimeout = 5 * time.Second

// observe starts the observers that send, and returns a function that stops
// them. Those that are scraped start with the server for scrapes.
func (v *server) observe(ctx context.Context, s *site, scraped *side, state func() metrics.State, more ...metrics.Observer) (_ metrics.Observer, end func(), err error) {
	p := v.p
	about := metrics.Server{App: p.app.Name, Build: s.renderer.Build, Version: versionOf(), State: state, Log: p.log}
	v.flushing.log = p.log
	var told []metrics.Observer
	var stops []func(context.Context) error
	end = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		for _, stop := range stops {
			if err := stop(ctx); err != nil {
				p.log.Warn("some metrics or traces could not be sent", "err", err)
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
			if f, ok := o.(metrics.Flusher); ok {
				v.flushing.senders = append(v.flushing.senders, f)
			}
		}
		told = append(told, o)
	}
	return metrics.Join(append(told, more...)...), end, nil
}

// versionOf is the version of the program's module; "" if it is not known.
func versionOf() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}

// states is the state of a server once it is known. Observers may ask before, and
// after an early end.
type states struct {
	known atomic.Pointer[func() metrics.State]
}

func (s *states) is(f func() metrics.State) { s.known.Store(&f) }

func (s *states) now() metrics.State {
	if f := s.known.Load(); f != nil {
		return (*f)()
	}
	return metrics.State{}
}
