# The program's secrets. Their values are in Secrets Manager and in no file, state
# or plan; a task gets them when it starts.
locals {
  secrets = { for s in [
    { variable = "GORGON_PURGE_KEY", id = "purge-key" },
  ] : s.variable => s.id }
}
resource "aws_secretsmanager_secret" "app" {
  for_each                = toset(values(local.secrets))
  name                    = "${local.name}/${each.key}"
  recovery_window_in_days = var.protect ? 30 : 0 # until it is over, the name is taken
}
ephemeral "random_password" "key" {
  for_each = toset(["purge-key"])
  length   = 48
  special  = false
}
resource "aws_secretsmanager_secret_version" "key" {
  for_each                 = toset(["purge-key"])
  secret_id                = aws_secretsmanager_secret.app[each.key].id
  secret_string_wo         = ephemeral.random_password.key[each.key].result
  secret_string_wo_version = var.secret_version
}
