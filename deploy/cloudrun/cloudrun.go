// Package cloudrun writes the service and the jobs that run a package's image
// on Google Cloud Run.
package cloudrun

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/pod"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

// Names of what is written beside deploy.ReadmeName.
const (
	ServiceName  = "service.yaml"
	MigrateName  = "job-migrate.yaml"
	MaintainName = "job-maintain.yaml"
)

// openFor is the longest that Cloud Run lets a request take.
const openFor = 60 * time.Minute

// Target is Cloud Run, paid by the request or, with --always-on, by the
// instance.
func Target() deploy.Target {
	return deploy.Target{
		Target: plan.Target{
			Name: "cloudrun", Title: "Google Cloud Run",
			Offers: plan.Offers{
				Process: true, Elastic: true, Frozen: plan.UnlessPaid,
				Disk: plan.LostFiles, OpenFor: openFor, Schedule: "Cloud Scheduler",
			},
		},
		Image: true,
		Write: write,
	}
}

func write(ctx context.Context, s deploy.Site, folder string) error {
	w := writer{site: s, name: pod.Label(s.Package.App), image: image(s)}
	w.variables = pod.With(s.Variables, pod.Store(s, "/tmp")) // files are gone with the instance anyhow
	if s.Outcome.Role == "web" {
		w.variables = pod.With(w.variables, deploy.Variable{Name: "GORGON_ROLE", Value: "web", For: "an instance does no work between requests"})
	}
	w.site.Variables = w.variables
	if err := pod.Check(w.variables); err != nil {
		return fmt.Errorf("cloudrun: %w", err)
	}
	for _, v := range w.variables {
		if v.Name == "PORT" || strings.HasPrefix(v.Name, "K_") || strings.HasPrefix(v.Name, "X_GOOGLE_") {
			return fmt.Errorf("cloudrun: variable %s is the platform's: use another", v.Name)
		}
	}
	app := s.Package.App
	w.add(ServiceName, app+" on Cloud Run: see "+deploy.ReadmeName+".", w.service())
	if s.Migrate {
		w.add(MigrateName, "Creates or upgrades the store's tables, before a new version serves.", w.job("migrate"))
	}
	if w.maintained() {
		w.add(MaintainName, "Runs maintenance whenever Cloud Scheduler calls it.", w.job("maintain"))
	}
	if w.fault != nil {
		return fmt.Errorf("cloudrun: %w", w.fault)
	}
	return pod.Write(ctx, s, folder, append(w.files, deploy.Readme(w.site, w.readme()))...)
}

// image is the site's. Where it has none, its name has to be written in by
// hand, which Cloud Run asks for by refusing capitals.
func image(s deploy.Site) string {
	if s.Image != "" {
		return s.Image
	}
	return "REGION-docker.pkg.dev/PROJECT/REPOSITORY/" + pod.Image(s)
}

// A writer writes the objects of one site.
type writer struct {
	site      deploy.Site
	name      string // of the service
	image     string
	variables []deploy.Variable

	files []deploy.File
	fault error // the first
}

func (w *writer) add(name, comment string, object any) {
	file, err := pod.YAML(name, comment, object)
	if err != nil && w.fault == nil {
		w.fault = err
	}
	w.files = append(w.files, file)
}

// maintained says whether there is something for maintain to do, and a store
// to do it to or a service to run.
func (w *writer) maintained() bool {
	return w.site.Scheduled() && (w.site.Outcome.Setting.SharedStore || w.site.App.Has(plan.Schedule))
}

// connects says whether a part of the site keeps connections open.
func (w *writer) connects() bool {
	for _, p := range w.site.Package.Parts {
		if slices.ContainsFunc(p.Needs, func(n plan.Need) bool { return n.Kind == plan.Connections }) {
			return true
		}
	}
	return false
}

type service struct {
	pod.Object `yaml:",inline"`
	Spec       serviceSpec `yaml:"spec"`
}

type serviceSpec struct {
	Template template  `yaml:"template"`
	Traffic  []traffic `yaml:"traffic"`
}

type template struct {
	Metadata pod.Metadata `yaml:"metadata"`
	Spec     revision     `yaml:"spec"`
}

