# Production. Lines that say "change" are yours; the rest are sizes, which can be
# changed at any time. variables.tf says what each is.
environment = "production"
# change:
project = "my-project"
region  = "us-central1"
domain  = "album.example.com"
# its zone's name at Cloud DNS, if it is there
dns_zone     = ""
repository   = "owner/repository"
state_bucket = "my-project-state"
# who is told when something is wrong, see README.deploy.md
notification_channels = []
# sizes:
instances = { min = 2, max = 6 }
# or { type = "c4a-standard-1", disk = "hyperdisk-balanced", arm = true }
machine = { type = "e2-small" }
# what holds data refuses to be destroyed
protect = true
