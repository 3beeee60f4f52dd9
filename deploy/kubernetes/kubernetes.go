// Package kubernetes writes what a cluster needs to run a package's image: one
// object a file, and a kustomization that names them.
package kubernetes

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/pod"
	"github.com/gorgon-go/gorgon/plan"
)

// Files that the kustomization does not name, since each is applied by hand.
const (
	MigrateName = "migrate.yaml"
	SecretName  = "secret.example.yaml"
)

// Target is a Kubernetes cluster, 1.27 or later.
func Target() deploy.Target {
	return deploy.Target{
		Target: plan.Target{
			Name: "kubernetes", Title: "Kubernetes",
			Offers: plan.Offers{Process: true, Disk: plan.VolumeFiles, OpenFor: plan.Always, Peers: true, Schedule: "a CronJob"},
		},
		Image: true,
		Write: write,
	}
}

// drain outlasts what a cluster takes to tell its proxies that a pod goes.
const drain = 5 * time.Second

func write(ctx context.Context, s deploy.Site, folder string) error {
	w := writer{site: s, name: pod.Label(s.Package.App), image: pod.Image(s)}
	w.variables = pod.With(pod.With(pod.With(s.Variables, pod.Store(s, "/data"), pod.Drain(drain)), s.Files("/data")...), w.proxies()...)
	w.site.Variables = w.variables
	if err := pod.Check(w.variables); err != nil {
		return fmt.Errorf("kubernetes: %w", err)
	}

	app := s.Package.App
	w.add("serviceaccount.yaml", "The account of every pod. None of them speaks to the cluster, so none has its token.", w.account())
	if len(pod.Plain(w.variables)) > 0 || len(pod.Open(w.variables)) > 0 {
		w.add("configmap.yaml", w.configMapComment(), w.configMap())
	}
	switch {
	case s.FilesOnDisk():
		w.add("volume.yaml", "The app's files, which one pod at a time has. Change the size to what they take.", w.claim())
	case s.Local():
		w.add("volume.yaml", "The store's files, which one pod at a time has.", w.claim())
	case s.Volume():
		w.add("volume.yaml", "The database's file, which one pod at a time has: DATABASE_URL leads below /data.", w.claim())
	}
	w.add("deployment.yaml", "The servers of "+app+".", w.deployment())
	w.add("service.yaml", "The servers under one address in the cluster.", w.service())
	w.add("ingress.yaml", w.ingressComment(), w.ingress())
	if w.scales() {
		w.add("hpa.yaml", "More servers when their processors are busy, and fewer again.", w.autoscaler())
	}
	if s.Replicas() > 1 {
		w.add("pdb.yaml", "Nodes are emptied one server at a time.", w.disruption())
	}
	w.add("networkpolicy.yaml", "Only the port of the pages can be reached. Outgoing connections are not limited,\nsince the store and other services may be anywhere.", w.networkPolicy())
	if w.maintained() {
		w.add("cronjob.yaml", "Runs scheduled services, and keeps the store within its bounds. Servers do the\nsame between requests; the store ensures that each task runs once.", w.cronJob())
	}
	listed := slices.Clone(w.names)
	slices.Sort(listed)
	w.add("kustomization.yaml", "kubectl apply -k .", kustomization{APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization", Resources: listed})

	if w.migrates() {
		w.add(MigrateName, "Creates or upgrades the store's tables. Apply it before each new version; see "+deploy.ReadmeName+".", w.migration())
	}
	if secrets := pod.Secrets(w.variables); len(secrets) > 0 {
		w.add(SecretName, "Copy it to secret.yaml, fill it in, and keep that out of the repository.", w.secret(secrets))
	}
	if err := errors.Join(w.faults...); err != nil {
		return fmt.Errorf("kubernetes: %w", err)
	}
	return pod.Write(ctx, s, folder, append(w.files, deploy.Readme(w.site, w.readme()))...)
}

// A writer writes the objects of one site.
type writer struct {
	site      deploy.Site
	name      string // of the objects
	image     string
	variables []deploy.Variable

	files  []deploy.File
	names  []string
	faults []error
}

func (w *writer) add(name, comment string, object any) {
	file, err := pod.YAML(name, comment, object)
	if err != nil {
		w.faults = append(w.faults, err)
	}
	w.files, w.names = append(w.files, file), append(w.names, name)
}

// scales says whether the load decides how many servers run.
func (w *writer) scales() bool {
	return w.site.Replicas() != 1 && w.site.Outcome.Setting.SharedStore
}

// maintained says whether a CronJob runs maintain. Where files are the server's
// alone, it does the same itself: a second pod might wait for the volume.
func (w *writer) maintained() bool { return w.site.Outcome.Setting.SharedStore && !w.site.Volume() }

// migrates says whether a job lays the store out. Where files are the pod's
// alone, a container before the server's does.
func (w *writer) migrates() bool { return w.site.Migrate && !w.site.Volume() }

func (w *writer) object(version, kind, suffix, component string) pod.Object {
	return pod.Object{APIVersion: version, Kind: kind, Metadata: pod.Metadata{Name: w.name + suffix, Labels: w.labels(component)}}
}

func (w *writer) labels(component string) map[string]string {
	labels := map[string]string{"app.kubernetes.io/name": w.name}
	if component != "" {
		labels["app.kubernetes.io/component"] = component
	}
	return labels
}

func (w *writer) account() serviceAccount {
	return serviceAccount{Object: w.object("v1", "ServiceAccount", "", "")}
}

func (w *writer) configMap() configMap {
	c := configMap{Object: w.object("v1", "ConfigMap", "", ""), Data: map[string]pod.Quoted{}}
	for _, v := range pod.Plain(w.variables) {
		c.Data[v.Name] = pod.Quoted(v.Value)
	}
	return c
}

func (w *writer) configMapComment() string {
	text := "Variables of the program that are not secret. Running pods read changes after\nkubectl rollout restart deployment/" + w.name + "."
	if open := pod.Open(w.variables); len(open) > 0 {
		text += "\n\nYours to add, where you need them:"
		for _, v := range open {
			text += "\n  " + v.Name + ": " + v.For
		}
	}
	return text
}

// digest changes whenever the variables do, and with it the pods.
func (w *writer) digest() pod.Quoted {
	h := sha256.New()
	for _, v := range w.variables {
		fmt.Fprintf(h, "%q %q %t\n", v.Name, v.Value, v.Secret)
	}
	return pod.Quoted(fmt.Sprintf("%x", h.Sum(nil)[:8]))
}

func (w *writer) secret(secrets []deploy.Variable) secret {
	o := secret{Object: w.object("v1", "Secret", "", ""), Type: "Opaque", StringData: map[string]pod.Quoted{}}
	for _, v := range secrets {
		o.StringData[v.Name] = pod.Quoted(strings.TrimSpace("FILL IN: " + v.For))
	}
	return o
}

func (w *writer) claim() claim {
	return claim{Object: w.object("v1", "PersistentVolumeClaim", "", ""), Spec: claimSpec{
		AccessModes: []string{"ReadWriteOnce"},
		Resources:   pod.Resources{Requests: &pod.Amounts{Storage: "1Gi"}},
	}}
}

// proxies are the networks of ingress controllers, which are pods: those that
// clusters give to pods. Without an ingress no caller's headers are believed.
func (w *writer) proxies() []deploy.Variable {
	if w.site.Domain == "" {
		return nil
	}
	return []deploy.Variable{{
		Name: "GORGON_TRUSTED_PROXIES", Value: "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7",
		For: "networks of the ingress controller, whose forwarding headers are believed: private ones, until you name the pods' own",
	}}
}