type revision struct {
	ContainerConcurrency int             `yaml:"containerConcurrency"`
	TimeoutSeconds       int             `yaml:"timeoutSeconds"`
	Containers           []pod.Container `yaml:"containers"`
}

type traffic struct {
	Percent        int  `yaml:"percent"`
	LatestRevision bool `yaml:"latestRevision"`
}

type job struct {
	pod.Object `yaml:",inline"`
	Spec       struct {
		Template struct {
			Spec struct {
				TaskCount int `yaml:"taskCount"`
				Template  struct {
					Spec task `yaml:"spec"`
				} `yaml:"template"`
			} `yaml:"spec"`
		} `yaml:"template"`
	} `yaml:"spec"`
}

type task struct {
	MaxRetries     int             `yaml:"maxRetries"`
	TimeoutSeconds pod.Quoted      `yaml:"timeoutSeconds"`
	Containers     []pod.Container `yaml:"containers"`
}

func (w *writer) service() service {
	setting := w.site.Outcome.Setting
	annotations := map[string]pod.Quoted{
		"run.googleapis.com/cpu-throttling":    pod.Quoted(strconv.FormatBool(!setting.AlwaysOn)),
		"run.googleapis.com/startup-cpu-boost": "true",
	}
	if setting.AlwaysOn {
		annotations["autoscaling.knative.dev/minScale"] = "1"
	}
	if n := w.site.Replicas(); n > 0 {
		annotations["autoscaling.knative.dev/maxScale"] = pod.Quoted(strconv.Itoa(n))
	}

	// HTTP/2 to the container lifts the bound on a response's size. It rules
	// out WebSocket, which a part with connections may use.
	c, timeout := w.container("serve"), 5*time.Minute
	c.Ports = []pod.Listen{{Name: "h2c", ContainerPort: pod.Port}}
	if w.connects() {
		c.Ports[0].Name, timeout = "http1", openFor
	}
	// A probe's timeout is below its period, and startup is over in 240 s.
	c.StartupProbe = &pod.Probe{HTTPGet: pod.Get{Path: wire.Started}, PeriodSeconds: 2, TimeoutSeconds: 1, FailureThreshold: 60}
	c.LivenessProbe = &pod.Probe{HTTPGet: pod.Get{Path: wire.Live}, PeriodSeconds: 10, TimeoutSeconds: 3, FailureThreshold: 3}
	return service{
		Object: pod.Object{APIVersion: "serving.knative.dev/v1", Kind: "Service", Metadata: pod.Metadata{Name: w.name}},
		Spec: serviceSpec{
			Template: template{
				Metadata: pod.Metadata{Annotations: annotations},
				Spec:     revision{ContainerConcurrency: 200, TimeoutSeconds: int(timeout / time.Second), Containers: []pod.Container{c}},
			},
			Traffic: []traffic{{Percent: 100, LatestRevision: true}},
		},
	}
}

// job runs one of the program's commands to its end, for 15 minutes at most.
func (w *writer) job(command string) job {
	j := job{Object: pod.Object{APIVersion: "run.googleapis.com/v1", Kind: "Job", Metadata: pod.Metadata{Name: w.name + "-" + command}}}
	j.Spec.Template.Spec.TaskCount = 1
	j.Spec.Template.Spec.Template.Spec = task{MaxRetries: 3, TimeoutSeconds: "900", Containers: []pod.Container{w.container(command)}}
	return j
}

func (w *writer) container(command string) pod.Container {
	c := pod.Container{
		Image: w.image, Args: []string{command},
		Resources: pod.Resources{Limits: &pod.Amounts{CPU: "1", Memory: "512Mi"}},
	}
	for _, v := range pod.Plain(w.variables) {
		c.Env = append(c.Env, pod.Env{Name: v.Name, Value: pod.Quoted(v.Value)})
	}
	for _, v := range pod.Secrets(w.variables) {
		c.Env = append(c.Env, pod.Env{Name: v.Name, ValueFrom: &pod.ValueFrom{SecretKeyRef: pod.Key{Name: w.secret(v), Key: "latest"}}})
	}
	return c
}

// secret is the name of a variable's secret in Secret Manager, which all apps
// of a project share.
func (w *writer) secret(v deploy.Variable) string {
	return w.name + "-" + strings.ReplaceAll(strings.ToLower(v.Name), "_", "-")
}
