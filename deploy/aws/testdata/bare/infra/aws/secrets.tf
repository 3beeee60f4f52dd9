# The program's secrets. Their values are in Secrets Manager and in no file, state
# or plan; a task gets them when it starts.
locals {
  secrets = { for s in [
  ] : s.variable => s.id }
}
resource "aws_secretsmanager_secret" "app" {
  for_each                = toset(values(local.secrets))
  name                    = "${local.name}/${each.key}"
  recovery_window_in_days = var.protect ? 30 : 0 # until it is over, the name is taken
}
