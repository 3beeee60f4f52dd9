// The files that the provider reads, and their schemas in the words of Terraform's
// protocol.

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A document is what "terraform providers schema -json" prints, for one provider.
type document struct {
	Providers map[string]struct {
		Provider    schema            `json:"provider"`
		Resources   map[string]schema `json:"resource_schemas"`
		DataSources map[string]schema `json:"data_source_schemas"`
		Ephemerals  map[string]schema `json:"ephemeral_resource_schemas"`
	} `json:"provider_schemas"`
}

type schema struct {
	Version int64 `json:"version"`
	Block   block `json:"block"`
}

type block struct {
	Attributes map[string]attribute `json:"attributes"`
	Blocks     map[string]struct {
		Block   block  `json:"block"`
		Nesting string `json:"nesting_mode"`
		Min     int64  `json:"min_items"`
		Max     int64  `json:"max_items"`
	} `json:"block_types"`
}

type attribute struct {
	Type      json.RawMessage `json:"type"`
	Required  bool            `json:"required"`
	Optional  bool            `json:"optional"`
	Computed  bool            `json:"computed"`
	WriteOnly bool            `json:"write_only"`
}

// Facts are what is known of a type and its schema does not say. Paths have dots
// between names and no indexes: "settings.ip_configuration.ssl_mode".
type facts struct {
	Replace   []string            `json:"replace"`   // arguments whose change replaces the resource; "*": each
	Values    map[string][]string `json:"values"`    // the values that an argument may have
	Conflicts [][]string          `json:"conflicts"` // arguments of which one may be set
}

var nestings = map[string]tfprotov6.SchemaNestedBlockNestingMode{
	"single": tfprotov6.SchemaNestedBlockNestingModeSingle,
	"list":   tfprotov6.SchemaNestedBlockNestingModeList,
	"set":    tfprotov6.SchemaNestedBlockNestingModeSet,
	"map":    tfprotov6.SchemaNestedBlockNestingModeMap,
	"group":  tfprotov6.SchemaNestedBlockNestingModeGroup,
}

// load reads the provider of a folder.
func load(folder string) (*provider, error) {
	var d document
	if err := read(filepath.Join(folder, "schema.json"), &d); err != nil {
		return nil, err
	}
	p := &provider{facts: map[string]facts{}}
	if err := read(filepath.Join(folder, "facts.json"), &p.facts); err != nil {
		return nil, err
	}
	p.schemas = &tfprotov6.GetProviderSchemaResponse{
		ServerCapabilities:       &tfprotov6.ServerCapabilities{GetProviderSchemaOptional: true},
		ResourceSchemas:          map[string]*tfprotov6.Schema{},
		DataSourceSchemas:        map[string]*tfprotov6.Schema{},
		EphemeralResourceSchemas: map[string]*tfprotov6.Schema{},
		Functions:                map[string]*tfprotov6.Function{},
	}
	for name, one := range d.Providers {
		p.name = name
		var err error
		if p.schemas.Provider, err = one.Provider.proto(); err != nil {
			return nil, err
		}
		for _, kind := range []struct {
			from map[string]schema
			to   map[string]*tfprotov6.Schema
		}{
			{one.Resources, p.schemas.ResourceSchemas},
			{one.DataSources, p.schemas.DataSourceSchemas},
			{one.Ephemerals, p.schemas.EphemeralResourceSchemas},
		} {
			for t, s := range kind.from {
				if kind.to[t], err = s.proto(); err != nil {
					return nil, fmt.Errorf("%s: %w", t, err)
				}
			}
		}
	}
	return p, nil
}

func read(name string, into any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (s schema) proto() (*tfprotov6.Schema, error) {
	b, err := s.Block.proto()
	return &tfprotov6.Schema{Version: s.Version, Block: b}, err
}

func (b block) proto() (*tfprotov6.SchemaBlock, error) {
	out := &tfprotov6.SchemaBlock{}
	for name, a := range b.Attributes {
		t, err := tftypes.ParseJSONType(a.Type) //nolint:staticcheck // the one parser of such types
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out.Attributes = append(out.Attributes, &tfprotov6.SchemaAttribute{
			Name: name, Type: t, Required: a.Required, Optional: a.Optional, Computed: a.Computed, WriteOnly: a.WriteOnly,
		})
	}
	for name, n := range b.Blocks {
		inner, err := n.Block.proto()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		nesting, known := nestings[n.Nesting]
		if !known {
			return nil, fmt.Errorf("%s: nesting %q is not known", name, n.Nesting)
		}
		out.BlockTypes = append(out.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Block: inner, Nesting: nesting, MinItems: n.Min, MaxItems: n.Max,
		})
	}
	return out, nil
}

// argument finds the argument that a path ends at; nil where it ends elsewhere.
// Indexes and keys of blocks are passed over.
func argument(b *tfprotov6.SchemaBlock, names []string) *tfprotov6.SchemaAttribute {
	for i, name := range names {
		last := i == len(names)-1
		var inner *tfprotov6.SchemaBlock
		for _, n := range b.BlockTypes {
			if n.TypeName == name {
				inner = n.Block
			}
		}
		if inner != nil {
			b = inner
			continue
		}
		for _, a := range b.Attributes {
			if a.Name == name && last {
				return a
			}
		}
		return nil
	}
	return nil
}

// names are those of a path's steps, without indexes and keys.
func names(p *tftypes.AttributePath) []string {
	var names []string
	for _, step := range p.Steps() {
		if n, is := step.(tftypes.AttributeName); is {
			names = append(names, string(n))
		}
	}
	return names
}
