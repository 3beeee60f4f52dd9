// Command terraform-provider is a provider for Terraform that serves the schema
// of a real one and has no cloud: it checks what is configured, plans what is
// unset as unknown, and invents values when it applies.
//
// It reads schema.json in its own folder, and facts.json, which has what a schema
// cannot say. Package deploy/terraformtest builds it and runs Terraform with it;
// README.md says where the schemas come from.
package main

import (
	"fmt"
	"os"
	"path/filepath"

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
	return tf6server.Serve(p.name, func() tfprotov6.ProviderServer { return p })
}
