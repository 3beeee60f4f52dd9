# Where the state of production is. README.deploy.md says how the bucket is made.
bucket = "my-project-state" # change
prefix = "album/production"
