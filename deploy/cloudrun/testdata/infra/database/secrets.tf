# The program's secrets, as variables of its environment. An instance reads them
# when it starts, so that a new value reaches those that start afterwards.

locals {
  secrets = { # variable = the end of the secret's name
    # the app's own database
    "DATABASE_URL" = "database-url"
    # signs purges over HTTP
    "GORGON_PURGE_KEY" = "purge-key"
    # the store for pages generated at run time
    "GORGON_STORE" = "store"
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
