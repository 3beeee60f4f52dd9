// The files put through terraform, without a cloud.

package gcp_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/gcp"
	"github.com/gorgon-go/gorgon/deploy/terraform"
	"github.com/gorgon-go/gorgon/deploy/terraformtest"
)

// options are the operator's choices, and the sites beside them.
var options = map[string][]string{
	"site":                  {"bare", "database", "connections", "everything"},
	"environment":           {"production", "staging"},
	"cdn":                   {"", "true"},
	"dns_zone":              {"", "a-zone"},
	"machine":               {"", `{ type = "c4a-standard-1", disk = "hyperdisk-balanced", arm = true, zones = ["us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f"] }`},
	"instances":             {"", "{ min = 1, max = 20, cpu = 0.4 }"},
	"drain_seconds":         {"", "{ balancer = 3600, program = 50 }"},
	"settings":              {"", `{ GREETING = "it's \"here\"", LATER = "" }`},
	"notification_channels": {"", `["projects/p/notificationChannels/1"]`},
	"database":              {"", `{ tier = "db-custom-2-7680", highly_available = true }`},
	"versions":              {"", "2"},
}

// root is a site as a root module.
func root(t *testing.T, s deploy.Site) terraformtest.Root {
	t.Helper()
	files, err := gcp.Target().Own(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	k, err := terraform.Of(s)
	if err != nil {
		t.Fatal(err)
	}
	return terraformtest.Root{Files: files, Dir: s.Infra, Stack: k}
}

// with are the variables of a choice of options.
func with(choice map[string]string, stack terraform.Stack) terraformtest.With {
	w := terraformtest.With{VarFiles: []string{"environments/" + choice["environment"] + ".tfvars"}, Set: map[string]string{}}
	for name, value := range choice {
		switch {
		case value == "" || name == "site" || name == "environment" || name == "database" && !stack.Database:
		case name == "versions":
			if stack.Database {
				w.Set["password_version"] = value
			}
			if len(stack.From(terraform.FromGenerator)) > 0 {
				w.Set["key_version"] = value
			}
		default:
			w.Set[name] = value
		}
	}
	return w
}

// Every pair of options and sites is planned, applied, planned again without a
// change, and held against the rules.
func TestTerraform(t *testing.T) {
	began := time.Now()
	modules, stacks := map[string]*terraformtest.Module{}, map[string]terraform.Stack{}
	all := sites()
	for name, s := range all {
		r := root(t, s)
		modules[name], stacks[name] = terraformtest.Open(t, r), r.Stack
	}
	choices := terraformtest.Pairs(options)
	t.Run("each", func(t *testing.T) {
		for i, choice := range choices {
			name := choice["site"]
			t.Run(strconv.Itoa(i)+" "+name, func(t *testing.T) {
				t.Parallel()
				w := with(choice, stacks[name])
				r := modules[name].Run(t, w)
				terraformtest.Hold(t, "gcp", r)
				if choice["environment"] == "production" {
					terraformtest.Addresses(t, r, filepath.Join("testdata", "addresses", name+map[bool]string{true: "", false: "-dns"}[choice["dns_zone"] == ""]+".txt"))
				}
				priced(t, r)
				if choice["environment"] == "production" && name == "everything" {
					machineStarts(t, all[name], r, map[bool]int{true: 15, false: 50}[choice["drain_seconds"] == ""])
				}
				t.Logf("%-11s %-10s %3d resources planned, applied, unchanged: %s", name, choice["environment"], len(r.Plan.Resources), strings.Join(slices.Sorted(maps.Keys(w.Set)), " "))
			})
		}
	})
	t.Logf("%d combinations have each pair of %d options, in %.0f s", len(choices), len(options), time.Since(began).Seconds())
}

// An app that grows keeps what it has: put on the state of the bare app, the files of
// one that needs everything destroy nothing that holds data.
func TestTerraformGrows(t *testing.T) {
	all := sites()
	before, after := all["bare"], all["everything"]
	after.Package.App = before.Package.App
	w := terraformtest.With{VarFiles: []string{"environments/production.tfvars"}}
	w.State = terraformtest.Open(t, root(t, before)).Run(t, w).State
	w.Set = map[string]string{"domain": "www.example.com", "region": "us-central1"}
	r := terraformtest.Upgrade(t, terraformtest.Open(t, root(t, after)), w)
	created, destroyed := 0, 0
	for _, one := range r.Plan.Resources {
		if slices.Contains(one.Actions, "create") {
			created++
		}
	}
	for _, one := range r.Plan.Destroyed {
		destroyed++
		if one.Type != "google_compute_instance_template" { // each change is a new one
			t.Errorf("%s is destroyed", one.Address)
		}
	}
	t.Logf("from bare to everything: %d of %d resources are new, %d replaced", created, len(r.Plan.Resources), destroyed)
}

// The module's own tests, which its owner runs, pass.
func TestTerraformTests(t *testing.T) {
	for _, name := range []string{"bare", "everything"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terraformtest.Open(t, root(t, sites()[name])).Test(t)
		})
	}
}

