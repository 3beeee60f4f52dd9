# Staging, from the same files as production: small, and free to be destroyed. A
# project of its own keeps production out of its reach.
environment = "staging"
# change:
project = "my-project"
region  = "europe-west1"
domain  = "staging.seas.example.com"
# its zone's name at Cloud DNS, if it is there
dns_zone     = ""
repository   = "owner/repository"
state_bucket = "my-project-state"
# sizes:
network_range = "10.20.0.0/20"
instances     = { min = 1, max = 2 }
machine       = { type = "e2-micro" }
# a shared processor, for which Google promises nothing
database = { tier = "db-f1-micro", most_disk_gb = 20 }
# replicas take over when a node is lost
cache = { node_type = "SHARED_CORE_NANO", replicas = 0 }
# it holds nothing that matters
protect = false
# variables of the program that are no secrets:
settings = {
  # MAIL_HOST = "" # the mail server
}
