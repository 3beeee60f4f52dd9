// The world that the stand-ins act on: a registry, visitors, and the clouds' jobs.

//go:build unix

package workflow_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A world is one environment: what is there, what goes wrong, and what happened.
type world struct {
	Target string
	Faults []fault
	Seen   map[string]int // calls that a fault matched

	Images map[string]bool   // in the registry, in full
	Jobs   map[string]string // of Cloud Run: the image of each
	Ran    []string          // commands of the program that ran to their end, with their images
	Sick   string            // an image that does not start
	Clock  int               // minutes that have gone by

	Run   service
	Group group
	ECS   cluster

	Plan    string            // terraform: "changes", "destroys" or ""
	Applied int               // how often
	Outputs map[string]string // of terraform
	Comment string            // the one of the pull request, if there is one
}

// image is whether an image can be started.
func (w *world) starts(image string) bool { return image != w.Sick && w.Images[image] }

const (
	newDigest   = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	oldDigest   = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	olderDigest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

	repository = "registry.example.com/shop/app"
	newImage   = repository + "@" + newDigest
	oldImage   = repository + "@" + oldDigest
	olderImage = repository + "@" + olderDigest
)

func printJSON(v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(data))
}

// date gives a time that is a minute later with each call.
func date(c *call) {
	c.world.Clock++
	now := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC).Add(time.Duration(c.world.Clock) * time.Minute)
	switch format := strings.Join(c.words, " "); format {
	case "-u +%Y-%m-%dT%H:%M:%SZ":
		fmt.Println(now.Format("2006-01-02T15:04:05Z"))
	case "-u +%Y%m%d%H%M%S":
		fmt.Println(now.Format("20060102150405"))
	case "+%s":
		fmt.Println(now.Unix())
	default:
		c.fail("date %s: no such format here", format)
	}
}

// curl asks the site, or one of Google's APIs.
func curl(c *call) {
	address := c.words[0]
	switch {
	case strings.Contains(address, "/timeSeries"):
		printJSON(series(118, 0))
	case strings.HasSuffix(address, "/global/instanceTemplates"):
		if err := c.world.Group.insert(strings.TrimPrefix(c.flag("--data"), "@"), c.world.Clock); err != nil {
			c.fail("%v", err)
		}
	default:
		code := "200"
		if !c.world.answers() {
			code = "503"
		}
		_ = os.WriteFile(c.flag("--output"), []byte("the site says "+code), 0o644)
		fmt.Print(code)
	}
}

// answers is whether anything serves visitors.
func (w *world) answers() bool {
	switch w.Target {
	case "gcp":
		return len(w.Group.Versions) > 0 && w.Group.Size > 0
	case "aws":
		return w.ECS.Desired > 0
	}
	return len(w.Run.Revisions) > 0
}

// series is a response of Google's monitoring.
func series(fine, bad int) any {
	one := func(class string, n int) any {
		return map[string]any{"metric": map[string]any{"labels": map[string]string{"response_code_class": class}},
			"points": []any{map[string]any{"value": map[string]string{"int64Value": fmt.Sprint(n)}}}}
	}
	return map[string]any{"timeSeries": []any{one("2xx", fine), one("200", 0), one("5xx", bad), one("500", 0)}}
}

// skopeo keeps images by digest.
func skopeo(c *call) {
	image := strings.TrimPrefix(c.words[len(c.words)-1], "docker://")
	switch c.command {
	case "login":
		_ = os.WriteFile(c.flag("--authfile"), []byte("{}"), 0o600)
	case "inspect":
		if !c.world.Images[image] {
			c.fail("manifest unknown")
			return
		}
		fmt.Println("{}")
	case "copy":
		if _, err := os.Stat(c.flag("--authfile")); err != nil {
			c.fail("unauthorized")
			return
		}
		if !strings.Contains(image, "@sha256:") {
			c.fail("%s is a tag", image)
			return
		}
		c.world.Images[image] = true
	}
}

// terraformCLI plans and applies.
func terraformCLI(c *call) {
	switch c.command {
	case "output":
		printJSON(c.world.Outputs)
	case "plan":
		if out := c.flag("-out"); out != "" {
			_ = os.WriteFile(out, []byte(c.world.Plan), 0o644)
		}
		if c.world.Plan == "" {
			fmt.Println("No changes. Your infrastructure matches the configuration.")
			return
		}
		fmt.Println("Plan: 1 to add, 0 to change, 0 to destroy.")
		if c.has("-detailed-exitcode") {
			c.code = 2
		}
	case "show":
		data, err := os.ReadFile(c.words[0])
		if err != nil {
			c.fail("%v", err)
			return
		}
		if !c.has("-json") {
			fmt.Println("Plan: 1 to add, 0 to change, 0 to destroy.")
			return
		}
		var changes []any
		if string(data) == "destroys" {
			for _, kind := range []string{"google_sql_database_instance", "aws_db_instance"} {
				changes = append(changes, map[string]any{"address": kind + ".main", "type": kind, "change": map[string]any{"actions": []string{"delete", "create"}}})
			}
		}
		printJSON(map[string]any{"resource_changes": append(changes, map[string]any{"address": "x.y", "type": "x", "change": map[string]any{"actions": []string{"delete"}}})})
	case "apply":
		if _, err := os.ReadFile(c.words[0]); err != nil {
			c.fail("%v", err)
			return
		}
		c.world.Applied++
	}
}

// gh keeps the comment of a pull request.
func gh(c *call) {
	switch c.flag("--method") {
	case "":
		if c.world.Comment != "" {
			fmt.Println("7")
		}
	case "POST", "PATCH":
		if c.flag("--method") == "POST" && c.world.Comment != "" {
			c.fail("a second comment of the same plan")
			return
		}
		_, file, _ := strings.Cut(c.flag("--field"), "@")
		data, err := os.ReadFile(file)
		if err != nil {
			c.fail("%v", err)
		}
		c.world.Comment = string(data)
	}
}

// goTool builds an image where it is asked to.
func goTool(c *call) {
	if !strings.HasSuffix(c.command, "deploy") {
		return
	}
	at := filepath.Join("pkg", c.flag("--to"), "layout")
	if err := os.MkdirAll(at, 0o755); err != nil {
		c.fail("%v", err)
	}
	_ = os.WriteFile(filepath.Join(at, "index.json"), layoutIndex, 0o644)
}

var layoutIndex = []byte(`{"manifests":[{"digest":"` + newDigest + `"}]}`)
