# The program's secrets, each in Secret Manager: their values are written here and
# never read. Machines and jobs read the latest when they start.
locals {
  secrets = { # by variable: the end of the secret's name, and where its value comes from
{{- range .Secrets}}
    # {{.For}}
    {{quote .Name}} = { id = {{quote .ID}}, from = {{quote (print .From)}} }
{{- end}}
  }
{{- if or .Database .Cache}}
  authorities  = "/etc/ssl/private-authorities" # in the container: those whom the servers prove themselves by
  certificates = join("\n", {{if .Database}}google_sql_database_instance.main.server_ca_cert[*].cert{{if .Cache}}, {{end}}{{end}}{{if .Cache}}flatten(google_memorystore_instance.cache.managed_server_ca[*].ca_certs[*].certificates){{end}})
{{- end}}
  values = {{if .From "generator"}}merge({ for name, key in ephemeral.random_password.key : name => key.result }, {{end}}{
{{- if .Database}}
    # verify-ca: the server proves itself, without a name
    database = "postgres://app:${ephemeral.random_password.database.result}@${google_sql_database_instance.main.private_ip_address}:5432/${google_sql_database.app.name}?sslmode=verify-ca&sslrootcert=${local.authorities}/ca.pem"
{{- end}}
{{- if .Cache}}
    # rediss: TLS
    cache = "rediss://${local.cache.ip_address}:${local.cache.port}/0"
{{- end}}
{{- if or .Database .Cache}}
    # public: a secret is how machines and jobs get the same file
    authorities = local.certificates
{{- end}}
    # yours (README.deploy.md): machines refuse this, but a job cannot be made without a value
    operator = "unset"
  }{{if .From "generator"}}){{end}}
  # A value is written again where its number rises. A password has one number, for the
  # server and for the secrets that hold it: two would once be raised apart.
  versions = {
{{- if .Database}}
    # the server's
    database = google_sql_user.app.password_wo_version
{{- end}}
{{- if or .Database .Cache}}
    # another for other certificates
    authorities = parseint(substr(sha256(local.certificates), 0, 7), 16)
{{- end}}
{{- if .From "generator"}}
    # yours
    generator = var.key_version
{{- end}}
  }
}
{{- if .From "generator"}}
ephemeral "random_password" "key" {
  for_each = toset([for name, s in local.secrets : name if s.from == "generator"])
  length   = 48
  special  = false
}
{{- end}}
resource "google_secret_manager_secret" "app" {
  for_each  = {{if or .Database .Cache}}merge(local.secrets, { authorities = { id = "authorities", from = "authorities" } }){{else}}local.secrets{{end}}
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
  secret_data_wo         = {{if .From "generator"}}try(local.values[each.key], local.values[each.value.labels.from]){{else}}local.values[each.value.labels.from]{{end}}
  secret_data_wo_version = lookup(local.versions, each.value.labels.from, 1)
  deletion_policy        = "DISABLE" # the one before can be looked at
  lifecycle {
    create_before_destroy = true # "latest" is never without a value
  }
}
