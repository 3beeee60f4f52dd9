# Staging, from the same files as production: small, and free to be destroyed.

environment  = "staging"
project      = "my-project" # change: a project of its own keeps production out of reach
region       = {{quote (or .Site.Region "europe-west1")}}
state_bucket = "my-project-state" # change: as in staging.backend.hcl
repository   = ""                 # change: "owner/name" at GitHub, whose workflows may deploy

instances = { min = {{.Least}}, max = {{if gt .Least 1}}{{.Least}}{{else}}1{{end}} }
{{- if .Database}}
database  = { tier = "db-f1-micro", backups = 3 } # a shared processor, without a promise of Google's
{{- end}}
{{- if .Cache}}
cache     = { node = "SHARED_CORE_NANO", replicas = 0 }
{{- end}}
protect   = false
{{- if or .Yours .Own}}

settings = {
{{- range .Own}}
  # {{.For}}; "" is {{quote .Value}}, as in production
  {{quote .Name}} = ""
{{- end}}
{{- range .Yours}}
  # {{.For}}
  {{quote .Name}} = ""
{{- end}}
}
{{- end}}
