// What is refused before a plan: arguments that only the cloud sets, and what the
// facts say of values and of arguments that exclude each other. Terraform itself
// checks names, types and what is required.

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func (p *provider) check(kind string, s *tfprotov6.Schema, config *tfprotov6.DynamicValue) ([]*tfprotov6.Diagnostic, error) {
	if s == nil || config == nil {
		return nil, nil
	}
	v, err := config.Unmarshal(p.typeOf(s))
	if err != nil {
		return nil, err
	}
	var found []*tfprotov6.Diagnostic
	fault := func(at *tftypes.AttributePath, summary, detail string) {
		found = append(found, &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Summary: summary, Detail: detail, Attribute: at})
	}
	facts := p.facts[kind]
	set := map[string]*tftypes.AttributePath{}
	err = tftypes.Walk(v, func(at *tftypes.AttributePath, v tftypes.Value) (bool, error) {
		path := names(at)
		name := strings.Join(path, ".")
		if present(v) && set[name] == nil {
			set[name] = at
		}
		a := argument(s.Block, path)
		if a == nil {
			return true, nil
		}
		if a.Computed && !a.Optional && !a.Required && !v.IsNull() {
			fault(at, "Argument is computed only", fmt.Sprintf("%q is decided by the cloud and cannot be set.", a.Name))
		}
		var text string
		if allowed, known := facts.Values[name]; known && v.IsKnown() && !v.IsNull() && v.Type().Is(tftypes.String) && v.As(&text) == nil && !slices.Contains(allowed, text) {
			fault(at, "Value is not allowed", fmt.Sprintf("%q of %s is one of %s, not %q.", name, kind, strings.Join(allowed, ", "), text))
		}
		return false, nil // what is in an argument's value is not an argument
	})
	for _, group := range facts.Conflicts {
		var both []string
		for _, name := range group {
			if set[name] != nil {
				both = append(both, name)
			}
		}
		if len(both) > 1 {
			fault(set[both[1]], "Arguments exclude each other", fmt.Sprintf("Of %s one may be set.", strings.Join(both, " and ")))
		}
	}
	return found, err
}

// present reports whether a value is set: not null, and not an empty list of blocks.
func present(v tftypes.Value) bool {
	if !v.IsKnown() || v.IsNull() { // what is not known yet may come to be null
		return false
	}
	var list []tftypes.Value
	if (v.Type().Is(tftypes.List{}) || v.Type().Is(tftypes.Set{})) && v.As(&list) == nil {
		return len(list) > 0
	}
	return true
}
