// The stand-in for gcloud: Cloud Run, instance groups, and what both need.

//go:build unix

package workflow_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A service is one of Cloud Run.
type service struct {
	Ingress   string
	Revisions []revision
	Traffic   []traffic
}

type revision struct {
	Name, Image string
	Ready       bool
}

type traffic struct {
	Revision string `json:"revisionName"`
	Percent  int    `json:"percent,omitempty"`
	Tag      string `json:"tag,omitempty"`
	URL      string `json:"url,omitempty"`
}

// A group is a managed instance group, and the templates of its project.
type group struct {
	Templates []template
	Versions  []version
	Scaler    string
	Size      int
}

type template struct {
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	Created     string         `json:"creationTimestamp"`
	Properties  map[string]any `json:"properties"`
}

type version struct {
	Template string
	Percent  int // 0 for the rest
}

func (t template) image() string {
	metadata, _ := t.Properties["metadata"].(map[string]any)
	items, _ := metadata["items"].([]any)
	for _, i := range items {
		if item := i.(map[string]any); item["key"] == "image" {
			return fmt.Sprint(item["value"])
		}
	}
	return ""
}

// insert is a call of Google's API with a template in a file.
func (g *group) insert(file string, clock int) error {
	var t template
	if err := read(file, &t); err != nil {
		return err
	}
	t.Created = fmt.Sprintf("2026-01-02T03:%02d", clock)
	if strings.Contains(fmt.Sprint(t.Properties), "fingerprint") {
		return fmt.Errorf("a new template has no fingerprint")
	}
	g.Templates = append(g.Templates, t)
	return nil
}

func (g *group) template(name string) *template {
	for i := range g.Templates {
		if g.Templates[i].Name == name {
			return &g.Templates[i]
		}
	}
	return nil
}

func gcloud(c *call) {
	w := c.world
	if strings.Contains(c.command, "run ") || strings.HasPrefix(c.command, "compute") || c.command == "logging read" {
		if c.flag("--project") != "shop-project" {
			c.fail("which project? %q", c.flag("--project"))
			return
		}
	}
	name := ""
	if len(c.words) > 0 {
		name = c.words[0]
	}
	switch strings.TrimPrefix(c.command, "compute instance-groups managed ") {
	case "auth print-access-token":
		fmt.Println("token")
	case "logging read":
		fmt.Println("2026-01-02T03:04:05Z ERROR the last log line")
	case "run jobs update":
		if _, known := w.Jobs[name]; !known {
			c.fail("there is no job %s", name)
			return
		}
		w.Jobs[name] = c.flag("--image")
	case "run jobs execute":
		if !c.has("--wait") {
			c.fail("the stand-in wants to be waited for")
			return
		}
		w.Ran = append(w.Ran, name+" "+w.Jobs[name])
	case "run deploy":
		w.Run.deploy(c)
	case "run services describe":
		printJSON(map[string]any{
			"metadata": map[string]any{"annotations": map[string]string{"run.googleapis.com/ingress": w.Run.Ingress}},
			"status":   map[string]any{"traffic": w.Run.Traffic, "latestCreatedRevisionName": w.Run.Revisions[len(w.Run.Revisions)-1].Name},
		})
	case "run services update-traffic":
		w.Run.move(c)
	case "run revisions describe":
		for _, r := range w.Run.Revisions {
			if r.Name == name {
				fmt.Println(r.Image)
				return
			}
		}
		c.fail("there is no revision %s", name)
	case "run revisions list":
		var list []any
		for i, r := range w.Run.Revisions {
			list = append(list, map[string]any{
				"metadata": map[string]any{"name": r.Name, "creationTimestamp": fmt.Sprintf("2026-01-%02d", i+1)},
				"spec":     map[string]any{"containers": []any{map[string]any{"image": r.Image}}},
				"status":   map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": map[bool]string{true: "True", false: "False"}[r.Ready]}}},
			})
		}
		printJSON(list)
	case "compute instance-templates describe":
		t := w.Group.template(name)
		if t == nil {
			c.fail("there is no template %s", name)
			return
		}
		printJSON(t)
	case "compute instance-templates list":
		w.Group.list(c)
	case "compute instance-templates delete":
		if slices.ContainsFunc(w.Group.Versions, func(v version) bool { return v.Template == name }) {
			c.fail("%s is in use", name)
			return
		}
		w.Group.Templates = slices.DeleteFunc(w.Group.Templates, func(t template) bool { return t.Name == name })
	case "compute backend-services get-health":
		var status []any
		for i, t := range w.Group.instances() {
			health := "HEALTHY"
			if !w.starts(w.Group.template(t).image()) {
				health = "UNHEALTHY"
			}
			status = append(status, map[string]string{"instance": fmt.Sprintf("https://compute/zones/z/instances/shop-%d", i), "healthState": health})
		}
		printJSON([]any{map[string]any{"status": map[string]any{"healthStatus": status}}})
	case "describe":
		var list []any
		for _, v := range w.Group.Versions {
			one := map[string]any{"instanceTemplate": "https://compute/global/instanceTemplates/" + v.Template + "?uniqueId=7"}
			if v.Percent > 0 {
				one["targetSize"] = map[string]int{"percent": v.Percent, "calculated": 1}
			}
			list = append(list, one)
		}
		printJSON(map[string]any{"versions": list})
	case "rolling-action start-update":
		w.Group.replace(c)
	case "list-instances":
		var list []any
		for i, t := range w.Group.instances() {
			list = append(list, map[string]any{
				"instance": fmt.Sprintf("https://compute/zones/z/instances/shop-%d", i),
				"version":  map[string]string{"instanceTemplate": "https://compute/global/instanceTemplates/" + t + "?uniqueId=7"},
			})
		}
		printJSON(list)
	case "update-autoscaling":
		if w.Group.Scaler = c.flag("--mode"); w.Group.Scaler == "on" {
			w.Group.Size = max(w.Group.Size, 2)
		}
	case "resize":
		if w.Group.Scaler != "on" { // it would set the size again
			w.Group.Size, _ = strconv.Atoi(c.flag("--size"))
		}
	case "wait-until", "list-errors":
	default:
		c.fail("the stand-in does not do %q", c.command)
	}
}

