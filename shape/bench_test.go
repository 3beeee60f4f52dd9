package shape_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/gorgon-go/gorgon/shape"
)

const benchBody = `{"title":"Potato soup","servings":4,"unit":"piece","email":"cook@example.com","tags":["soup","hot"],"steps":[{"text":"Peel the potatoes.","minutes":10},{"text":"Boil them in salted water.","minutes":25},{"text":"Mash them with the milk.","minutes":5},{"text":"Season it, and serve it hot.","minutes":2}],"note":"It keeps for two days, cold."}`

func BenchmarkDecode(b *testing.B) {
	body := []byte(benchBody)
	b.Run("shape", func(b *testing.B) {
		s := of[Recipe](b)
		b.ReportAllocs()
		for b.Loop() {
			var r Recipe
			if faults, err := s.Decode(body, &r, shape.Options{}); faults != nil || err != nil {
				b.Fatal(faults, err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r Recipe
			d := json.NewDecoder(bytes.NewReader(body))
			d.DisallowUnknownFields()
			if err := d.Decode(&r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	var r Recipe
	s := of[Recipe](b)
	if faults, err := s.Decode([]byte(benchBody), &r, shape.Options{}); faults != nil || err != nil {
		b.Fatal(faults, err)
	}
	b.Run("shape", func(b *testing.B) {
		b.ReportAllocs()
		var out []byte
		for b.Loop() {
			var err error
			if out, err = s.Append(out[:0], &r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(&r); err != nil {
				b.Fatal(err)
			}
		}
	})
}
