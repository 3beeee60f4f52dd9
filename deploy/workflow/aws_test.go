// The stand-in for the AWS CLI: a service of ECS, and what a release asks about it.

//go:build unix

package workflow_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// A cluster has one service.
type cluster struct {
	Definitions []definition
	Serves      string // the ARN of its definition
	Last        string // of the last deployment that ended well
	Moving      int    // how many more times its deployment is seen in progress
	Desired     int
	Tasks       map[string]string // of run-task: the definitions by ARN
}

type definition struct {
	ARN      string
	Body     map[string]any
	Tags     map[string]string
	Inactive bool
}

func (d definition) family() string { return fmt.Sprint(d.Body["family"]) }

func (d definition) container() map[string]any {
	return d.Body["containerDefinitions"].([]any)[0].(map[string]any)
}

// find finds a definition by its ARN, or the newest of a family.
func (k *cluster) find(name string) *definition {
	for i := len(k.Definitions) - 1; i >= 0; i-- {
		if d := &k.Definitions[i]; d.ARN == name || d.family() == name && !d.Inactive {
			return d
		}
	}
	return nil
}

func (k *cluster) register(body map[string]any, tags map[string]string) string {
	n := 1
	for _, d := range k.Definitions {
		if d.family() == fmt.Sprint(body["family"]) {
			n++
		}
	}
	arn := fmt.Sprintf("arn:aws:ecs:eu-west-1:1:task-definition/%s:%d", body["family"], n)
	k.Definitions = append(k.Definitions, definition{ARN: arn, Body: body, Tags: tags})
	return arn
}

func aws(c *call) {
	w := c.world
	k := &w.ECS
	if c.flag("--region") != "eu-west-1" {
		c.fail("which region? %q", c.flag("--region"))
		return
	}
	switch c.command {
	case "ecr get-login-password":
		fmt.Println("password")
	case "ecs describe-services":
		state := "COMPLETED"
		switch {
		case k.Serves == k.Last:
		case k.Moving > 0:
			k.Moving--
			state = "IN_PROGRESS"
		case k.image(k.Serves) != "" && w.starts(k.image(k.Serves)):
			k.Last = k.Serves
		case k.Last != "": // the circuit breaker goes back by itself
			k.Serves = k.Last
		default:
			state = "FAILED"
		}
		printJSON(map[string]any{"services": []any{map[string]any{
			"taskDefinition": k.Serves, "desiredCount": k.Desired, "runningCount": k.Desired,
			"networkConfiguration": map[string]any{"awsvpcConfiguration": map[string]any{"subnets": []string{"subnet-1"}}},
			"deployments":          []any{map[string]any{"status": "PRIMARY", "taskDefinition": k.Serves, "rolloutState": state, "desiredCount": k.Desired, "runningCount": k.Desired}},
			"events":               []any{map[string]any{"message": "(service shop) was unable to place a task"}},
		}}})
	case "ecs describe-task-definition":
		d := k.find(c.flag("--task-definition"))
		if d == nil {
			c.fail("Unable to describe task definition %q", c.flag("--task-definition"))
			return
		}
		body := map[string]any{"taskDefinitionArn": d.ARN, "revision": 1, "status": "ACTIVE", "requiresAttributes": []any{}, "compatibilities": []any{}, "registeredAt": 1, "registeredBy": "x"}
		for key, v := range d.Body {
			body[key] = v
		}
		tags := []any{}
		if slices.Contains(c.flags["--include"], "TAGS") {
			for key, v := range d.Tags {
				tags = append(tags, map[string]string{"key": key, "value": v})
			}
		}
		printJSON(map[string]any{"taskDefinition": body, "tags": tags})
	case "ecs register-task-definition":
		var body map[string]any
		if err := read(strings.TrimPrefix(c.flag("--cli-input-json"), "file://"), &body); err != nil {
			c.fail("%v", err)
			return
		}
		for _, name := range []string{"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy"} {
			if _, has := body[name]; has {
				c.fail("Unknown parameter in input: %q", name)
				return
			}
		}
		tags := map[string]string{}
		for _, t := range c.flags["--tags"] {
			key, v, _ := strings.Cut(t, ",value=")
			tags[strings.TrimPrefix(key, "key=")] = v
		}
		fmt.Println(k.register(body, tags))
	case "ecs deregister-task-definition":
		if d := k.find(c.flag("--task-definition")); d != nil {
			d.Inactive = true
		}
		fmt.Println("INACTIVE")
	case "ecs list-task-definitions":
		arns := []string{}
		for _, d := range slices.Backward(k.Definitions) {
			if d.family() == c.flag("--family-prefix") && !d.Inactive {
				arns = append(arns, d.ARN)
			}
		}
		if c.flag("--max-items") == "1" {
			arns = arns[:min(1, len(arns))]
		}
		printJSON(map[string]any{"taskDefinitionArns": arns})
	case "ecs update-service":
		d := k.find(c.flag("--task-definition"))
		if d == nil || d.Inactive {
			c.fail("TaskDefinition is inactive or not found")
			return
		}
		k.Serves, k.Moving = d.ARN, 1
		if n := c.flag("--desired-count"); n != "" {
			_, _ = fmt.Sscan(n, &k.Desired)
		}
		fmt.Println(d.ARN)
	case "ecs run-task":
		d := k.find(c.flag("--task-definition"))
		if d == nil {
			c.fail("TaskDefinition not found")
			return
		}
		arn := fmt.Sprintf("arn:aws:ecs:eu-west-1:1:task/shop/t%d", len(k.Tasks)+1)
		k.Tasks[arn] = d.ARN
		printJSON(map[string]any{"tasks": []any{map[string]string{"taskArn": arn}}})
	case "ecs describe-tasks":
		d := k.find(k.Tasks[c.flag("--tasks")])
		w.Ran = append(w.Ran, fmt.Sprint(d.container()["command"], " ", d.container()["image"]))
		printJSON(stopped(0))
	case "ecs tag-resource":
		d := k.find(c.flag("--resource-arn"))
		for _, t := range c.flags["--tags"] {
			key, v, _ := strings.Cut(t, ",value=")
			d.Tags[strings.TrimPrefix(key, "key=")] = v
		}
	case "logs filter-log-events":
		printJSON(map[string]any{"events": []any{map[string]string{"message": "the last log line"}}})
	case "cloudwatch get-metric-statistics":
		n := 0.0
		if c.flag("--metric-name") == "RequestCount" {
			n = 118
		}
		printJSON(points(n))
	case "application-autoscaling describe-scalable-targets":
		fmt.Println("2")
	default:
		fmt.Fprintln(os.Stderr, c.command)
		c.fail("the stand-in does not do %q", c.command)
	}
}

func (k *cluster) image(name string) string {
	if d := k.find(name); d != nil {
		return fmt.Sprint(d.container()["image"])
	}
	return ""
}

// points is a response of CloudWatch.
func points(n float64) any { return map[string]any{"Datapoints": []any{map[string]float64{"Sum": n}}} }

// stopped is a task that has ended.
func stopped(code int) any {
	return map[string]any{"tasks": []any{map[string]any{"lastStatus": "STOPPED", "stoppedReason": "Essential container in task exited", "containers": []any{map[string]any{"exitCode": code}}}}}
}
