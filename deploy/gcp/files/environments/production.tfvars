# Production. Lines that say "change" are yours; the rest are sizes, which can be
# changed at any time. variables.tf says what each is.
environment = "production"
# change:
project = "my-project"
region  = {{quote (or .Site.Region "us-central1")}}
domain  = {{quote (or .Site.Domain "www.example.com")}}
# its zone's name at Cloud DNS, if it is there
dns_zone     = ""
repository   = "owner/repository"
state_bucket = "my-project-state"
# who is told when something is wrong, see README.deploy.md
notification_channels = []
# sizes:
instances = { min = {{.Least}}, max = {{.Most}} }
# or { type = "c4a-standard-1", disk = "hyperdisk-balanced", arm = true }
machine = { type = "e2-small" }
{{- if .Database}}
# highly_available = true doubles its price, and survives the loss of a zone
database = { tier = "db-custom-1-3840" }
{{- end}}
{{- if .Cache}}
# replicas take over when a node is lost
cache = { node_type = "SHARED_CORE_NANO", replicas = 1 }
{{- end}}
# what holds data refuses to be destroyed
protect = true
{{- with .Yours}}
# variables of the program that are no secrets:
settings = {
{{- range .}}
  # {{.Name}} = "" # {{.For}}
{{- end}}
}
{{- end}}
