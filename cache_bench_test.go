package gorgon_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
)

// A hit: the value is in memory and fresh. Beside it, a map of the library that
// expires nothing, and the clock, which is that of a test here.
func BenchmarkCacheGet(b *testing.B) {
	type pair struct{ From, To string }
	type rate struct {
		Pair    pair
		Value   float64
		History []float64
	}
	rates := gorgon.Cache[pair, rate]{Name: "rates", RevalidateAfter: 1000 * time.Hour, Load: func(_ context.Context, p pair) (rate, error) {
		return rate{p, 1.1, []float64{1, 2, 3, 4, 5, 6, 7, 8}}, nil
	}}
	home := gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component { return gorgon.Text("") }}
	ctx := gorgontest.Open(b, gorgon.App{Name: "bench", Parts: []gorgon.Part{rates, home}}).Context()
	b.ReportAllocs()
	for b.Loop() {
		if r, err := rates.Get(ctx, pair{"EUR", "USD"}); err != nil || r.Value != 1.1 {
			b.Fatal(r, err)
		}
	}
}

func BenchmarkCacheGetFloor(b *testing.B) {
	type pair struct{ From, To string }
	b.Run("sync.Map", func(b *testing.B) {
		var m sync.Map
		m.Store(pair{"EUR", "USD"}, 1.1)
		b.ReportAllocs()
		for b.Loop() {
			if v, ok := m.Load(pair{"EUR", "USD"}); !ok || v.(float64) != 1.1 {
				b.Fatal(v)
			}
		}
	})
	b.Run("time.Now", func(b *testing.B) {
		for b.Loop() {
			if time.Now().IsZero() {
				b.Fatal("zero")
			}
		}
	})
}
