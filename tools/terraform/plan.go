// What is planned and applied, without a cloud.

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// plan is what is known of a resource before it is applied. What is not set and
// the cloud decides is unknown when the resource is made, and stays as it is
// afterwards. An argument that is only written is neither in the plan nor the state.
func (p *provider) plan(kind string, priorData, proposedData *tfprotov6.DynamicValue) (tftypes.Value, []*tftypes.AttributePath, error) {
	s := p.schemas.ResourceSchemas[kind]
	t := p.typeOf(s)
	prior, err := priorData.Unmarshal(t)
	if err != nil {
		return prior, nil, err
	}
	planned, err := proposedData.Unmarshal(t)
	if err != nil || planned.IsNull() {
		return planned, nil, err
	}
	planned, err = replace(planned, s.Block, func(a *tfprotov6.SchemaAttribute, v tftypes.Value) any {
		if a.WriteOnly {
			return v.Type()
		}
		if prior.IsNull() && a.Computed && v.IsNull() {
			return tftypes.UnknownValue
		}
		return nil
	})
	if err != nil || prior.IsNull() {
		return planned, nil, err
	}
	var forced []*tftypes.AttributePath
	diffs, err := prior.Diff(planned)
	for _, d := range diffs {
		name := strings.Join(names(d.Path), ".")
		a := argument(s.Block, names(d.Path)[:min(1, len(names(d.Path)))])
		if name == "" || a != nil && a.Computed && !a.Optional {
			continue
		}
		if slices.ContainsFunc(p.facts[kind].Replace, func(r string) bool {
			return r == "*" || r == name || strings.HasPrefix(name, r+".")
		}) {
			forced = append(forced, first(d.Path))
		}
	}
	return planned, forced, err
}

// first is the path of the outermost argument or block: inner ones may be there on
// one side only.
func first(p *tftypes.AttributePath) *tftypes.AttributePath {
	return tftypes.NewAttributePathWithSteps(p.Steps()[:1])
}

// replace gives each outer argument for which with says so another value: null for
// its type, or what is not a type as it is.
func replace(v tftypes.Value, b *tfprotov6.SchemaBlock, with func(*tfprotov6.SchemaAttribute, tftypes.Value) any) (tftypes.Value, error) {
	return tftypes.Transform(v, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if len(at.Steps()) != 1 {
			return v, nil
		}
		a := argument(b, names(at))
		if a == nil {
			return v, nil
		}
		switch other := with(a, v).(type) {
		case nil:
			return v, nil
		case tftypes.Type:
			return tftypes.NewValue(other, nil), nil
		case tftypes.Value:
			return other, nil
		default:
			return tftypes.NewValue(v.Type(), other), nil
		}
	})
}

// apply invents what a cloud would say. The same resource is given the same.
func (p *provider) apply(kind string, data *tfprotov6.DynamicValue) (tftypes.Value, error) {
	t := p.typeOf(p.schemas.ResourceSchemas[kind])
	v, err := data.Unmarshal(t)
	if err != nil || v.IsNull() {
		return v, err
	}
	in := inventor{kind: kind, id: sum(kind, data.MsgPack, data.JSON)}
	return tftypes.Transform(v, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if v.IsKnown() {
			return v, nil
		}
		path := names(at)
		return in.value(v.Type(), path[len(path)-1]), nil
	})
}

func sum(kind string, parts ...[]byte) string {
	h := sha256.New()
	h.Write([]byte(kind))
	for _, p := range parts {
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))[:10]
}

// An inventor makes values for one resource.
type inventor struct {
	kind, id string
	several  bool // lists of texts have three elements
}

// value is a value of a type: of a list of objects one, since what reads it takes
// the first.
func (in inventor) value(t tftypes.Type, name string) tftypes.Value {
	list := func(element tftypes.Type) []tftypes.Value {
		switch {
		case element.Is(tftypes.Object{}):
			return []tftypes.Value{in.value(element, name)}
		case in.several && element.Is(tftypes.String):
			return []tftypes.Value{
				tftypes.NewValue(element, name+"-a"), tftypes.NewValue(element, name+"-b"), tftypes.NewValue(element, name+"-c"),
			}
		}
		return []tftypes.Value{}
	}
	switch t := t.(type) {
	case tftypes.Object:
		members := map[string]tftypes.Value{}
		for n, of := range t.AttributeTypes {
			members[n] = in.value(of, n)
		}
		return tftypes.NewValue(t, members)
	case tftypes.List:
		return tftypes.NewValue(t, list(t.ElementType))
	case tftypes.Set:
		return tftypes.NewValue(t, list(t.ElementType))
	case tftypes.Map:
		return tftypes.NewValue(t, map[string]tftypes.Value{})
	}
	switch {
	case t.Is(tftypes.String):
		return tftypes.NewValue(t, in.text(name))
	case t.Is(tftypes.Number):
		return tftypes.NewValue(t, 1)
	case t.Is(tftypes.Bool):
		return tftypes.NewValue(t, false)
	}
	return tftypes.NewValue(t, nil)
}

// text looks like what a cloud says, as far as expressions take it apart.
func (in inventor) text(name string) string {
	switch {
	case name == "account_id":
		return "123456789012"
	case name == "partition":
		return "aws"
	case name == "json":
		return "{}"
	case name == "arn" || strings.HasSuffix(name, "_arn"):
		service, rest, _ := strings.Cut(strings.TrimPrefix(in.kind, "aws_"), "_")
		return "arn:aws:" + service + ":eu-west-1:123456789012:" + rest + "/" + in.id
	case strings.HasPrefix(in.kind, "google_") && (name == "address" || strings.HasSuffix(name, "ip_address")):
		return "192.0.2.7"
	case strings.HasSuffix(name, "cidr") || strings.HasSuffix(name, "cidr_block"):
		return "198.51.100.0/24"
	}
	return name + "-" + in.id
}
