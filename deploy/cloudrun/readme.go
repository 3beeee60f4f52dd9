// What to do with the files.

package cloudrun

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gorgon-go/gorgon/deploy/pod"
)

func (w *writer) readme() string {
	var b strings.Builder
	n, s := w.name, w.site
	region := cmp.Or(s.Region, "europe-west1")
	secrets := pod.Secrets(w.variables)
	apis := "run.googleapis.com artifactregistry.googleapis.com"
	if len(secrets) > 0 {
		apis += " secretmanager.googleapis.com"
	}
	if w.maintained() {
		apis += " cloudscheduler.googleapis.com"
	}
	fmt.Fprintf(&b, `The image is `+"`%[1]s`"+`.
Commands are run in this folder; PROJECT is the project's id, and ACCOUNT the
address of the service account that instances run as, which is
NUMBER-compute@developer.gserviceaccount.com unless you say otherwise.

## Once

    gcloud config set project PROJECT
    gcloud services enable %[2]s
    gcloud projects describe PROJECT --format="value(projectNumber)"

The last prints the NUMBER.

`, w.image, apis)
	if len(secrets) > 0 {
		b.WriteString("The secrets, each from a file without a newline at its end (`--data-file=-` reads\nfrom the terminal), and the right to read them:\n\n")
		for _, v := range secrets {
			fmt.Fprintf(&b, "    gcloud secrets create %[1]s --replication-policy=automatic --data-file=FILE\n    gcloud secrets add-iam-policy-binding %[1]s --member=serviceAccount:ACCOUNT --role=roles/secretmanager.secretAccessor\n", w.secret(v))
		}
		b.WriteString("\n")
		for _, v := range secrets {
			fmt.Fprintf(&b, "- `%s` is `%s`: %s\n", w.secret(v), v.Name, v.For)
		}
		fmt.Fprintf(&b, "\nA new value is added with `gcloud secrets versions add NAME --data-file=FILE`, and\nread by instances that start afterwards.\n\n")
	}
	b.WriteString("## Bring the image to Artifact Registry\n\n")
	place := strings.Split(w.image, "/")
	switch {
	case len(place) == 4 && strings.HasSuffix(place[0], "-docker.pkg.dev"):
		fmt.Fprintf(&b, `    gcloud artifacts repositories create %[2]s --repository-format=docker --location=%[3]s
    gcloud auth configure-docker %[4]s

The first is needed once. Then one of

    skopeo copy --all oci:layout docker://%[1]s
    crane push layout %[1]s

`, w.image, place[2], strings.TrimSuffix(place[0], "-docker.pkg.dev"), place[0])
		if s.Image == "" {
			b.WriteString("No image was named: write its name into the files here, as in\n\n    sed -i 's|REGION-docker.pkg.dev/PROJECT/REPOSITORY|" + region + "-docker.pkg.dev/my-project/web|' *.yaml\n\n")
		}
	default:
		fmt.Fprintf(&b, `One of

    skopeo copy --all oci:layout docker://%[1]s
    crane push layout %[1]s

Cloud Run pulls from Artifact Registry (LOCATION-docker.pkg.dev/PROJECT/…) and
from Docker Hub. An image elsewhere needs a remote repository of Artifact
Registry in between, and its name there in the files here.

`, w.image)
	}
	b.WriteString("## Deploy\n\n")
	if s.Migrate {
		fmt.Fprintf(&b, `First the store, before the new version serves:

    gcloud run jobs replace %[1]s --region=%[2]s
    gcloud run jobs execute %[3]s-migrate --wait --region=%[2]s

If that fails, the old version goes on serving. Then the rest:

`, MigrateName, region, n)
	}
	fmt.Fprintf(&b, "    gcloud run services replace %s --region=%s\n", ServiceName, region)
	if w.maintained() {
		fmt.Fprintf(&b, "    gcloud run jobs replace %s --region=%s\n", MaintainName, region)
	}
	fmt.Fprintf(&b, `
and once, to let everybody in:

    gcloud run services add-iam-policy-binding %[1]s --region=%[2]s --member=allUsers --role=roles/run.invoker

A new revision gets no visitors before /startupz answers with 200.
`, n, region)
	b.WriteString("\n" + w.scaling())
	if s.Outcome.Role == "web" {
		b.WriteString("\nInstances are suspended between requests. They run with GORGON_ROLE=web: a\nregeneration finishes within the request that triggered it, after the response.\n")
	}
	if s.Local() {
		fmt.Fprintf(&b, "\nThe %s store lies in an instance's memory (/tmp), and is gone with it.\n", s.Outcome.Setting.Store)
	}
	if w.maintained() {
		fmt.Fprintf(&b, `
## Call maintain

Once, with an ACCOUNT that may start the job:

    gcloud run jobs add-iam-policy-binding %[1]s-maintain --region=%[2]s --member=serviceAccount:ACCOUNT --role=roles/run.invoker
    gcloud scheduler jobs create http %[1]s-maintain --location=%[2]s --schedule="%[3]s" --http-method=POST --uri="https://run.googleapis.com/v2/projects/PROJECT/locations/%[2]s/jobs/%[1]s-maintain:run" --oauth-service-account-email=ACCOUNT

Where the schedule has changed, `+"`update`"+` in place of `+"`create`"+`. By hand:

    gcloud run jobs execute %[1]s-maintain --wait --region=%[2]s
`, n, region, pod.Cron(s.App))
	}
	if s.Domain != "" {
		fmt.Fprintf(&b, `
## Give it its name

    gcloud beta run domain-mappings create --service=%[1]s --domain=%[2]s --region=%[3]s

in the regions that have domain mappings; elsewhere an external Application Load
Balancer with a serverless network endpoint group.
`, n, s.Domain, region)
	}
	fmt.Fprintf(&b, `
## See how it is

    gcloud run services describe %[1]s --region=%[2]s
    gcloud run revisions list --service=%[1]s --region=%[2]s
    gcloud run services logs read %[1]s --region=%[2]s --limit=50

Cloud Run keeps some paths that end in z for itself: /livez and /startupz are for
its probes, and need not answer from outside.
`, n, region)
	if w.maintained() && s.Outcome.Setting.SharedStore {
		fmt.Fprintf(&b, `
Pages are declared out of date with

    gcloud run jobs execute %[1]s-maintain --args=purge,--path,/ --wait --region=%[2]s
`, n, region)
	}
	fmt.Fprintf(&b, `
## Roll back

    gcloud run services update-traffic %[1]s --to-revisions=REVISION=100 --region=%[2]s

with the name of an earlier REVISION, as `+"`revisions list`"+` gives it. The next
deploy sends everybody to the newest again.
`, n, region)
	return b.String()
}

// scaling says how many instances run.
func (w *writer) scaling() string {
	most := "as many as the load asks for and the project's limit allows"
	if n := w.site.Replicas(); n > 0 {
		most = fmt.Sprintf("%d at most", n)
	}
	if w.site.Outcome.Setting.AlwaysOn {
		return "One instance runs all the time, and " + most + ". They are paid for also\nwithout visitors.\n"
	}
	return "No instance runs without visitors, and " + most + ".\n"
}
