# Staging: the same files, small. It can be deleted with all it holds.
environment = "staging"
account     = "000000000000" # yours: aws sts get-caller-identity
region      = {{quote (or .Site.Region "us-east-1")}}
protect     = false

network = {
  zones         = [{{$r := or .Site.Region "us-east-1"}}{{quote (print $r "a")}}, {{quote (print $r "b")}}]
  private_tasks = false # no NAT gateway, which would cost more than all tasks
}

site = {
  domain      = {{quote (print "staging." (or .Site.Domain "example.com"))}}
  hosted_zone = "" # aws route53 list-hosted-zones
  cdn         = false
}

tasks         = { min = 1, max = 2, target = 60, cpu = 256, memory = 512, architecture = "{{if eq .Site.Package.Arch "amd64"}}X86_64{{else}}ARM64{{end}}" }{{if eq .Site.Package.Arch "amd64"}} # as the package is: deploy --arch arm64 costs a fifth less{{end}}
drain_seconds = {{.Drain.Seconds}}
{{- if .Database}}

database = { class = "db.t4g.micro", disk_gb = 20, backup_days = 3, highly_available = false }
{{- end}}
{{- if .Cache}}

cache = { class = "cache.t4g.micro", highly_available = false }
{{- end}}

github = {
  repository = "" # OWNER/NAME
  apply      = false
  trusted    = false # true with production in the same account
}

watch = { email = "", uptime = false, log_days = 7 }
{{- if or .Yours .Own}}

settings = {
{{- range .Own}}
  # {{.For}}; "" is {{quote .Value}}, as in production
  {{.Name}} = ""
{{- end}}
{{- range .Yours}}
  # {{.For}}
  {{.Name}} = ""
{{- end}}
}
{{- end}}