func (s *service) deploy(c *call) {
	image := c.flag("--image")
	r := revision{Name: fmt.Sprintf("shop-%05d", len(s.Revisions)+1), Image: image, Ready: c.world.starts(image)}
	s.Revisions = append(s.Revisions, r)
	if !c.has("--no-traffic") {
		s.Traffic = []traffic{{Revision: r.Name, Percent: 100}}
	}
	if !r.Ready {
		c.fail("Revision %s is not ready and cannot serve traffic", r.Name)
		return
	}
	if c.has("--tag") || c.has("--revision-suffix") {
		c.fail("the revision now has a name that Terraform does not know")
	}
}

func (s *service) tag(tag, name string) {
	s.Traffic = slices.DeleteFunc(s.Traffic, func(t traffic) bool { return t.Tag == tag })
	if name != "" {
		s.Traffic = append(s.Traffic, traffic{Revision: name, Tag: tag, URL: "https://" + tag + "---shop.example.com"})
	}
}

func (s *service) move(c *call) {
	if v := c.flag("--update-tags"); v != "" {
		tag, name, _ := strings.Cut(v, "=")
		s.tag(tag, name)
	}
	if v := c.flag("--remove-tags"); v != "" {
		s.tag(v, "")
	}
	shares, sum := c.flag("--to-revisions"), 0
	if shares == "" {
		return
	}
	s.Traffic = slices.DeleteFunc(s.Traffic, func(t traffic) bool { return t.Tag == "" })
	for share := range strings.SplitSeq(shares, ",") {
		name, percent, _ := strings.Cut(share, "=")
		n, _ := strconv.Atoi(percent)
		if !slices.ContainsFunc(s.Revisions, func(r revision) bool { return r.Name == name }) {
			c.fail("there is no revision %q", name)
			return
		}
		s.Traffic, sum = append(s.Traffic, traffic{Revision: name, Percent: n}), sum+n
	}
	if sum != 100 {
		c.fail("%d %% of the visitors", sum)
	}
}

// instances are the templates of those that run.
func (g *group) instances() []string {
	var list []string
	for _, v := range g.Versions {
		n := (v.Percent*g.Size + 99) / 100
		for range n {
			list = append(list, v.Template)
		}
	}
	for len(list) < g.Size && len(g.Versions) > 0 {
		list = append(list, g.Versions[0].Template)
	}
	return list
}

func (g *group) replace(c *call) {
	parse := func(text string) (v version) {
		for part := range strings.SplitSeq(text, ",") {
			key, value, _ := strings.Cut(part, "=")
			switch key {
			case "template":
				v.Template = value
			case "target-size":
				v.Percent, _ = strconv.Atoi(strings.TrimSuffix(value, "%"))
			}
		}
		if g.template(v.Template) == nil {
			c.fail("there is no template %q", v.Template)
		}
		return v
	}
	versions := []version{parse(c.flag("--version"))}
	if canary := c.flag("--canary-version"); canary != "" {
		versions = append(versions, parse(canary))
	}
	// gcloud allows no third template.
	all := map[string]bool{}
	for _, v := range append(slices.Clone(versions), g.Versions...) {
		all[v.Template] = true
	}
	if len(all) > 2 {
		c.fail("Update inconsistent with current state")
	}
	if c.code == 0 {
		g.Versions = versions
	}
}

func (g *group) list(c *call) {
	prefix := strings.TrimPrefix(c.flag("--filter"), "name~^")
	found := slices.DeleteFunc(slices.Clone(g.Templates), func(t template) bool { return !strings.HasPrefix(t.Name, prefix) })
	if c.flag("--sort-by") == "~creationTimestamp" {
		slices.SortFunc(found, func(a, b template) int { return strings.Compare(b.Created, a.Created) })
	}
	if n, err := strconv.Atoi(c.flag("--limit")); err == nil {
		found = found[:min(n, len(found))]
	}
	if c.flag("--format") == "json" {
		_ = json.NewEncoder(os.Stdout).Encode(found)
		return
	}
	for _, t := range found {
		fmt.Println(t.Name)
	}
}
