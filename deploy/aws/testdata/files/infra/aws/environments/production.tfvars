# Production: two zones, a database with a copy, guards on.
environment = "production"
account     = "000000000000" # yours: aws sts get-caller-identity
region      = "us-east-1"
protect     = true

network = {
  zones         = ["us-east-1a", "us-east-1b"] # aws ec2 describe-availability-zones
  private_tasks = true
}

site = {
  domain      = "album.example.com"
  hosted_zone = "" # aws route53 list-hosted-zones
  cdn         = false
}

tasks         = { min = 2, max = 6, target = 60, cpu = 512, memory = 1024, architecture = "ARM64" }
drain_seconds = 15

github = {
  repository = "" # OWNER/NAME
  apply      = false
  trusted    = false # true once the account trusts GitHub: a second time is refused
}

watch = { email = "", uptime = true, log_days = 30 }
