# Staging: the same files, small. It can be deleted with all it holds.
environment = "staging"
account     = "000000000000" # yours: aws sts get-caller-identity
region      = "eu-central-1"
protect     = false

network = {
  zones         = ["eu-central-1a", "eu-central-1b"]
  private_tasks = false # no NAT gateway, which would cost more than all tasks
}

site = {
  domain      = "staging.shop.example.com"
  hosted_zone = "" # aws route53 list-hosted-zones
  cdn         = false
}

tasks         = { min = 1, max = 2, target = 60, cpu = 256, memory = 512, architecture = "ARM64" }
drain_seconds = 15

database = { class = "db.t4g.micro", disk_gb = 20, backup_days = 3, highly_available = false }

cache = { class = "cache.t4g.micro", highly_available = false }

github = {
  repository = "" # OWNER/NAME
  apply      = false
  trusted    = false # true with production in the same account
}

watch = { email = "", uptime = false, log_days = 7 }

settings = {
  # what visitors are told first; "" is "good $${day} %%{if}", as in production
  GREETING = ""
  # the sender of mails
  SHOP_MAIL_FROM = ""
}
