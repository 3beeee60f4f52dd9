# The program's secrets, as variables of its environment. An instance reads them
# when it starts, so that a new value reaches those that start afterwards.
{{- if .From "operator"}}
# Those without a version here are yours to give, once, before the service is
# made: README.deploy.md has the commands.
{{- end}}

locals {
  secrets = { # variable = the end of the secret's name
{{- range .Secrets}}
    # {{.For}}
    {{quote .Name}} = {{quote .ID}}
{{- end}}
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
{{- if .From "generator"}}
ephemeral "random_password" "app" {
  for_each = toset([{{range $i, $s := .From "generator"}}{{if $i}}, {{end}}{{quote $s.ID}}{{end}}])
  length   = 40
  special  = false
}
resource "google_secret_manager_secret_version" "generated" {
  for_each               = toset([{{range $i, $s := .From "generator"}}{{if $i}}, {{end}}{{quote $s.ID}}{{end}}])
  secret                 = google_secret_manager_secret.app[each.key].id
  secret_data_wo         = ephemeral.random_password.app[each.key].result
  secret_data_wo_version = var.generated
  lifecycle { create_before_destroy = true }
}
{{- end}}
