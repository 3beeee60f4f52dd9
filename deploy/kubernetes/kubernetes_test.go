// The files held against the published schemas, and the laws of a safe pod.

package kubernetes_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/deploytest"
	"github.com/gorgon-go/gorgon/deploy/kubernetes"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/testbed"
)

func TestTarget(t *testing.T) {
	deploytest.Run(t, kubernetes.Target(), func(t *testing.T, s deploy.Site, folder string) {
		var list struct{ Resources []string }
		read(t, folder, "kustomization.yaml", &list)
		var written []string
		for name := range deploytest.Files(t, folder) {
			if !slices.Contains([]string{"kustomization.yaml", kubernetes.MigrateName, kubernetes.SecretName, deploy.ReadmeName}, name) {
				written = append(written, name)
			}
		}
		slices.Sort(written)
		if !slices.Equal(list.Resources, written) {
			t.Errorf("the kustomization names %q, and %q were written", list.Resources, written)
		}
		for _, name := range []string{"deployment.yaml", "cronjob.yaml", kubernetes.MigrateName} {
			var o object
			if read(t, folder, name, &o) {
				safe(t, name, o.pod())
			}
		}
	})
}

// An object is what the laws look at.
type object struct {
	Spec struct {
		Replicas    *int
		Strategy    struct{ Type string }
		Template    template
		JobTemplate struct{ Spec struct{ Template template } } `yaml:"jobTemplate"`
	}
}

type template struct {
	Spec podSpec
}

type podSpec struct {
	Automount       *bool `yaml:"automountServiceAccountToken"`
	SecurityContext struct {
		RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
		RunAsUser      int                   `yaml:"runAsUser"`
		SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	InitContainers []container `yaml:"initContainers"`
	Containers     []container
}

type container struct {
	Args            []string
	Resources       struct{ Requests, Limits map[string]string }
	SecurityContext struct {
		Escalation   *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnly     bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities struct{ Drop []string }
	} `yaml:"securityContext"`
}

func (o object) pod() podSpec {
	if len(o.Spec.Template.Spec.Containers) > 0 {
		return o.Spec.Template.Spec
	}
	return o.Spec.JobTemplate.Spec.Template.Spec
}

// safe holds a pod against the restricted standard of Kubernetes.
func safe(t *testing.T, name string, p podSpec) {
	t.Helper()
	if len(p.Containers) != 1 {
		t.Fatalf("%s has %d containers", name, len(p.Containers))
	}
	if p.Automount == nil || *p.Automount {
		t.Errorf("%s: no pod has the cluster's token", name)
	}
	if c := p.SecurityContext; !c.RunAsNonRoot || c.RunAsUser != 65532 || c.SeccompProfile.Type != "RuntimeDefault" {
		t.Errorf("%s: a pod runs as an unprivileged user, with the default profile: %+v", name, c)
	}
	for _, c := range append(p.InitContainers, p.Containers...) {
		if s := c.SecurityContext; s.Escalation == nil || *s.Escalation || !s.ReadOnly || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
			t.Errorf("%s %v: a container gets no rights and writes to no root: %+v", name, c.Args, s)
		}
		if len(c.Resources.Requests) == 0 || c.Resources.Limits["memory"] == "" {
			t.Errorf("%s %v: a container says what it needs: %+v", name, c.Args, c.Resources)
		}
	}
}

func read(t *testing.T, folder, name string, into any) bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, name))
	if os.IsNotExist(err) {
		return false
	} else if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return true
}

// Every value arrives as it was, whatever it looks like.
func TestValues(t *testing.T) {
	s := deploytest.Sites(kubernetes.Target().Target)["7-seas"]
	var c struct{ Data map[string]yaml.Node }
	read(t, deploytest.Write(t, kubernetes.Target(), s), "configmap.yaml", &c)
	for i, want := range deploytest.Hostile {
		name := "HOSTILE_" + string(rune('A'+i))
		node, is := c.Data[name]
		if !is || node.Value != want || node.Tag != "!!str" || node.Style != yaml.DoubleQuotedStyle {
			t.Errorf("%s is %s %q, want the quoted text %q", name, node.Tag, node.Value, want)
		}
	}
}

func TestVariablesThatCannotBe(t *testing.T) {
	s := deploytest.Sites(kubernetes.Target().Target)["leaflet"]
	s.Variables = []deploy.Variable{{Name: "A B", Value: "x"}, {Name: "BYTES", Value: "\xff"}, {Name: "ZERO", Value: "a\x00"}}
	err := kubernetes.Target().Write(t.Context(), s, t.TempDir())
	for _, want := range []string{`variable "A B": use letters`, "variable BYTES: its value is not text", "variable ZERO: its value is not text"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want it to say %q", err, want)
		}
	}
}

