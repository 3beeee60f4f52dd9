// What fragments need.

package plan_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/plan"
)

func TestFragmentsAreParts(t *testing.T) {
	view := func(int) gorgon.Component { return gorgon.Text("") }
	make := func(context.Context, gorgon.Input, int) (int, error) { return 0, nil }
	app := gorgon.App{
		Parts: []gorgon.Part{
			gorgon.Fragment[int, int]{Name: "still", View: view, Load: make},
			gorgon.Fragment[int, int]{Name: "timed", View: view, Load: make, RevalidateAfter: time.Hour},
			gorgon.Fragment[int, int]{Name: "live", View: view, Needs: []gorgon.Need{gorgon.NeedDatabase},
				LoadRequest: func(context.Context, gorgon.Input, int, *http.Request) (int, error) { return 0, nil }},
			gorgon.Page[int]{Path: "/live", View: view, AllowRequestTime: true},
		},
	}
	got := map[string][]plan.Kind{}
	for _, p := range plan.Parts(app) {
		got[p.Name] = nil
		for _, n := range p.Needs {
			got[p.Name] = append(got[p.Name], n.Kind)
		}
	}
	want := map[string][]plan.Kind{
		"page /live":     {plan.Process},
		"fragment still": nil,
		"fragment timed": {plan.Refresh},
		"fragment live":  {plan.Process, plan.Database},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCachesAreParts(t *testing.T) {
	load := func(context.Context, int) (int, error) { return 0, nil }
	app := plan.Describe(gorgon.App{Name: "shop", Parts: []gorgon.Part{
		gorgon.Cache[int, int]{Name: "shared", Load: load, RevalidateAfter: time.Hour},
		gorgon.Cache[int, int]{Name: "local", Load: load, Scope: gorgon.Local},
		gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component { return gorgon.Text("") }},
	}})
	got := map[string]string{}
	for _, p := range app.Parts {
		got[p.Name] = p.How
		for _, n := range p.Needs {
			got[p.Name] += "; " + string(n.Kind)
		}
	}
	want := map[string]string{"page /": "built", "cache shared": "loaded when asked, revalidated after 1h0m0s; cached", "cache local": "loaded when asked, local"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if o := plan.Judge(app, plan.Target{Name: "files"}, plan.Setting{}); o.Fit != plan.Fits {
		t.Errorf("a static host: %v", o.Verdicts)
	}
	two := plan.Setting{Store: "disk", Replicas: 2}
	if o := plan.Judge(app, plan.Target{Name: "two", Offers: plan.Offers{Process: true}}, two); o.Fit != plan.Unfit {
		t.Errorf("two instances with a disk each: %s, %v", o.Fit, o.Verdicts)
	}
}
