// The fly.toml held against the keys that Fly.io documents.

package fly_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/deploytest"
	"github.com/gorgon-go/gorgon/deploy/fly"
	"github.com/gorgon-go/gorgon/plan"
)

// keys are those of https://fly.io/docs/reference/configuration/, section by
// section, with a value of the type that each has; those that no target could
// want are left out. fly itself ignores a key that it does not know, unless
// asked with config validate --strict.
var keys = map[string]any{
	"app": "", "primary_region": "", "kill_signal": "", "kill_timeout": "", "swap_size_mb": int64(0),
	"build":  map[string]any{"image": "", "dockerfile": "", "ignorefile": "", "build-target": ""},
	"deploy": map[string]any{"strategy": "", "release_command": "", "release_command_timeout": "", "max_unavailable": 0.5, "wait_timeout": ""},
	"env":    nil, // any name, and texts
	"mounts": []any{map[string]any{"source": "", "destination": "", "initial_size": "", "snapshot_retention": int64(0)}},
	"http_service": map[string]any{
		"internal_port": int64(0), "force_https": true, "auto_stop_machines": "", "auto_start_machines": true, "min_machines_running": int64(0),
		"concurrency": map[string]any{"type": "", "soft_limit": int64(0), "hard_limit": int64(0)},
		"checks":      []any{map[string]any{"method": "", "path": "", "grace_period": "", "interval": "", "timeout": "", "protocol": ""}},
	},
	"vm": []any{map[string]any{"size": "", "memory": "", "cpu_kind": "", "cpus": int64(0)}},
}

// known holds what was written against what is documented.
func known(t *testing.T, at string, written, documented any) {
	t.Helper()
	switch w := written.(type) {
	case map[string]any:
		d, is := documented.(map[string]any)
		if !is {
			t.Errorf("%s is a section", at)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(w)) {
			if at == "" && key == "env" {
				for name, value := range w[key].(map[string]any) {
					if _, text := value.(string); !text {
						t.Errorf("env.%s is %T, and Fly.io takes texts alone", name, value)
					}
				}
				continue
			}
			if _, is := d[key]; !is {
				t.Errorf("%s.%s is not documented", at, key)
				continue
			}
			known(t, strings.TrimPrefix(at+"."+key, "."), w[key], d[key])
		}
	case []any:
		d, is := documented.([]any)
		if !is {
			t.Errorf("%s is a list", at)
			return
		}
		for _, each := range w {
			known(t, at, each, d[0])
		}
	case string:
		if _, is := documented.(string); !is {
			t.Errorf("%s is %q", at, w)
		}
	case bool:
		if _, is := documented.(bool); !is {
			t.Errorf("%s is %t", at, w)
		}
	case int64:
		if _, is := documented.(int64); !is {
			t.Errorf("%s is %d", at, w)
		}
	default:
		t.Errorf("%s is a %T", at, w)
	}
}

func read(t *testing.T, folder string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, fly.ConfigName))
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := toml.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTarget(t *testing.T) {
	deploytest.Run(t, fly.Target(), func(t *testing.T, s deploy.Site, folder string) {
		c := read(t, folder)
		known(t, "", c, keys)
		if _, mounted := c["mounts"]; mounted != s.Volume() {
			t.Errorf("a volume is mounted: %t, and there are files to keep: %t", mounted, s.Volume())
		}
		// Only rolling deploys can have a volume.
		strategy := c["deploy"].(map[string]any)["strategy"]
		if want := map[bool]string{true: "rolling", false: "bluegreen"}[s.Volume()]; strategy != want {
			t.Errorf("the strategy is %v, want %s", strategy, want)
		}
		if command, is := c["deploy"].(map[string]any)["release_command"]; is != s.Migrate || is && command != "migrate" {
			t.Errorf("the release command is %v, and there is a store to lay out: %t", command, s.Migrate)
		}
		if stop := c["http_service"].(map[string]any)["auto_stop_machines"]; stop != "off" {
			t.Errorf("machines are stopped (%v), and the plan counts on those that run", stop)
		}
	})
}

// Every value arrives as it was, whatever it looks like.
func TestValues(t *testing.T) {
	s := deploytest.Sites(fly.Target().Target)["7-seas"]
	env := read(t, deploytest.Write(t, fly.Target(), s))["env"].(map[string]any)
	for i, want := range deploytest.Hostile {
		if name := "HOSTILE_" + string(rune('A'+i)); env[name] != want {
			t.Errorf("%s is %q, want %q", name, env[name], want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(*deploy.Site)
	}{
		{"FLY_REGION: names that begin with FLY_ are the platform's", func(s *deploy.Site) { s.Variables = []deploy.Variable{{Name: "FLY_REGION", Value: "x"}} }},
		{"variable ZERO: its value is not text", func(s *deploy.Site) { s.Variables = []deploy.Variable{{Name: "ZERO", Value: "a\x00"}} }},
		{"use a shared one", func(s *deploy.Site) { s.Outcome.Setting.Store, s.Migrate = "sqlite", true }},
	} {
		s := deploytest.Sites(fly.Target().Target)["leaflet"]
		c.change(&s)
		if err := fly.Target().Write(t.Context(), s, t.TempDir()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("the error is %v, want it to say %q", err, c.want)
		}
	}
}

func TestOffers(t *testing.T) {
	want := plan.Offers{Process: true, Disk: plan.VolumeFiles, OpenFor: plan.Always}
	if got := fly.Target(); got.Offers != want || !got.Image || got.Name != "fly" {
		t.Errorf("the target is %+v", got)
	}
}
