# Staging, from the same files as production: small, and free to be destroyed.

environment  = "staging"
project      = "my-project" # change: a project of its own keeps production out of reach
region       = "us-central1"
state_bucket = "my-project-state" # change: as in staging.backend.hcl
repository   = ""                 # change: "owner/name" at GitHub, whose workflows may deploy

instances = { min = 0, max = 1 }
database  = { tier = "db-f1-micro", backups = 3 } # a shared processor, without a promise of Google's
cache     = { node = "SHARED_CORE_NANO", replicas = 0 }
protect   = false

settings = {
  # what visitors are told first; "" is "good day", as in production
  "GREETING" = ""
  # the networks of the proxies in front
  "GORGON_TRUSTED_PROXIES" = ""
}
