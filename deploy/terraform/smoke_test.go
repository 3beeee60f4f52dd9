// Which pages show whether a release works.

package terraform_test

import (
	"slices"
	"testing"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/terraform"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
)

func TestSmoke(t *testing.T) {
	part := func(name, how string) plan.Part { return plan.Part{Name: name, How: how} }
	k := terraform.Stack{Site: deploy.Site{Package: pack.Manifest{Base: "/docs"}, App: plan.App{Parts: []plan.Part{
		part("page /products/{id}", "built"), part("page /search", "per request"), part("fragment cart", "built"), part("handler GET /hook", "handler"),
		part("page /it's $(x)", "built"), part("page /", "built"), part("page /about-us", "built, revalidated after 1m0s"), part("page /a", "built, merged"), part("page /b", "built"),
	}}}}
	if got, want := k.Smoke(), []string{"/docs/", "/docs/about-us", "/docs/a"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (terraform.Stack{}).Smoke(); got != nil {
		t.Errorf("of no app: %q", got)
	}
}
