# Where the state of staging is. The bucket is yours: README.deploy.md makes it.
bucket       = "album-state-000000000000"
key          = "staging.tfstate"
region       = "us-east-1"
encrypt      = true
use_lockfile = true
