# The program's secrets, each in Secret Manager: their values are written here and
# never read. Machines and jobs read the latest when they start.
locals {
  secrets = { # by variable: the end of the secret's name, and where its value comes from
    # the app's own database
    "DATABASE_URL" = { id = "database-url", from = "database" }
  }
  authorities  = "/etc/ssl/private-authorities" # in the container: those whom the servers prove themselves by
  certificates = join("\n", google_sql_database_instance.main.server_ca_cert[*].cert)
  values = {
    # verify-ca: the server proves itself, without a name
    database = "postgres://app:${ephemeral.random_password.database.result}@${google_sql_database_instance.main.private_ip_address}:5432/${google_sql_database.app.name}?sslmode=verify-ca&sslrootcert=${local.authorities}/ca.pem"
    # public: a secret is how machines and jobs get the same file
    authorities = local.certificates
    # yours (README.deploy.md): machines refuse this, but a job cannot be made without a value
    operator = "unset"
  }
  # A value is written again where its number rises. A password has one number, for the
  # server and for the secrets that hold it: two would once be raised apart.
  versions = {
    # the server's
    database = google_sql_user.app.password_wo_version
    # another for other certificates
    authorities = parseint(substr(sha256(local.certificates), 0, 7), 16)
  }
}
resource "google_secret_manager_secret" "app" {
  for_each  = merge(local.secrets, { authorities = { id = "authorities", from = "authorities" } })
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
