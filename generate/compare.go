// Comparing two descriptions.

package generate

import (
	"fmt"
	"math/big"
	"slices"
)

// Breaking lists the changes from one description to another that a client of
// the first may not survive, each as a sentence. Everything else is additive:
// more operations, more optional inputs, more outputs, more values of an enum,
// and wider limits.
func Breaking(from, to *Model) []string {
	c := &comparison{}
	for _, old := range from.Operations {
		i := slices.IndexFunc(to.Operations, func(o *Operation) bool { return o.Name == old.Name })
		if i < 0 {
			c.found(old.Name, "was removed")
			continue
		}
		c.operation(old, to.Operations[i])
	}
	return c.changes
}

// A comparison collects changes.
type comparison struct {
	changes []string
	seen    map[[2]*Type]bool // of one input or output
}

func (c *comparison) found(at, format string, args ...any) {
	c.changes = append(c.changes, at+" "+fmt.Sprintf(format, args...))
}

func (c *comparison) operation(old, now *Operation) {
	if a, b := old.Method+" "+old.Path, now.Method+" "+now.Path; a != b {
		c.found(old.Name, "was %s and is %s", a, b)
	}
	if a, b := old.kind(), now.kind(); a != b {
		c.found(old.Name, "was %s and is %s", a, b)
		return
	}
	if old.Status != now.Status {
		c.found(old.Name, "answered with status %s and does with %s", old.Status, now.Status)
	}
	if old.Key != "" && now.Key == "" {
		c.found(old.Name, "had its effect once when it was sent again, and has it each time")
	}
	if now.Guarded && !old.Guarded {
		c.found(old.Name, "has a guard, which it had not")
	}
	c.input(old.Name+", input", old.In, now.In)
	if old.Room != nil && now.Room != nil {
		c.input(old.Name+", operation", old.Room.Op, now.Room.Op)
		c.output(old.Name+", state", old.Room.State, now.Room.State)
		c.output(old.Name+", outcome", old.Room.Out, now.Room.Out)
	}
	switch {
	case old.Out == nil:
	case now.Out == nil:
		c.found(old.Name, "no longer returns anything")
	default:
		c.output(old.Name+", output", old.Out, now.Out)
	}
}

// kind is what the operation is.
func (o *Operation) kind() string {
	switch {
	case o.Room != nil:
		return "a room"
	case o.Stream:
		return "a stream"
	}
	return "a call"
}

// output compares what a client receives.
func (c *comparison) output(at string, old, now *Type) {
	c.seen = map[[2]*Type]bool{}
	c.received(at, old, now)
}

// input compares what an operation takes. No input is an object without fields.
func (c *comparison) input(at string, old, now *Type) {
	if old == nil {
		old = &Type{Kind: Object}
	}
	if now == nil {
		now = &Type{Kind: Object}
	}
	c.seen = map[[2]*Type]bool{}
	c.sent(at, old, now)
}

// same compares what is the same for both directions. It is false if nothing
// else can be compared, or has been.
func (c *comparison) same(at string, old, now *Type) bool {
	if old.Kind != now.Kind {
		c.found(at, "was %s and is %s", old.Kind, now.Kind)
		return false
	}
	pair := [2]*Type{old, now}
	if old.Kind == Object && c.seen[pair] {
		return false
	}
	c.seen[pair] = true
	return true
}

// fieldOf finds a field by its name; nil for none.
func (t *Type) fieldOf(name string) *Field {
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// received compares what a client reads.
func (c *comparison) received(at string, old, now *Type) {
	if !c.same(at, old, now) {
		return
	}
	if old.Elem != nil {
		c.received(at+"[]", old.Elem, now.Elem)
	}
	for _, f := range old.Fields {
		here := at + "/" + f.Name
		switch n := now.fieldOf(f.Name); {
		case n == nil:
			c.found(here, "was removed")
		case f.Required && !n.Required:
			c.found(here, "was always there and may be absent")
		default:
			c.received(here, f.Type, n.Type)
		}
	}
}

// sent compares what a client sends.
func (c *comparison) sent(at string, old, now *Type) {
	if !c.same(at, old, now) {
		return
	}
	if old.Elem != nil {
		c.sent(at+"[]", old.Elem, now.Elem)
	}
	c.limits(at, old, now)
	for _, v := range old.Values {
		if !slices.Contains(now.Values, v) {
			c.found(at, "no longer takes %q", v)
		}
	}
	for _, f := range old.Fields {
		here := at + "/" + f.Name
		n := now.fieldOf(f.Name)
		if n == nil {
			c.found(here, "was removed")
			continue
		}
		if f.In != n.In {
			c.found(here, "was in the %s and is in the %s", place(f), place(n))
		}
		if n.Required && !f.Required {
			c.found(here, "is required, which it was not")
		}
		c.sent(here, f.Type, n.Type)
	}
	for _, n := range now.Fields {
		if n.Required && old.fieldOf(n.Name) == nil {
			c.found(at+"/"+n.Name, "is new and required")
		}
	}
}

func place(f *Field) string {
	if f.In == "" {
		return "body"
	}
	return f.In
}

// limits finds limits that have become narrower.
func (c *comparison) limits(at string, old, now *Type) {
	for _, key := range []string{"minimum", "minLength", "minItems", "minProperties", "x-gorgon-minimum"} {
		a, b := number(old.schema[key]), number(now.schema[key])
		if b != nil && (a == nil || b.Cmp(a) > 0) && !(a == nil && b.Sign() <= 0 && key[0] == 'm') {
			c.found(at, "has the limit %s of %v, which was %v", key, now.schema[key], shown(old.schema[key]))
		}
	}
	for _, key := range []string{"maximum", "maxLength", "maxItems", "maxProperties", "x-gorgon-maximum"} {
		a, b := number(old.schema[key]), number(now.schema[key])
		if b != nil && (a == nil || b.Cmp(a) < 0) {
			c.found(at, "has the limit %s of %v, which was %v", key, now.schema[key], shown(old.schema[key]))
		}
	}
	if now.Kind == Int64 || now.Kind == Uint64 {
		return // their pattern says what the limits say
	}
	for _, key := range []string{"pattern", "uniqueItems", "allOf"} {
		if b := now.schema[key]; b != nil && fmt.Sprint(b) != fmt.Sprint(old.schema[key]) {
			c.found(at, "has the check %s, which was %v", key, shown(old.schema[key]))
		}
	}
}

func number(v any) *big.Float {
	f, ok := new(big.Float).SetPrec(128).SetString(fmt.Sprint(v))
	if !ok {
		return nil
	}
	return f
}

func shown(v any) any {
	if v == nil {
		return "none"
	}
	return v
}
