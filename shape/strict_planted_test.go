package shape_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/shape"
)

// The judge must find each of these. A way that refuses what is not
// well-formed, as ours does, is wrong in one point alone.
func TestStrictFindsPlantedBugs(t *testing.T) {
	lenient := func(body []byte) error {
		if wellFormed(body) {
			return nil
		}
		return errors.New("not well-formed")
	}
	for _, w := range []way{
		{name: "checked as a map, then decoded by encoding/json", only: "Recipe", ignore: true,
			decode: func(s subject, body []byte, into any) (bool, error) {
				if err := lenient(body); err != nil {
					return false, err
				}
				var doc any
				d := json.NewDecoder(bytes.NewReader(body))
				d.UseNumber()
				if d.Decode(&doc) != nil || s.open.Validate(doc) != nil {
					return false, nil
				}
				// What encoding/json refuses counts as accepted, so that
				// nothing but its folding of case is left to be found.
				if json.Unmarshal(body, into) != nil {
					return ours(true).decode(s, body, into)
				}
				return true, nil
			}},
		{name: "decoded by encoding/json, then checked", only: "Recipe",
			decode: func(s subject, body []byte, into any) (bool, error) {
				if err := lenient(body); err != nil {
					return false, err
				}
				d := json.NewDecoder(bytes.NewReader(body))
				d.DisallowUnknownFields()
				return d.Decode(into) == nil && s.shape.Check(into) == nil, nil
			}},
		{name: "null is an absent list", only: "Recipe", decode: func(s subject, body []byte, into any) (bool, error) {
			faults, err := s.shape.Decode(body, into, shape.Options{})
			for _, f := range faults {
				if f.Pointer != "/tags" || f.Detail != "must not be null" {
					return false, err
				}
			}
			return err == nil, err
		}},
		{name: "the length of a text in bytes", only: "Recipe", decode: func(s subject, body []byte, into any) (bool, error) {
			accepted, err := ours(false).decode(s, body, into)
			if r, ok := into.(*Recipe); ok && len(r.Title) > 40 {
				accepted = false
			}
			return accepted, err
		}},
		{name: "numbers rounded before they are checked", only: "Numbers", decode: func(s subject, body []byte, into any) (bool, error) {
			if err := lenient(body); err != nil {
				return false, err
			}
			rounded := regexp.MustCompile(`([:,[])(-?[0-9][-+0-9.eE]*)`).ReplaceAllFunc(body, func(found []byte) []byte {
				f, err := strconv.ParseFloat(string(found[1:]), 64)
				if err != nil {
					return found
				}
				return strconv.AppendFloat(found[:1:1], f, 'g', -1, 64)
			})
			return ours(false).decode(s, rounded, into)
		}},
		{name: "times by time.Parse alone", only: "Moments", decode: func(s subject, body []byte, into any) (bool, error) {
			loose := regexp.MustCompile(`"[0-9]{4}-[^"]*"`).ReplaceAllFunc(body, func(found []byte) []byte {
				if at, err := time.Parse(time.RFC3339, string(found[1:len(found)-1])); err == nil {
					return []byte(quote(at.Format(time.RFC3339Nano)))
				}
				return found
			})
			return ours(false).decode(s, loose, into)
		}},
	} {
		fault, bodies, _ := hunt(w, max(*strictBodies, 20000), *strictSeed)
		if fault == "" {
			t.Errorf("%s: not found in %d bodies", w.name, bodies)
			continue
		}
		t.Logf("%s: found after %d bodies: %s", w.name, bodies, fault)
	}
}
