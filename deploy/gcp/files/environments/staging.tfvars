# Staging, from the same files as production: small, and free to be destroyed. A
# project of its own keeps production out of its reach.
environment = "staging"
# change:
project = "my-project"
region  = {{quote (or .Site.Region "us-central1")}}
domain  = {{quote (print "staging." (or .Site.Domain "example.com"))}}
# its zone's name at Cloud DNS, if it is there
dns_zone     = ""
repository   = "owner/repository"
state_bucket = "my-project-state"
# sizes:
network_range = "10.20.0.0/20"
instances     = { min = 1, max = {{if eq .Most 1}}1{{else}}2{{end}} }
machine       = { type = "e2-micro" }
{{- if .Database}}
# a shared processor, for which Google promises nothing
database = { tier = "db-f1-micro", most_disk_gb = 20 }
{{- end}}
{{- if .Cache}}
# replicas take over when a node is lost
cache = { node_type = "SHARED_CORE_NANO", replicas = 0 }
{{- end}}
# it holds nothing that matters
protect = false
{{- if or .Yours .Own}}
# variables of the program that are no secrets:
settings = {
{{- range .Own}}
  # {{.Name}} = "" # {{.For}}; without a value {{quote .Value}}, as in production
{{- end}}
{{- range .Yours}}
  # {{.Name}} = "" # {{.For}}
{{- end}}
}
{{- end}}
