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
