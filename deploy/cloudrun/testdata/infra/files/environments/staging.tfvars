# Staging, from the same files as production: small, and free to be destroyed.

environment  = "staging"
project      = "my-project" # change: a project of its own keeps production out of reach
region       = "europe-west1"
state_bucket = "my-project-state" # change: as in staging.backend.hcl
repository   = ""                 # change: "owner/name" at GitHub, whose workflows may deploy

instances = { min = 0, max = 1 }
protect   = false
