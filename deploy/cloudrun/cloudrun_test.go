// The objects held against the published schemas of Cloud Run's API.

package cloudrun_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/cloudrun"
	"github.com/gorgon-go/gorgon/deploy/deploytest"
	"github.com/gorgon-go/gorgon/plan"
)

// A schema is one of a discovery document of Google's.
type schema struct {
	Ref         string             `json:"$ref,omitempty"`
	Type        string             `json:"type,omitempty"`
	Format      string             `json:"format,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Additional  *schema            `json:"additionalProperties,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Description string             `json:"description,omitempty"`
}

// schemas reads testdata/run-v1.json: what Service and Job reach in the
// discovery document of Cloud Run's API, without the descriptions and without
// what these say is not supported. UPDATE_SCHEMA names such a document to take
// it from: run/v1/run-api.json in the module google.golang.org/api.
func schemas(t *testing.T) map[string]*schema {
	t.Helper()
	const name = "testdata/run-v1.json"
	var doc struct {
		Source  string             `json:"source"`
		Schemas map[string]*schema `json:"schemas"`
	}
	from := os.Getenv("UPDATE_SCHEMA")
	if from != "" {
		var whole struct {
			ID, Revision string
			Schemas      map[string]*schema
		}
		decode(t, from, &whole)
		doc.Source = fmt.Sprintf("google.golang.org/api, %s, revision %s", whole.ID, whole.Revision)
		doc.Schemas = map[string]*schema{}
		for _, root := range []string{"Service", "Job"} {
			reach(doc.Schemas, whole.Schemas, root)
		}
		data, err := json.MarshalIndent(doc, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	decode(t, name, &doc)
	return doc.Schemas
}

func decode(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func reach(reached, all map[string]*schema, name string) {
	if reached[name] != nil {
		return
	}
	s := all[name]
	reached[name] = s
	prune(reached, all, s)
}

func prune(reached, all map[string]*schema, s *schema) {
	if s == nil {
		return
	}
	s.Description = ""
	if s.Ref != "" {
		reach(reached, all, s.Ref)
	}
	maps.DeleteFunc(s.Properties, func(_ string, p *schema) bool {
		return strings.HasPrefix(strings.TrimPrefix(p.Description, "Optional. "), "Not supported")
	})
	for _, p := range s.Properties {
		prune(reached, all, p)
	}
	prune(reached, all, s.Additional)
	prune(reached, all, s.Items)
}

// conforms holds a value against a schema, and lists the faults.
func conforms(all map[string]*schema, s *schema, at string, value any) []string {
	if s.Ref != "" {
		s = all[s.Ref]
	}
	wrong := func(want string) []string {
		return []string{fmt.Sprintf("%s is %T %v, want %s", at, value, value, want)}
	}
	var faults []string
	switch s.Type {
	case "object":
		fields, is := value.(map[string]any)
		if !is {
			return wrong("an object")
		}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			field := s.Properties[name]
			if field == nil {
				field = s.Additional
			}
			if field == nil {
				faults = append(faults, at+"."+name+" is not known, or not supported")
				continue
			}
			faults = append(faults, conforms(all, field, at+"."+name, fields[name])...)
		}
	case "array":
		list, is := value.([]any)
		if !is {
			return wrong("a list")
		}
		for i, each := range list {
			faults = append(faults, conforms(all, s.Items, fmt.Sprintf("%s[%d]", at, i), each)...)
		}
	case "string":
		text, is := value.(string)
		if !is || len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
			return wrong("a text " + strings.Join(s.Enum, ", "))
		}
	case "integer":
		if _, is := value.(int); !is {
			return wrong("a whole number")
		}
	case "boolean":
		if _, is := value.(bool); !is {
			return wrong("true or false")
		}
	default:
		return []string{at + " has a schema that this test does not know: " + s.Type}
	}
	return faults
}

func read(t *testing.T, folder, name string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, name))
	if os.IsNotExist(err) {
		return nil
	} else if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := yaml.Unmarshal(data, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestTarget(t *testing.T) {
	all := schemas(t)
	deploytest.Run(t, cloudrun.Target(), func(t *testing.T, s deploy.Site, folder string) {
		for name, kind := range map[string]string{cloudrun.ServiceName: "Service", cloudrun.MigrateName: "Job", cloudrun.MaintainName: "Job"} {
			object := read(t, folder, name)
			if object == nil {
				continue
			}
			if object["kind"] != kind {
				t.Errorf("%s is a %v", name, object["kind"])
			}
			for _, fault := range conforms(all, all[kind], name, object) {
				t.Error(fault)
			}
		}
		if migrates := read(t, folder, cloudrun.MigrateName) != nil; migrates != s.Migrate {
			t.Errorf("a job migrates: %t, and there is a store to lay out: %t", migrates, s.Migrate)
		}
	})
}

// A schema that takes everything proves nothing.
func TestSchemaRefuses(t *testing.T) {
	all := schemas(t)
	for _, text := range []string{
		"spec: {template: {spec: {containers: [{securityContext: {runAsUser: 1}}]}}}",
		"spec: {template: {spec: {containers: [{envFrom: []}]}}}",
		"spec: {template: {spec: {timeoutSeconds: '5'}}}",
		"spec: {template: {metadata: {annotations: {a: 1}}}}",
		"spec: {template: {spec: {containers: [{env: [{name: A, value: true}]}]}}}", // which a careless writer makes of a text
		"spec: {traffic: [{percent: 1.5}]}",
		"spac: {}",
	} {
		var object any
		if err := yaml.Unmarshal([]byte(text), &object); err != nil {
			t.Fatal(err)
		}
		if len(conforms(all, all["Service"], "service", object)) == 0 {
			t.Errorf("%s passes", text)
		}
	}
}

// revision is what the service's template says.
func revision(t *testing.T, s deploy.Site) (annotations map[string]any, spec, container map[string]any) {
	t.Helper()
	template := read(t, deploytest.Write(t, cloudrun.Target(), s), cloudrun.ServiceName)["spec"].(map[string]any)["template"].(map[string]any)
	spec = template["spec"].(map[string]any)
	return template["metadata"].(map[string]any)["annotations"].(map[string]any), spec, spec["containers"].([]any)[0].(map[string]any)
}

func env(container map[string]any) map[string]any {
	values := map[string]any{}
	list, _ := container["env"].([]any)
	for _, each := range list {
		e := each.(map[string]any)
		values[e["name"].(string)] = e["value"]
	}
	return values
}

// Every value arrives as it was, whatever it looks like.
func TestValues(t *testing.T) {
	_, _, c := revision(t, deploytest.Sites(cloudrun.Target().Target)["7-seas"])
	values := env(c)
	for i, want := range deploytest.Hostile {
		if name := "HOSTILE_" + string(rune('A'+i)); values[name] != want {
			t.Errorf("%s is %q, want %q", name, values[name], want)
		}
	}
}

func TestSettings(t *testing.T) {
	connects := gorgon.App{Name: "chat", Parts: []gorgon.Part{gorgon.Page[string]{Path: "/", Needs: []gorgon.Need{gorgon.NeedConnections}}}}
	for _, c := range []struct {
		name    string
		app     gorgon.App
		setting plan.Setting
		role    any // nil: as serve
		notes   map[string]any
		port    string
		timeout int
	}{
		{"by the request", gorgon.App{}, plan.Setting{}, "web", map[string]any{"run.googleapis.com/cpu-throttling": "true"}, "h2c", 300},
		{"always on", gorgon.App{}, plan.Setting{AlwaysOn: true}, nil, map[string]any{"run.googleapis.com/cpu-throttling": "false", "autoscaling.knative.dev/minScale": "1"}, "h2c", 300},
		{"bounded", gorgon.App{}, plan.Setting{Replicas: 3}, "web", map[string]any{"run.googleapis.com/cpu-throttling": "true", "autoscaling.knative.dev/maxScale": "3"}, "h2c", 300},
		{"connections", connects, plan.Setting{}, "web", map[string]any{"run.googleapis.com/cpu-throttling": "true"}, "http1", 3600},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := deploytest.Sites(cloudrun.Target().Target)["leaflet"]
			s.App, s.Outcome, s.Package.Parts = plan.Describe(c.app), plan.Judge(plan.Describe(c.app), cloudrun.Target().Target, c.setting), plan.Parts(c.app)
			annotations, spec, container := revision(t, s)
			delete(annotations, "run.googleapis.com/startup-cpu-boost")
			if !maps.Equal(annotations, c.notes) {
				t.Errorf("annotations are %v, want %v", annotations, c.notes)
			}
			if role := env(container)["GORGON_ROLE"]; role != c.role {
				t.Errorf("the role is %v, want %v", role, c.role)
			}
			if port := container["ports"].([]any)[0].(map[string]any)["name"]; port != c.port || spec["timeoutSeconds"] != c.timeout {
				t.Errorf("port %v and %v s, want %s and %d s", port, spec["timeoutSeconds"], c.port, c.timeout)
			}
		})
	}
}

