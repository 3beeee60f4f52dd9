// Command terraform-provider is a provider for Terraform that serves the schema
// of a real one and has no cloud: it checks what is configured, plans what is
// unset as unknown, and invents values when it applies.
//
// It reads schema.json in its own folder, and facts.json, which has what a schema
// cannot say. Package deploy/terraformtest builds it and runs Terraform with it;
// README.md says where the schemas come from.
//
// Terraform starts it for each run. As "attach" it is one process for many runs, which
// halves the time of each: it prints what TF_REATTACH_PROVIDERS is to hold, and ends
// with its standard input.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p, err := load(filepath.Dir(self))
	if err != nil {
		return err
	}
	if len(os.Args) == 2 && os.Args[1] == "attach" {
		p.name = "registry.terraform.io/" + p.name
		return attach(p)
	}
	return tf6server.Serve(p.name, func() tfprotov6.ProviderServer { return p })
}

func attach(p *provider) error {
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	ready, ended := make(chan *plugin.ReattachConfig, 1), make(chan struct{})
	go func() {
		c := <-ready
		at := map[string]any{"Network": c.Addr.Network(), "String": c.Addr.String()}
		json.NewEncoder(os.Stdout).Encode(map[string]any{p.name: map[string]any{
			"Protocol": c.Protocol, "ProtocolVersion": c.ProtocolVersion, "Pid": c.Pid, "Test": c.Test, "Addr": at,
		}})
	}()
	return tf6server.Serve(p.name, func() tfprotov6.ProviderServer { return p },
		tf6server.WithDebug(ctx, ready, ended), tf6server.WithoutLogStderrOverride())
}
