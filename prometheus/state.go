// The state of the server at the moment of a scrape.

package prometheus

import (
	client "github.com/prometheus/client_golang/prometheus"

	"github.com/gorgon-go/gorgon/metrics"
)

// A state asks the server once for each scrape, so that its values are
// consistent.
type state struct {
	ask        func() metrics.State
	values     []value[metrics.State]
	kinds      []value[metrics.Kind]
	indicators []value[metrics.Indicator]
}

// A value is a number with what Prometheus knows of it.
type value[T any] struct {
	desc *client.Desc
	kind client.ValueType
	of   func(T) float64
}

func newState(ask func() metrics.State) *state {
	return &state{
		ask: ask, values: described(metrics.Values()), kinds: described(metrics.KindValues(), "kind"),
		indicators: described(metrics.IndicatorValues(), "name"),
	}
}

func described[T any](values []metrics.Value[T], labels ...string) []value[T] {
	list := make([]value[T], len(values))
	for i, v := range values {
		list[i] = value[T]{desc: client.NewDesc(v.Name, v.Help, labels, nil), kind: client.GaugeValue, of: v.Of}
		if v.Counter {
			list[i].kind = client.CounterValue
		}
	}
	return list
}

// Describe and Collect implement prometheus.Collector.
func (s *state) Describe(to chan<- *client.Desc) {
	describe(to, s.values)
	describe(to, s.kinds)
	describe(to, s.indicators)
}

func describe[T any](to chan<- *client.Desc, values []value[T]) {
	for _, v := range values {
		to <- v.desc
	}
}

func (s *state) Collect(to chan<- client.Metric) {
	now := s.ask()
	collect(to, s.values, now)
	for _, k := range now.Kinds {
		collect(to, s.kinds, k, k.Name)
	}
	for _, i := range now.Indicators {
		collect(to, s.indicators, i, i.Name)
	}
}

func collect[T any](to chan<- client.Metric, values []value[T], of T, labels ...string) {
	for _, v := range values {
		to <- client.MustNewConstMetric(v.desc, v.kind, v.of(of), labels...)
	}
}