// machineStarts checks that what a machine starts is the program, with the settings
// as they are: the script runs here, with stand-ins for the tools of a machine.
func machineStarts(t *testing.T, s deploy.Site, r *terraformtest.Result, drain int) {
	t.Helper()
	var state struct {
		Resources []struct {
			Type, Name string
			Instances  []struct {
				Attributes struct{ Metadata map[string]string }
			}
		}
	}
	if err := json.Unmarshal(r.State, &state); err != nil {
		t.Fatal(err)
	}
	var user string
	for _, r := range state.Resources {
		if r.Type == "google_compute_instance_template" && r.Name == "base" {
			user = r.Instances[0].Attributes.Metadata["user-data"]
		}
	}
	var config struct {
		WriteFiles []struct{ Path, Content, Permissions, Encoding string } `yaml:"write_files"`
		Runcmd     []string
	}
	if err := yaml.Unmarshal([]byte(user), &config); err != nil || !strings.HasPrefix(user, "#cloud-config\n") || len(config.WriteFiles) != 2 || len(config.Runcmd) != 2 {
		t.Fatalf("%v, in\n%s", err, user)
	}
	unit := config.WriteFiles[1].Content
	for _, want := range []string{fmt.Sprintf("docker stop --time %d app", drain+30), fmt.Sprintf("TimeoutStopSec=%d\n", drain+35), "ExecStart=/bin/bash /etc/app/start", "Restart=always"} {
		if !strings.Contains(unit, want) {
			t.Errorf("the unit does not say %q:\n%s", want, unit)
		}
	}
	start, err := base64.StdEncoding.DecodeString(config.WriteFiles[0].Content)
	if err != nil {
		t.Fatal(err)
	}
	digest := "us-docker.pkg.dev/p/r/app@sha256:" + strings.Repeat("a", 64)
	for _, c := range []struct{ name, image, secret, want string }{
		{"started", digest, "c2VzYW1l", ""},
		{"without a digest", "app:latest", "c2VzYW1l", `the image "app:latest" has no digest`},
		{"before the first release", "", "c2VzYW1l", `the image "" has no digest`},
		{"without a secret", digest, base64.StdEncoding.EncodeToString([]byte("unset")), "is not set: gcloud secrets versions add"},
	} {
		t.Run(c.name, func(t *testing.T) {
			env, arguments, said, err := machine(t, string(start), c.image, c.secret)
			if c.want != "" {
				if err == nil || !strings.Contains(said, c.want) {
					t.Errorf("%v: it says %q, want %q", err, said, c.want)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			want := map[string]string{"DATABASE_URL": "sesame", "GORGON_STORE": "sesame", "GORGON_SECRET": "sesame", "GORGON_DRAIN": fmt.Sprintf("%ds", drain), "SSL_CERT_DIR": "/etc/ssl/private-authorities"}
			for _, v := range s.Variables {
				if v.Value != "" {
					want[v.Name] = v.Value
				}
			}
			for name, value := range want {
				if got, is := env[name]; !is || got != value {
					t.Errorf("%s is %q, want %q", name, got, value)
				}
				if !slices.Contains(arguments, name) {
					t.Errorf("the container does not get %s", name)
				}
			}
			for _, want := range []string{"--read-only", "ALL", "no-new-privileges", "8080:8080", digest, "serve"} {
				if !slices.Contains(arguments, want) {
					t.Errorf("docker gets %q, without %q", arguments, want)
				}
			}
			if i := slices.IndexFunc(arguments, func(a string) bool { return strings.Contains(a, "sesame") }); i >= 0 {
				t.Errorf("a secret stands on the command line: %q", arguments[i])
			}
		})
	}
}

// machine runs the script of a machine with stand-ins for curl, docker and the
// helper of the registry, and gives what docker gets.
func machine(t *testing.T, script, image, secret string) (env map[string]string, arguments []string, said string, err error) {
	t.Helper()
	dir := t.TempDir()
	script = strings.ReplaceAll(script, "/run/app", dir)
	files := map[string]string{
		"start": script,
		"curl": `#!/bin/bash
url="${!#}"
case $url in
*attributes/image) printf %s '` + image + `' ;;
*service-accounts/default/token) printf '{"access_token":"a-token","expires_in":3000}' ;;
*secretmanager*) read -r header; [ "$header" = "Authorization: Bearer a-token" ] && printf '{\n  "name": "x",\n  "payload": {\n    "data": "` + secret + `",\n    "dataCrc32c": "1"\n  }\n}\n' ;;
*) exit 22 ;;
esac
`,
		"docker-credential-gcr": "#!/bin/bash\nexit 0\n",
		"docker":                "#!/bin/bash\nprintf '%s\\0' \"$@\" > \"$DIR/arguments\"\n/usr/bin/env -0 > \"$DIR/env\"\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), "bash", filepath.Join(dir, "start"))
	c.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "DIR=" + dir, "HOME=" + dir}
	out, err := c.CombinedOutput()
	if err != nil {
		return nil, nil, string(out), err
	}
	list := func(name string) []string {
		data, readErr := os.ReadFile(filepath.Join(dir, name))
		err = errors.Join(err, readErr)
		return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
	}
	env = map[string]string{}
	for _, line := range list("env") {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	return env, list("arguments"), string(out), err
}
