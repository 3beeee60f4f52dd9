# Production: two zones, a database with a copy, guards on.
environment = "production"
account     = "000000000000" # yours: aws sts get-caller-identity
region      = "eu-central-1"
protect     = true

network = {
  zones         = ["eu-central-1a", "eu-central-1b"] # aws ec2 describe-availability-zones
  private_tasks = true
}

site = {
  domain      = "www.example.com"
  hosted_zone = "" # aws route53 list-hosted-zones
  cdn         = false
}

tasks         = { min = 2, max = 6, target = 60, cpu = 512, memory = 1024, architecture = "X86_64" } # as the package is: deploy --arch arm64 costs a fifth less
drain_seconds = 15

github = {
  repository = "" # OWNER/NAME
  apply      = false
  trusted    = false # true once the account trusts GitHub: a second time is refused
}

watch = { email = "", uptime = true, log_days = 30 }
