# Staging: the same files, small. It can be deleted with all it holds.
environment = "staging"
account     = "000000000000" # yours: aws sts get-caller-identity
region      = "us-east-1"
protect     = false

network = {
  zones         = ["us-east-1a", "us-east-1b"]
  private_tasks = false # no NAT gateway, which would cost more than all tasks
}

site = {
  domain      = "staging.album.example.com"
  hosted_zone = "" # aws route53 list-hosted-zones
  cdn         = false
}

tasks         = { min = 1, max = 2, target = 60, cpu = 256, memory = 512, architecture = "ARM64" }
drain_seconds = 15

github = {
  repository = "" # OWNER/NAME
  apply      = false
  trusted    = false # true with production in the same account
}

watch = { email = "", uptime = false, log_days = 7 }
