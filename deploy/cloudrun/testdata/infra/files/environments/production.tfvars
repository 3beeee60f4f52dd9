# Production. What says "change" is yours; the rest are sizes, which can change at
# any time. variables.tf says what each is.

environment  = "production"
project      = "my-project" # change: the id of the project at Google
region       = "europe-west1"
state_bucket = "my-project-state" # change: as in production.backend.hcl
repository   = ""                 # change: "owner/name" at GitHub, whose workflows may deploy
alert_emails = []                 # change: who is told when something is wrong

# "" keeps the address that Cloud Run gives, and has no load balancer to pay for.
domain = ""

# The domain's zone at Cloud DNS, if it is there.
dns_zone = ""

cdn       = false
instances = { min = 0, max = 10 }
protect   = true
