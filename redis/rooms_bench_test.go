//go:build unix

package redis_test

import (
	"slices"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

func BenchmarkRooms(b *testing.B) {
	s, do := openRooms(b, place(b), nil), direct(b, server.Addr)
	must(b, s.Beat(b.Context(), rooms.Instance{ID: "one", Address: "10.0.0.1:80", Key: "key"}, time.Hour))
	seat, err := s.Claim(b.Context(), canvas, rooms.Claim{Instance: "one"})
	must(b, err)
	var at rooms.Position
	entries := func(n int) (list [][]byte) {
		for range n {
			list = append(list, make([]byte, 100))
		}
		return list
	}
	appends := func(list [][]byte) func() error {
		return func() (err error) {
			at, err = s.Append(b.Context(), canvas, rooms.Append{Token: seat.Token, After: at, Entries: list})
			if at.Seq > 100_000 {
				err = s.Save(b.Context(), canvas, at, make([]byte, 4096), 2000)
			}
			return err
		}
	}
	for _, c := range []struct {
		name string
		call func() error
	}{
		{"RoundTrip", func() error { return do("PING").Error() }},
		{"Append1", appends(entries(1))},
		{"Append100", appends(entries(100))},
		{"Read100", func() error {
			_, err := s.Read(b.Context(), canvas, at.Seq-100, 100)
			return err
		}},
		{"Claim", func() error {
			_, err := s.Claim(b.Context(), canvas, rooms.Claim{Instance: "one"})
			return err
		}},
		{"Positions100", func() error {
			_, err := s.Positions(b.Context(), slices.Repeat([]string{canvas}, 100))
			return err
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				must(b, c.call())
			}
		})
	}
}
