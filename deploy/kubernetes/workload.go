// What runs: the servers, and the program's commands.

package kubernetes

import (
	"time"

	"github.com/gorgon-go/gorgon/deploy/pod"
	"github.com/gorgon-go/gorgon/wire"
)

const (
	server      = "server"
	maintenance = "maintenance"
	migration   = "migration"
)

func (w *writer) deployment() deployment {
	d := deployment{Object: w.object("apps/v1", "Deployment", "", server)}
	d.Metadata.Annotations = map[string]pod.Quoted{"kubernetes.io/change-cause": pod.Quoted("build " + w.site.Package.Build)}
	d.Spec = deploymentSpec{
		RevisionHistoryLimit:    5,
		ProgressDeadlineSeconds: 300,
		Strategy:                strategy{Type: "RollingUpdate", RollingUpdate: &rolling{MaxUnavailable: 0, MaxSurge: 1}},
		Selector:                selector{MatchLabels: w.labels(server)},
		Template:                w.pod(server, w.server()),
	}
	if !w.scales() { // otherwise the number is the autoscaler's
		d.Spec.Replicas = w.site.Replicas()
	}
	if w.site.Volume() { // the old pod must release the volume
		d.Spec.Strategy = strategy{Type: "Recreate"}
	}
	spec := &d.Spec.Template.Spec
	spec.TerminationGracePeriodSeconds = int(pod.Grace(w.variables) / time.Second)
	if w.site.Replicas() != 1 {
		for _, key := range []string{"topology.kubernetes.io/zone", "kubernetes.io/hostname"} {
			spec.TopologySpreadConstraints = append(spec.TopologySpreadConstraints, spread{
				MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: "ScheduleAnyway", LabelSelector: selector{MatchLabels: w.labels(server)},
			})
		}
	}
	if w.site.Migrate && w.site.Volume() {
		spec.InitContainers = []pod.Container{w.container("migrate")}
	}
	return d
}

// pod is the template of a pod with one container.
func (w *writer) pod(component string, c pod.Container) template {
	t := template{
		Metadata: pod.Metadata{Labels: w.labels(component)},
		Spec: podSpec{
			ServiceAccountName: w.name,
			SecurityContext: podSecurity{
				RunAsNonRoot: true, RunAsUser: pod.User, RunAsGroup: pod.User, FSGroup: pod.User,
				SeccompProfile: profile{Type: "RuntimeDefault"},
			},
			Containers: []pod.Container{c},
			Volumes:    []volume{{Name: "tmp", EmptyDir: &emptyDir{SizeLimit: "64Mi"}}},
		},
	}
	// EnableServiceLinks stays false: a service named gorgon would set
	// GORGON_PORT to a URL.
	if component == server {
		t.Metadata.Annotations = map[string]pod.Quoted{"gorgon/variables": w.digest()}
	}
	if w.site.Volume() {
		t.Spec.SecurityContext.FSGroupChangePolicy = "OnRootMismatch"
		t.Spec.Volumes = append(t.Spec.Volumes, volume{Name: "data", Claim: &claimRef{ClaimName: w.name}})
	}
	return t
}

// container runs one of the program's commands.
func (w *writer) container(command string) pod.Container {
	c := pod.Container{
		Name: command, Image: w.image, Args: []string{command},
		Resources: pod.Resources{
			Requests: &pod.Amounts{CPU: "100m", Memory: "64Mi"},
			Limits:   &pod.Amounts{CPU: "2", Memory: "512Mi"},
		},
		SecurityContext: &pod.Security{ReadOnlyRootFilesystem: true, Capabilities: pod.Capabilities{Drop: []string{"ALL"}}},
		VolumeMounts:    []pod.Mount{{Name: "tmp", MountPath: "/tmp"}},
	}
	if len(pod.Plain(w.variables)) > 0 || len(pod.Open(w.variables)) > 0 {
		c.EnvFrom = []pod.Source{{ConfigMapRef: pod.Name{Name: w.name}}}
	}
	for _, v := range pod.Secrets(w.variables) {
		c.Env = append(c.Env, pod.Env{Name: v.Name, ValueFrom: &pod.ValueFrom{SecretKeyRef: pod.Key{Name: w.name, Key: v.Name}}})
	}
	if w.site.Volume() {
		c.VolumeMounts = append(c.VolumeMounts, pod.Mount{Name: "data", MountPath: "/data"})
	}
	return c
}

func (w *writer) server() pod.Container {
	c := w.container("serve")
	c.Ports = []pod.Listen{{Name: "http", ContainerPort: pod.Port}}
	probe := func(path string, period, failures int) *pod.Probe {
		return &pod.Probe{HTTPGet: pod.Get{Path: path, Port: "http"}, PeriodSeconds: period, TimeoutSeconds: 3, FailureThreshold: failures}
	}
	c.StartupProbe = probe(wire.Started, 1, 60)
	c.ReadinessProbe = probe(wire.Ready, 5, 2)
	c.LivenessProbe = probe(wire.Live, 10, 3)
	return c
}

func (w *writer) cronJob() cronJob {
	return cronJob{Object: w.object("batch/v1", "CronJob", "-maintain", maintenance), Spec: cronJobSpec{
		Schedule: pod.Cron(w.site.Every()), ConcurrencyPolicy: "Forbid", StartingDeadlineSeconds: 120,
		SuccessfulJobsHistoryLimit: 1, FailedJobsHistoryLimit: 3,
		JobTemplate: jobTemplate{Spec: w.job(maintenance, "maintain", 0, 0)},
	}}
}

func (w *writer) migration() job {
	return job{Object: w.object("batch/v1", "Job", "-migrate", migration), Spec: w.job(migration, "migrate", 2, time.Hour)}
}

// job runs a command to its end, for 15 minutes at most.
func (w *writer) job(component, command string, retries int, kept time.Duration) jobSpec {
	j := jobSpec{
		BackoffLimit: retries, ActiveDeadlineSeconds: 15 * 60, TTLSecondsAfterFinished: int(kept / time.Second),
		Template: w.pod(component, w.container(command)),
	}
	j.Template.Spec.RestartPolicy = "Never"
	return j
}
