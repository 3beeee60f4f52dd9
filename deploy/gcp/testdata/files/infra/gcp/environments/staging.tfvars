# Staging, from the same files as production: small, and free to be destroyed. A
# project of its own keeps production out of its reach.
environment = "staging"
# change:
project = "my-project"
region  = "us-central1"
domain  = "staging.album.example.com"
# its zone's name at Cloud DNS, if it is there
dns_zone     = ""
repository   = "owner/repository"
state_bucket = "my-project-state"
# sizes:
network_range = "10.20.0.0/20"
instances     = { min = 1, max = 2 }
machine       = { type = "e2-micro" }
# it holds nothing that matters
protect = false
