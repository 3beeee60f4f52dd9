# Where the state of staging is. The bucket is yours: README.deploy.md makes it.
bucket       = "app-internal-7-seas-state-000000000000"
key          = "staging.tfstate"
region       = "eu-central-1"
encrypt      = true
use_lockfile = true