// What the API says of probes in words alone.
func TestProbes(t *testing.T) {
	_, _, c := revision(t, deploytest.Sites(cloudrun.Target().Target)["shop"])
	for _, name := range []string{"startupProbe", "livenessProbe"} {
		p := c[name].(map[string]any)
		period, timeout, failures := p["periodSeconds"].(int), p["timeoutSeconds"].(int), p["failureThreshold"].(int)
		if timeout >= period || name == "startupProbe" && period*failures > 240 {
			t.Errorf("%s: %d times within %d s, each %d s", name, failures, period, timeout)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, want := range map[string]string{
		"PORT": "variable PORT is the platform's", "K_SERVICE": "variable K_SERVICE is the platform's", "1A": "use letters, digits",
	} {
		s := deploytest.Sites(cloudrun.Target().Target)["leaflet"]
		s.Variables = []deploy.Variable{{Name: name, Value: "1"}}
		if err := cloudrun.Target().Write(t.Context(), s, t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, want it to say %q", name, err, want)
		}
	}
}

func TestOffers(t *testing.T) {
	want := plan.Offers{Process: true, Elastic: true, Frozen: plan.UnlessPaid, Disk: plan.LostFiles, OpenFor: time.Hour, Schedule: "Cloud Scheduler"}
	if got := cloudrun.Target(); got.Offers != want || !got.Image || got.Name != "cloudrun" {
		t.Errorf("the target is %+v", got)
	}
}
