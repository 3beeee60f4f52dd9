# Production: two zones, a database with a copy, guards on.
environment = "production"
account     = "000000000000" # yours: aws sts get-caller-identity
region      = {{quote (or .Site.Region "us-east-1")}}
protect     = true

network = {
  zones         = [{{$r := or .Site.Region "us-east-1"}}{{quote (print $r "a")}}, {{quote (print $r "b")}}] # aws ec2 describe-availability-zones
  private_tasks = true
}

site = {
  domain      = {{quote (or .Site.Domain "www.example.com")}}
  hosted_zone = "" # aws route53 list-hosted-zones
  cdn         = false
}

tasks         = { min = {{.Least}}, max = {{.Most}}, target = 60, cpu = 512, memory = 1024, architecture = "{{if eq .Site.Package.Arch "amd64"}}X86_64{{else}}ARM64{{end}}" }{{if eq .Site.Package.Arch "amd64"}} # as the package is: deploy --arch arm64 costs a fifth less{{end}}
drain_seconds = {{.Drain.Seconds}}
{{- if .Database}}

database = { class = "db.t4g.small", disk_gb = 50, backup_days = 14, highly_available = true }
{{- end}}
{{- if .Cache}}

cache = { class = "cache.t4g.small", highly_available = true }
{{- end}}

github = {
  repository = "" # OWNER/NAME
  apply      = false
  trusted    = false # true once the account trusts GitHub: a second time is refused
}

watch = { email = "", uptime = true, log_days = 30 }
{{- with .Yours}}

settings = {
{{- range .}}
  # {{.For}}
  {{.Name}} = ""
{{- end}}
}
{{- end}}
