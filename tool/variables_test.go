// The variables of a program that goes to a target.

package tool

import (
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/cloudrun"
	"github.com/gorgon-go/gorgon/plan"
)

// What an app has decides what its program is given, and a password is a secret of
// the target's.
func TestVariablesFollowParts(t *testing.T) {
	jobs := plan.Part{Name: "job receipt", Needs: []plan.Need{{Part: "job receipt", Kind: plan.Jobs}}}
	for _, c := range []struct {
		name     string
		parts    []plan.Part
		alwaysOn bool
		want     string
	}{
		{"pages", nil, false, "GORGON_ROLE=web"},
		{"jobs", []plan.Part{jobs}, false, "GORGON_ROLE=web GORGON_WORK_AFTER=10s"},
		{"jobs, paid for", []plan.Part{jobs}, true, ""},
		{"files", []plan.Part{{Name: plan.FilesPart, Needs: []plan.Need{{Part: plan.FilesPart, Kind: plan.AppFiles}}}}, true, "FILES_URL:secret AWS_ACCESS_KEY_ID:secret AWS_SECRET_ACCESS_KEY:secret"},
		{"rows and mails", []plan.Part{{Name: plan.DatabasePart}, {Name: plan.MailPart}}, true, "DATABASE_URL:secret MAIL_URL:secret MAIL_FROM="},
	} {
		target := cloudrun.Target()
		d := &deployment{app: &app{App: plan.App{Parts: c.parts}}, target: &target}
		d.outcome = plan.Judge(d.app.App, target.Target, plan.Setting{AlwaysOn: c.alwaysOn})
		var got []string
		for _, v := range d.variables(deploy.Site{App: d.app.App, Outcome: d.outcome}) {
			switch {
			case slices.Contains([]string{"GORGON_STANDALONE", "GORGON_STORE", "GORGON_PURGE_KEY", "GORGON_SECRET"}, v.Name): // of every app
			case v.Secret:
				got = append(got, v.Name+":secret"+v.Value)
			default:
				got = append(got, v.Name+"="+v.Value)
			}
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %q, want %q", c.name, text, c.want)
		}
	}
}
