package shape_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gorgon-go/gorgon/shape"
)

var (
	strictBodies = flag.Int("strict.bodies", 4000, "bodies that TestStrict makes")
	strictSeed   = flag.Uint64("strict.seed", 1, "seed of the bodies that TestStrict makes")
)

// A subject is a type under the judge.
type subject struct {
	name   string
	typ    reflect.Type
	shape  *shape.Type
	err    error
	bodies []string
	fits   []*value
	text   []byte // the schema
	strict *jsonschema.Schema
	open   *jsonschema.Schema // with members that are not known
}

func newSubject[T any](bodies ...string) subject {
	s := subject{typ: reflect.TypeFor[T](), bodies: bodies}
	s.name = s.typ.Name()
	if s.shape, s.err = shape.Of(s.typ); s.err != nil {
		return s
	}
	for _, body := range bodies {
		s.fits = append(s.fits, parse(body))
	}
	defs := &shape.Defs{Prefix: "#/$defs/"}
	root := s.shape.Schema(defs)
	if defs.Schemas != nil {
		root["$defs"] = defs.Schemas
	}
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	if s.text, s.err = json.Marshal(root); s.err != nil {
		return s
	}
	if s.strict, s.err = compileSchema(s.text); s.err != nil {
		return s
	}
	s.open, s.err = compileSchema(bytes.ReplaceAll(s.text, []byte(`"additionalProperties":false,`), nil))
	return s
}

func compileSchema(text []byte) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("schema.json")
}

// A way is a way to accept and to encode a body, which the judge tests.
type way struct {
	name   string
	only   string // a subject, or all
	ignore bool   // members that are not known
	decode func(s subject, body []byte, into any) (accepted bool, syntax error)
}

func ours(ignore bool) way {
	return way{name: "shape", ignore: ignore, decode: func(s subject, body []byte, into any) (bool, error) {
		faults, err := s.shape.Decode(body, into, shape.Options{IgnoreUnknown: ignore})
		return len(faults) == 0 && err == nil, err
	}}
}

// judgeBody returns how a way breaks the law with one body, or "". Bodies that
// are not well-formed are refused by every way alike, and say nothing.
func judgeBody(w way, s subject, body []byte) (fault string, accepted bool) {
	into := reflect.New(s.typ).Interface()
	accepted, syntax := w.decode(s, body, into)
	if formed := wellFormed(body); formed != (syntax == nil) {
		return fmt.Sprintf("well-formed: %v, but the error is: %v", formed, syntax), accepted
	} else if !formed {
		return "", false
	}
	schema := s.strict
	if w.ignore {
		schema = s.open
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Sprintf("the judge cannot read it: %v", err), accepted
	}
	if err := schema.Validate(doc); (err == nil) != accepted {
		return fmt.Sprintf("accepted: %v, but the schema says: %v", accepted, err), accepted
	}
	if !accepted {
		return "", false
	}
	out, err := s.shape.Append(nil, into)
	if err != nil {
		return fmt.Sprintf("accepted, but encoding fails: %v", err), true
	}
	again, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
	if err != nil {
		return fmt.Sprintf("encoded as %s: %v", out, err), true
	}
	if err := s.strict.Validate(again); err != nil {
		return fmt.Sprintf("encoded as %s, which the schema refuses: %v", out, err), true
	}
	if !faithful(doc, again, w.ignore) {
		return fmt.Sprintf("encoded as %s, which says something else", out), true
	}
	if faults := s.shape.Check(into); faults != nil {
		return fmt.Sprintf("accepted, but Check finds %v", faults), true
	}
	return "", true
}

// hunt judges n bodies. It returns the first fault, and how many bodies the
// way accepted.
func hunt(w way, n int, seed uint64) (fault string, bodies, accepted int) {
	var of []subject
	var mutators []*mutator
	for i, s := range subjects {
		if w.only == "" || w.only == s.name {
			of = append(of, s)
			mutators = append(mutators, newMutator(rand.New(rand.NewPCG(seed, uint64(i))), s.text))
		}
	}
	for i := range n {
		s, m := of[i%len(of)], mutators[i%len(of)]
		body := m.body(pick(m, s.fits))
		for hugeExponent.MatchString(body) {
			body = m.body(pick(m, s.fits))
		}
		fault, ok := judgeBody(w, s, []byte(body))
		if fault != "" {
			return fmt.Sprintf("%s, body %d: %s\n\t%s", s.name, i, body, fault), i + 1, accepted
		}
		if ok {
			accepted++
		}
	}
	return "", n, accepted
}

func TestStrict(t *testing.T) {
	for _, s := range subjects {
		if s.err != nil {
			t.Fatalf("%s: %v", s.name, s.err)
		}
		for _, body := range s.bodies {
			if fault, accepted := judgeBody(ours(false), s, []byte(body)); fault != "" || !accepted {
				t.Fatalf("%s: %s: accepted %v, %s", s.name, body, accepted, fault)
			}
		}
	}
	start := time.Now()
	odd := 0
	for _, s := range subjects {
		for _, of := range s.fits {
			everywhere(of, func(body string) {
				odd++
				if fault, _ := judgeBody(ours(false), s, []byte(body)); fault != "" && !t.Failed() {
					t.Errorf("%s: %s: %s", s.name, body, fault)
				}
			})
		}
	}
	t.Logf("odd values at every place: %d bodies", odd)
	for _, ignore := range []bool{false, true} {
		n := *strictBodies * 3 / 4
		if ignore {
			n = *strictBodies - n
		}
		fault, bodies, accepted := hunt(ours(ignore), n, *strictSeed)
		if fault != "" {
			t.Errorf("ignoring unknown members %v: %s", ignore, fault)
		}
		if accepted < bodies/20 || accepted > bodies*19/20 {
			t.Errorf("%d of %d bodies were accepted: the bodies say little", accepted, bodies)
		}
		t.Logf("unknown members ignored %v: %d bodies of %d types, %d accepted, %d refused: accepted exactly where the schema accepts, and encoded so that it accepts", ignore, bodies, len(subjects), accepted, bodies-accepted)
	}
	t.Logf("in %v", time.Since(start).Round(time.Millisecond))
}
