# Where the state of production is; README.deploy.md says how the bucket is made.
# change:
bucket = "my-project-state"
prefix = "album/production"
