# Where the state of staging is. README.deploy.md says how the bucket is made.
bucket = "my-project-state" # change
prefix = "album/staging"
