// The calls of Terraform's protocol.

package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type provider struct {
	tfprotov6.ProviderServer // calls that no plan, apply or test makes
	name                     string
	schemas                  *tfprotov6.GetProviderSchemaResponse
	facts                    map[string]facts // by type
	types                    sync.Map         // of values, by schema: to make one takes longer than to use it
}

// typeOf is the type of the values of a schema.
func (p *provider) typeOf(s *tfprotov6.Schema) tftypes.Type {
	t, known := p.types.Load(s)
	if !known {
		t, _ = p.types.LoadOrStore(s, s.ValueType())
	}
	return t.(tftypes.Type)
}

func (p *provider) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	r := &tfprotov6.GetMetadataResponse{ServerCapabilities: p.schemas.ServerCapabilities}
	for t := range p.schemas.ResourceSchemas {
		r.Resources = append(r.Resources, tfprotov6.ResourceMetadata{TypeName: t})
	}
	for t := range p.schemas.DataSourceSchemas {
		r.DataSources = append(r.DataSources, tfprotov6.DataSourceMetadata{TypeName: t})
	}
	for t := range p.schemas.EphemeralResourceSchemas {
		r.EphemeralResources = append(r.EphemeralResources, tfprotov6.EphemeralResourceMetadata{TypeName: t})
	}
	return r, nil
}

func (p *provider) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return p.schemas, nil
}

func (p *provider) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (p *provider) ValidateProviderConfig(_ context.Context, r *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (p *provider) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (p *provider) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (p *provider) ValidateResourceConfig(_ context.Context, r *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	found, err := p.check(r.TypeName, p.schemas.ResourceSchemas[r.TypeName], r.Config)
	return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: found}, err
}

func (p *provider) ValidateDataResourceConfig(_ context.Context, r *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	found, err := p.check("data."+r.TypeName, p.schemas.DataSourceSchemas[r.TypeName], r.Config)
	return &tfprotov6.ValidateDataResourceConfigResponse{Diagnostics: found}, err
}

func (p *provider) UpgradeResourceState(_ context.Context, r *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	s := p.schemas.ResourceSchemas[r.TypeName]
	if s == nil {
		return nil, fmt.Errorf("the state has a %s, which the schema lacks", r.TypeName)
	}
	t := p.typeOf(s)
	v, err := r.RawState.UnmarshalWithOpts(t, tfprotov6.UnmarshalOpts{ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}})
	if err != nil {
		return nil, err
	}
	d, err := tfprotov6.NewDynamicValue(t, v)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &d}, err
}

func (p *provider) ReadResource(_ context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: r.CurrentState}, nil
}

func (p *provider) PlanResourceChange(_ context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	planned, forced, err := p.plan(r.TypeName, r.PriorState, r.ProposedNewState)
	if err != nil {
		return nil, err
	}
	d, err := tfprotov6.NewDynamicValue(p.typeOf(p.schemas.ResourceSchemas[r.TypeName]), planned)
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: &d, RequiresReplace: forced}, err
}

func (p *provider) ApplyResourceChange(_ context.Context, r *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	v, err := p.apply(r.TypeName, r.PlannedState)
	if err != nil {
		return nil, err
	}
	d, err := tfprotov6.NewDynamicValue(p.typeOf(p.schemas.ResourceSchemas[r.TypeName]), v)
	return &tfprotov6.ApplyResourceChangeResponse{NewState: &d}, err
}

// ReadDataSource gives back what was configured, and invents the rest.
func (p *provider) ReadDataSource(_ context.Context, r *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	s := p.schemas.DataSourceSchemas[r.TypeName]
	t := p.typeOf(s)
	v, err := r.Config.Unmarshal(t)
	if err != nil {
		return nil, err
	}
	in := inventor{kind: r.TypeName, id: sum(r.TypeName, r.Config.MsgPack, r.Config.JSON), several: true}
	v, err = replace(v, s.Block, func(a *tfprotov6.SchemaAttribute, v tftypes.Value) any {
		if a.Computed && v.IsNull() {
			return in.value(v.Type(), a.Name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d, err := tfprotov6.NewDynamicValue(t, v)
	return &tfprotov6.ReadDataSourceResponse{State: &d}, err
}

func (p *provider) ValidateEphemeralResourceConfig(context.Context, *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	return &tfprotov6.ValidateEphemeralResourceConfigResponse{}, nil
}

// OpenEphemeralResource makes values that a search finds, wherever they get to.
func (p *provider) OpenEphemeralResource(_ context.Context, r *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	s := p.schemas.EphemeralResourceSchemas[r.TypeName]
	t := p.typeOf(s)
	v, err := r.Config.Unmarshal(t)
	if err != nil {
		return nil, err
	}
	v, err = replace(v, s.Block, func(a *tfprotov6.SchemaAttribute, v tftypes.Value) any {
		if a.Computed && v.IsNull() && v.Type().Is(tftypes.String) {
			return "generated-secret-" + a.Name
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d, err := tfprotov6.NewDynamicValue(t, v)
	return &tfprotov6.OpenEphemeralResourceResponse{Result: &d}, err
}

func (p *provider) CloseEphemeralResource(context.Context, *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	return &tfprotov6.CloseEphemeralResourceResponse{}, nil
}
