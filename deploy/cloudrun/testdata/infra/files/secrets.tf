# The program's secrets, as variables of its environment. An instance reads them
# when it starts, so that a new value reaches those that start afterwards.
# Those without a version here are yours to give, once, before the service is
# made: README.deploy.md has the commands.

locals {
  secrets = { # variable = the end of the secret's name
    # signs purges over HTTP
    "GORGON_PURGE_KEY" = "purge-key"
    # where the app's files are: a bucket, as in s3://BUCKET?region=REGION or s3://BUCKET?endpoint=https://HOST
    "FILES_URL" = "files-url"
    # the key to the bucket of the app's files: its ID
    "AWS_ACCESS_KEY_ID" = "aws-access-key-id"
    # the key to the bucket of the app's files
    "AWS_SECRET_ACCESS_KEY" = "aws-secret-access-key"
  }
}
resource "google_secret_manager_secret" "app" {
  for_each  = toset(values(local.secrets))
  secret_id = "${local.name}-${each.key}"
  replication {
    auto {}
  }
}
resource "google_secret_manager_secret_iam_member" "run" {
  for_each  = google_secret_manager_secret.app
  secret_id = each.value.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.app["run"].member
}
ephemeral "random_password" "app" {
  for_each = toset(["purge-key"])
  length   = 40
  special  = false
}
resource "google_secret_manager_secret_version" "generated" {
  for_each               = toset(["purge-key"])
  secret                 = google_secret_manager_secret.app[each.key].id
  secret_data_wo         = ephemeral.random_password.app[each.key].result
  secret_data_wo_version = var.generated
  lifecycle { create_before_destroy = true }
}
