// A plan, as terraform prints it in JSON, in the words that rules use.

package terraformtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Plan is what terraform would do.
type Plan struct {
	Resources []Resource     // managed ones that are planned, by address
	Destroyed []Resource     // those that are destroyed, or replaced by another
	Outputs   []string       // their names
	Released  []string       // the keys of the output "release"
	Variables map[string]any // their values

	JSON []byte // all of it
}

// A Resource is one instance of a resource.
type Resource struct {
	Address string // google_compute_global_forwarding_rule.main["443"]
	Type    string
	Name    string
	Actions []string // "create", "update", "delete", "no-op"; a replacement has two

	Provider string // its configuration: "aws", "aws.edge"

	values  map[string]any
	unknown map[string]any
	config  map[string]any // its expressions
	after   []string       // what it names in depends_on
}

// Unknown is the value of what is known after the apply.
type Unknown struct{}

func parse(data []byte) (*Plan, error) {
	var raw struct {
		Variables map[string]struct{ Value any } `json:"variables"`
		Changes   []struct {
			Address, Mode, Type, Name string
			Change                    struct {
				Actions []string
				Before  map[string]any
				After   map[string]any
				Unknown any `json:"after_unknown"`
			}
		} `json:"resource_changes"`
		Outputs map[string]struct {
			After   any
			Unknown any `json:"after_unknown"`
		} `json:"output_changes"`
		Configuration struct {
			Root struct {
				Resources []struct {
					Mode, Type, Name string
					Provider         string   `json:"provider_config_key"`
					After            []string `json:"depends_on"`
					Expressions      map[string]any
				}
			} `json:"root_module"`
		}
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("the plan is not JSON: %w", err)
	}
	p := &Plan{JSON: data, Variables: map[string]any{}, Outputs: slices.Sorted(maps.Keys(raw.Outputs))}
	for _, part := range []any{raw.Outputs["release"].After, raw.Outputs["release"].Unknown} {
		keys, _ := part.(map[string]any)
		p.Released = slices.AppendSeq(p.Released, maps.Keys(keys))
	}
	for name, v := range raw.Variables {
		p.Variables[name] = v.Value
	}
	configured := map[string]Resource{}
	for _, r := range raw.Configuration.Root.Resources {
		if r.Mode == "managed" {
			configured[r.Type+"."+r.Name] = Resource{Provider: r.Provider, config: r.Expressions, after: r.After}
		}
	}
	for _, c := range raw.Changes {
		if c.Mode != "managed" {
			continue
		}
		r := configured[c.Type+"."+c.Name]
		r.Address, r.Type, r.Name, r.Actions, r.values = c.Address, c.Type, c.Name, c.Change.Actions, c.Change.After
		r.unknown, _ = c.Change.Unknown.(map[string]any)
		if slices.Contains(r.Actions, "delete") {
			before := r
			before.values, before.unknown = c.Change.Before, nil
			p.Destroyed = append(p.Destroyed, before)
		}
		if r.values != nil {
			p.Resources = append(p.Resources, r)
		}
	}
	return p, nil
}

// Of lists the resources of some types.
func (p *Plan) Of(types ...string) []Resource {
	var some []Resource
	for _, r := range p.Resources {
		if slices.Contains(types, r.Type) {
			some = append(some, r)
		}
	}
	return some
}

// Count is how many resources of some types there are.
func (p *Plan) Count(types ...string) int { return len(p.Of(types...)) }

// Types are the planned types with how many resources each has.
func (p *Plan) Types() map[string]int {
	types := map[string]int{}
	for _, r := range p.Resources {
		types[r.Type]++
	}
	return types
}

// Addresses are those of the planned resources, sorted.
func (p *Plan) Addresses() []string {
	var all []string
	for _, r := range p.Resources {
		all = append(all, r.Address)
	}
	slices.Sort(all)
	return all
}

// Get is the planned value at a path with dots and indexes,
// "settings.0.ip_configuration.0.ipv4_enabled": nil if it is not set, [Unknown] if it
// is known after the apply.
func (r Resource) Get(path string) any {
	var value, unknown any = r.values, r.unknown
	for _, step := range strings.Split(path, ".") {
		if unknown == true {
			return Unknown{}
		}
		value, unknown = into(value, step), into(unknown, step)
	}
	if unknown == true {
		return Unknown{}
	}
	return value
}

func into(v any, step string) any {
	switch v := v.(type) {
	case map[string]any:
		return v[step]
	case []any:
		if i, err := strconv.Atoi(step); err == nil && i < len(v) {
			return v[i]
		}
	}
	return nil
}

// Text is the planned text at a path; "" for what is not set or not a text.
func (r Resource) Text(path string) string {
	text, _ := r.Get(path).(string)
	return text
}

// Number is the planned number at a path; 0 for what is not set or not a number.
func (r Resource) Number(path string) float64 {
	switch n := r.Get(path).(type) {
	case float64:
		return n
	case string:
		f, _ := strconv.ParseFloat(n, 64)
		return f
	}
	return 0
}

// True reports whether the planned value at a path is true.
func (r Resource) True(path string) bool { return r.Get(path) == true }

// List is the planned list at a path: of blocks, or of values.
func (r Resource) List(path string) []any {
	list, _ := r.Get(path).([]any)
	return list
}

// Texts are the texts of a planned list at a path.
func (r Resource) Texts(path string) []string {
	var texts []string
	for _, v := range r.List(path) {
		if s, is := v.(string); is {
			texts = append(texts, s)
		}
	}
	return texts
}

// Set reports whether the file gives the argument at a path a value, known or not.
func (r Resource) Set(path string) bool {
	return r.Get(path) != nil && r.expression(path) != nil
}

// References are what the expression at a path refers to: the addresses of
// resources, without indexes and attributes, and variables: "var.image".
func (r Resource) References(path string) []string {
	var all []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			list, is := v["references"].([]any)
			if is {
				for _, name := range list {
					if text, is := name.(string); is {
						all = append(all, base(text))
					}
				}
				return
			}
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(v[name])
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	walk(r.expression(path))
	slices.Sort(all)
	return slices.Compact(all)
}

func (r Resource) expression(path string) any {
	var at any = r.config
	for _, step := range strings.Split(path, ".") {
		at = into(at, step)
	}
	return at
}

// After reports whether the resource waits for one of a type: it is named in
// depends_on, or in an argument.
func (r Resource) After(kind string) bool {
	if slices.ContainsFunc(r.after, func(a string) bool { return strings.HasPrefix(a, kind+".") }) {
		return true
	}
	for name := range r.config {
		if slices.ContainsFunc(r.References(name), func(a string) bool { return strings.HasPrefix(a, kind+".") }) {
			return true
		}
	}
	return false
}

// base is a reference without what follows the name.
func base(reference string) string {
	parts := strings.SplitN(reference, ".", 3)
	if len(parts) < 2 {
		return reference
	}
	if parts[0] == "data" || parts[0] == "ephemeral" {
		return parts[0] + "." + base(strings.Join(parts[1:], "."))
	}
	name, _, _ := strings.Cut(parts[0]+"."+parts[1], "[")
	return name
}

// Base is the resource's address without the index of its instance.
func (r Resource) Base() string { return r.Type + "." + r.Name }
