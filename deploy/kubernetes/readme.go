// What to do with the files.

package kubernetes

import (
	"fmt"
	"strings"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/pod"
)

func (w *writer) readme() string {
	var b strings.Builder
	n, s := w.name, w.site
	secrets := pod.Secrets(w.variables)
	fmt.Fprintf(&b, `The image is `+"`%[1]s`"+`. Commands are run in this folder and speak to the
namespace that kubectl is set to; `+"`-n NAMESPACE`"+` names another.

## Bring the image to its registry

One of

    skopeo copy --all oci:layout docker://%[1]s
    crane push layout %[1]s

What you change, such as a pull secret in the ServiceAccount (imagePullSecrets) for a
registry that asks who pulls, stands in a kustomization of your own, in another folder,
with this one among its resources. The next deploy keeps files that you add here, and
does not replace a file that you changed: it says so and ends.

`, w.image)
	if !strings.Contains(w.image, "/") {
		b.WriteString("The name above has no registry: deploy again with --image REGISTRY/NAME:TAG, which\nstands in all files here.\n\n")
	}
	if len(secrets) > 0 {
		fmt.Fprintf(&b, `## Give it its secrets

    cp %[1]s secret.yaml

Fill in secret.yaml and keep it out of the repository:

%[2]s
Then

    kubectl apply -f secret.yaml

A pod does not start while one of them is missing, and hears of a change by

    kubectl rollout restart deployment/%[3]s

`, SecretName, pod.List(secrets, func(v deploy.Variable) string { return v.Name }), n)
	}
	if s.Domain != "" {
		fmt.Fprintf(&b, `## Give it its certificate

The ingress looks for the secret %[1]s-tls. cert-manager makes it if your
kustomization annotates the Ingress with your issuer; a certificate of your own is put there
with

    kubectl create secret tls %[1]s-tls --cert=CHAIN.pem --key=KEY.pem

The name %[2]s has to point at the ingress controller.

`, n, s.Domain)
	}
	b.WriteString("## Roll a version out\n\n")
	if w.migrates() {
		first := "-f serviceaccount.yaml -f configmap.yaml"
		fmt.Fprintf(&b, `First the store, before any pod of the new version serves:

    kubectl apply %[2]s
    kubectl delete job %[1]s-migrate --ignore-not-found
    kubectl apply -f %[3]s
    kubectl wait --for=condition=complete --timeout=15m job/%[1]s-migrate

If it does not complete, `+"`kubectl logs job/%[1]s-migrate`"+` says why, and the
old version goes on serving. Then the rest:

`, n, first, MigrateName)
	}
	fmt.Fprintf(&b, `    kubectl apply -k .
    kubectl rollout status deployment/%[1]s --timeout=5m

`, n)
	switch {
	case s.Volume():
		b.WriteString("The old pod ends before the new one begins, since one pod has the volume: the\nsite is away for some seconds.\n\n")
	default:
		fmt.Fprintf(&b, "A new pod is ready before an old one ends. That one says so at /readyz, goes on\nfor %s while the cluster hears of it, and answers what it was asked.\n\n", drainOf(w.variables))
	}
	if w.scales() {
		fmt.Fprintf(&b, "Between %d and %d servers run, as hpa.yaml says. It needs the cluster's\nmetrics-server.\n\n", s.Replicas(), 3*s.Replicas())
	}
	fmt.Fprintf(&b, `## See how it is

    kubectl get pods -l app.kubernetes.io/name=%[1]s
    kubectl logs deployment/%[1]s --all-containers --tail=100
    kubectl exec deployment/%[1]s -- /app/%[2]s health
`, n, s.Package.Program)
	if w.maintained() {
		fmt.Fprintf(&b, `    kubectl create job --from=cronjob/%[1]s-maintain %[1]s-maintain-now

The last does at once what the CronJob does by itself.
`, n)
	}
	if s.Outcome.Setting.SharedStore || s.Local() {
		fmt.Fprintf(&b, `
Pages are declared out of date with

    kubectl exec deployment/%[1]s -- /app/%[2]s purge --path /
`, n, s.Package.Program)
	}
	fmt.Fprintf(&b, `
## Roll back

    kubectl rollout history deployment/%[1]s
    kubectl rollout undo deployment/%[1]s

The history names the builds. `+"`--to-revision=N`"+` goes back further than one.
`, n)
	return b.String()
}

func drainOf(variables []deploy.Variable) string {
	for _, v := range variables {
		if v.Name == "GORGON_DRAIN" && v.Value != "" {
			return v.Value
		}
	}
	return "no time"
}
