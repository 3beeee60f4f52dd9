# The program's secrets, each in Secret Manager: their values are written here and
# never read. Machines and jobs read the latest when they start.
locals {
  secrets = { # by variable: the end of the secret's name, and where its value comes from
    # where the app's files are: a bucket, as in s3://BUCKET?region=REGION or s3://BUCKET?endpoint=https://HOST
    "FILES_URL" = { id = "files-url", from = "operator" }
    # the key to the bucket of the app's files: its ID
    "AWS_ACCESS_KEY_ID" = { id = "aws-access-key-id", from = "operator" }
    # the key to the bucket of the app's files
    "AWS_SECRET_ACCESS_KEY" = { id = "aws-secret-access-key", from = "operator" }
  }
  values = {
    # yours (README.deploy.md): machines refuse this, but a job cannot be made without a value
    operator = "unset"
  }
  # A value is written again where its number rises. A password has one number, for the
  # server and for the secrets that hold it: two would once be raised apart.
  versions = {
  }
}
resource "google_secret_manager_secret" "app" {
  for_each  = local.secrets
  secret_id = "${local.name}-${each.value.id}"
  labels    = { from = each.value.from }
  replication {
    auto {}
  }
}
resource "google_secret_manager_secret_iam_member" "app" {
  for_each  = google_secret_manager_secret.app
  secret_id = each.value.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.app["run"].member
}
resource "google_secret_manager_secret_version" "app" {
  for_each               = google_secret_manager_secret.app
  secret                 = each.value.id
  secret_data_wo         = local.values[each.value.labels.from]
  secret_data_wo_version = lookup(local.versions, each.value.labels.from, 1)
  deletion_policy        = "DISABLE" # the one before can be looked at
  lifecycle {
    create_before_destroy = true # "latest" is never without a value
  }
}
