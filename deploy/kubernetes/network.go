// How the servers are reached, and how many there are.

package kubernetes

import (
	"cmp"

	"github.com/gorgon-go/gorgon/deploy/pod"
)

func (w *writer) service() service {
	return service{Object: w.object("v1", "Service", "", server), Spec: serviceSpec{
		Selector: w.labels(server),
		Ports:    []servicePort{{Name: "http", Port: 80, TargetPort: "http"}},
	}}
}

func (w *writer) ingress() ingress {
	rule := ingressRule{Host: w.site.Domain, HTTP: ingressHTTP{Paths: []ingressPath{{
		Path: cmp.Or(w.site.Package.Base, "/"), PathType: "Prefix",
		Backend: ingressBackend{Service: ingressService{Name: w.name, Port: pod.Name{Name: "http"}}},
	}}}}
	i := ingress{Object: w.object("networking.k8s.io/v1", "Ingress", "", server), Spec: ingressSpec{Rules: []ingressRule{rule}}}
	if w.site.Domain != "" {
		i.Spec.TLS = []ingressTLS{{Hosts: []string{w.site.Domain}, SecretName: w.name + "-tls"}}
	}
	return i
}

func (w *writer) ingressComment() string {
	if w.site.Domain == "" {
		return "The servers under every name that the cluster's ingress controller answers for."
	}
	return "The servers under " + w.site.Domain + ", through the cluster's default ingress controller."
}

// autoscaler lets the load add servers to those that were asked for.
func (w *writer) autoscaler() autoscaler {
	return autoscaler{Object: w.object("autoscaling/v2", "HorizontalPodAutoscaler", "", server), Spec: autoscalerSpec{
		ScaleTargetRef: scaleTarget{APIVersion: "apps/v1", Kind: "Deployment", Name: w.name},
		MinReplicas:    w.site.Replicas(), MaxReplicas: 3 * w.site.Replicas(),
		Metrics: []metric{{Type: "Resource", Resource: metricResource{Name: "cpu", Target: metricTarget{Type: "Utilization", AverageUtilization: 70}}}},
	}}
}

func (w *writer) disruption() disruption {
	return disruption{Object: w.object("policy/v1", "PodDisruptionBudget", "", server), Spec: disruptionSpec{
		MaxUnavailable: 1, Selector: selector{MatchLabels: w.labels(server)},
	}}
}

func (w *writer) networkPolicy() networkPolicy {
	return networkPolicy{Object: w.object("networking.k8s.io/v1", "NetworkPolicy", "", ""), Spec: networkPolicySpec{
		PodSelector: selector{MatchLabels: w.labels("")},
		PolicyTypes: []string{"Ingress"},
		Ingress:     []networkRule{{Ports: []networkPort{{Protocol: "TCP", Port: "http"}}}},
	}}
}
