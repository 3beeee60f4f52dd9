# Where the state of staging is. The bucket is yours: README.deploy.md makes it.
bucket       = {{quote (print .Name "-state-000000000000")}}
key          = "staging.tfstate"
region       = {{quote (or .Site.Region "us-east-1")}}
encrypt      = true
use_lockfile = true