// A store of files is one pod's: it is never beside another, and what lays
// such a store out runs in the pod.
func TestLocalStore(t *testing.T) {
	s := deploytest.Sites(kubernetes.Target().Target)["notes"]
	s.Outcome.Setting.Store, s.Store, s.Migrate = "sqlite", "sqlite:store.db", true
	folder := deploytest.Write(t, kubernetes.Target(), s)
	var d object
	read(t, folder, "deployment.yaml", &d)
	if d.Spec.Replicas == nil || *d.Spec.Replicas != 1 || d.Spec.Strategy.Type != "Recreate" {
		t.Errorf("replicas %v, strategy %q, want 1 and Recreate", d.Spec.Replicas, d.Spec.Strategy.Type)
	}
	if before := d.pod().InitContainers; len(before) != 1 || !slices.Equal(before[0].Args, []string{"migrate"}) {
		t.Errorf("before the server run %+v, want migrate", before)
	}
	safe(t, "deployment.yaml", d.pod())
	if files := deploytest.Files(t, folder); files[kubernetes.MigrateName] != "" || !strings.Contains(files["configmap.yaml"], `GORGON_STORE: "sqlite:/data/store.db"`) {
		t.Errorf("a job cannot have the pod's volume, and the store lies on it:\n%s", files["configmap.yaml"])
	}
}

// An app below a path leaves the rest of its host to others.
func TestBasePath(t *testing.T) {
	s := deploytest.Sites(kubernetes.Target().Target)["shop"]
	s.Package.Base = "/shop"
	var i struct {
		Spec struct {
			Rules []struct {
				Host string
				HTTP struct{ Paths []struct{ Path string } }
			}
		}
	}
	read(t, deploytest.Write(t, kubernetes.Target(), s), "ingress.yaml", &i)
	if r := i.Spec.Rules[0]; r.Host != "shop.example.com" || r.HTTP.Paths[0].Path != "/shop" {
		t.Errorf("the ingress has %+v", i.Spec.Rules)
	}
}

// Every file is what the API server's own validation takes: unknown fields,
// missing ones and wrong types are faults there.
func TestSchema(t *testing.T) {
	validate := validator(t)
	for name, s := range deploytest.Sites(kubernetes.Target().Target) {
		t.Run(name, func(t *testing.T) {
			folder := deploytest.Write(t, kubernetes.Target(), s)
			for _, not := range []string{"kustomization.yaml", deploy.ReadmeName} { // no objects of the API
				if err := os.Remove(filepath.Join(folder, not)); err != nil {
					t.Fatal(err)
				}
			}
			if out, err := exec.CommandContext(t.Context(), validate, "--version", "1.30", folder).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			} else if files := len(deploytest.Files(t, folder)); bytes.Count(out, []byte("OK")) != files {
				t.Errorf("%d files were written, and these were looked at:\n%s", files, out)
			}
		})
	}
	t.Run("a fault is one", func(t *testing.T) {
		folder := deploytest.Write(t, kubernetes.Target(), deploytest.Sites(kubernetes.Target().Target)["leaflet"])
		data, err := os.ReadFile(filepath.Join(folder, "deployment.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		spoilt := filepath.Join(t.TempDir(), "deployment.yaml")
		if err := os.WriteFile(spoilt, bytes.ReplaceAll(data, []byte("periodSeconds"), []byte("periodMinutes")), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), validate, "--version", "1.30", spoilt).CombinedOutput(); err == nil {
			t.Errorf("an unknown field passes:\n%s", out)
		}
	})
}

// validator finds what scripts/servers installs.
func validator(t *testing.T) string {
	t.Helper()
	const name = "kubectl-validate"
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	cache, err := os.UserCacheDir()
	if err == nil {
		path := filepath.Join(cache, "gorgon-testbed", name)
		if _, err = os.Stat(path); err == nil {
			return path
		}
	}
	t.Skipf("%s: %v", name, testbed.ErrMissing)
	return ""
}

func TestOffers(t *testing.T) {
	want := plan.Offers{Process: true, Disk: plan.VolumeFiles, OpenFor: plan.Always, Peers: true, Schedule: "a CronJob"}
	if got := kubernetes.Target(); got.Offers != want || !got.Image || got.Name != "kubernetes" {
		t.Errorf("the target is %+v", got)
	}
}

// A database that is a file has a volume, and the pod that has it migrates it.
func TestDatabaseFileHasAVolume(t *testing.T) {
	s := deploytest.Sites(kubernetes.Target().Target)["leaflet"]
	s.App.Parts = append(s.App.Parts, plan.Part{Name: plan.DatabasePart, Needs: []plan.Need{{Part: plan.DatabasePart, Kind: plan.File}}})
	s.Migrate, s.Outcome.Setting.Replicas = true, 1
	files := deploytest.Files(t, deploytest.Write(t, kubernetes.Target(), s))
	if files["volume.yaml"] == "" || files["migrate.yaml"] != "" || !strings.Contains(files["deployment.yaml"], "initContainers:") || !strings.Contains(files["deployment.yaml"], "Recreate") {
		t.Errorf("%s", files["deployment.yaml"])
	}
}
