// The variables of a program that goes to a target.

package tool

import (
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/cloudrun"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
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

// Where the origin is one of an example, what is said names the variable that it
// comes from.
func TestOriginNote(t *testing.T) {
	t.Setenv("SHOP_ELSEWHERE", "https://shop.test/")
	settings := []wire.Variable{
		{Name: "SHOP_ORIGIN", Default: "https://example.com"}, {Name: "SHOP_KEEPER", Default: "keeper@example.com"},
		{Name: "SHOP_ELSEWHERE"}, {Name: "SHOP_HIDDEN", Default: "https://hidden.test", Secret: true}, {Name: "SHOP_EMPTY"},
	}
	for _, c := range []struct {
		origin   string
		settings []wire.Variable
		want     string // "" for nothing
	}{
		{"https://shop.com", settings, ""},
		{"", settings, ""},
		{"https://example.com", settings, "set the variable SHOP_ORIGIN to yours"},
		{"https://shop.test", settings, "set the variable SHOP_ELSEWHERE to yours"},
		{"https://hidden.test", settings, "set App.Origin to yours"},
		{"https://www.example.org", settings, "set App.Origin to yours"},
		{"https://example.com", nil, "set App.Origin to yours"},
		{"https://example.com", append(settings, wire.Variable{Name: "MAIL_ORIGIN", Default: "https://example.com/"}), "set the variable SHOP_ORIGIN or MAIL_ORIGIN to yours"},
	} {
		got := originNote(plan.App{Origin: c.origin, Settings: c.settings})
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%q: %q, want %q", c.origin, got, c.want)
		}
	}
	t.Setenv("SHOP_ORIGIN", "https://shop.com") // it is set, so its default says nothing
	if got := originNote(plan.App{Origin: "https://example.com", Settings: settings}); !strings.Contains(got, "set App.Origin to yours") {
		t.Error(got)
	}
}

// A plan knows whether there is a secret.
func TestSettingOfASecret(t *testing.T) {
	for value, want := range map[string]bool{"": false, "a secret": true} {
		t.Setenv("GORGON_SECRET", value)
		if got := (settingFlags{}).setting(&app{}, cloudrun.Target().Target).Sealed; got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}
