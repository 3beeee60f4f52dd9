# The program's secrets. Their values are in Secrets Manager and in no file, state
# or plan; a task gets them when it starts.
locals {
  secrets = { for s in [
{{- range .Secrets}}
{{- if or (eq .From "database") (eq .From "cache")}}
    { variable = {{quote .Name}}, id = {{quote (print .From "-url")}} },
{{- else if and (ne .From "bucket") (ne .From "files")}}
    { variable = {{quote .Name}}, id = {{quote .ID}} },
{{- end}}
{{- end}}
  ] : s.variable => s.id }
}
resource "aws_secretsmanager_secret" "app" {
  for_each                = toset(values(local.secrets))
  name                    = "${local.name}/${each.key}"
  recovery_window_in_days = var.protect ? 30 : 0 # until it is over, the name is taken
}
{{- with .From "generator"}}
ephemeral "random_password" "key" {
  for_each = toset([{{range $i, $s := .}}{{if $i}}, {{end}}{{quote $s.ID}}{{end}}])
  length   = 48
  special  = false
}
resource "aws_secretsmanager_secret_version" "key" {
  for_each                 = toset([{{range $i, $s := .}}{{if $i}}, {{end}}{{quote $s.ID}}{{end}}])
  secret_id                = aws_secretsmanager_secret.app[each.key].id
  secret_string_wo         = ephemeral.random_password.key[each.key].result
  secret_string_wo_version = var.secret_version
}
{{- end}}
{{- with .From "operator"}}

# Yours to write before the first release: a task does not start without them.
#
{{- range .}}
#   aws secretsmanager put-secret-value --secret-id NAME/{{.ID}} --secret-string file://FILE
#   {{.Name}}: {{.For}}
{{- end}}
{{- end}}
