// Metrics: what package prometheus counts, sent from time to time.

package opentelemetry

import (
	"context"
	"sync/atomic"

	client "github.com/prometheus/client_golang/prometheus"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/prometheus"
)

// counts count once they are started.
type counts struct {
	kept     atomic.Pointer[prometheus.Metrics] // nil until then
	provider *sdk.MeterProvider
	forget   func(context.Context) error
	sent     *outcome // nil until then
}

// start counts from now on, in a registry of its own. There is one way of
// counting, so what is sent has the names and the numbers of a scrape.
func (c *counts) start(ctx context.Context, s metrics.Server, to sdk.Exporter, about *resource.Resource, own client.Gatherer, sent *outcome) error {
	registry := prometheus.Registry()
	kept := prometheus.New(prometheus.Options{Registry: registry})
	forget, err := kept.Start(ctx, s)
	if err != nil {
		return err
	}
	sent.begin()
	sources := []bridge.Option{bridge.WithGatherer(registry)}
	if own != nil {
		sources = append(sources, bridge.WithGatherer(own))
	}
	// Its interval is that of the environment.
	reader := sdk.NewPeriodicReader(heardMetrics{to, sent}, sdk.WithProducer(bridge.NewMetricProducer(sources...)))
	c.provider, c.forget, c.sent = sdk.NewMeterProvider(sdk.WithReader(reader), sdk.WithResource(about)), forget, sent
	c.kept.Store(kept)
	return nil
}

func (c *counts) flush(ctx context.Context) error {
	if c.provider == nil {
		return nil
	}
	return c.sent.of(ctx, c.provider.ForceFlush)
}

func (c *counts) stop(ctx context.Context) error {
	if c.provider == nil {
		return nil
	}
	err := c.sent.of(ctx, c.provider.Shutdown)
	_ = c.forget(ctx) // it never fails
	return err
}

// heardMetrics notes whether metrics could be sent.
type heardMetrics struct {
	sdk.Exporter
	sent *outcome
}

func (h heardMetrics) Export(ctx context.Context, all *metricdata.ResourceMetrics) error {
	h.sent.note(h.Exporter.Export(ctx, all))
	return nil // it is noted
}
