# Valkey, reached by tasks alone, with TLS and a password. What it keeps can be made
# again, so it has no backups; when it is full it drops what was used least.
resource "aws_elasticache_subnet_group" "main" {
  name       = local.name
  subnet_ids = [for s in aws_subnet.private : s.id]
}
ephemeral "random_password" "cache" {
  length  = 48
  special = false
}
resource "aws_elasticache_replication_group" "main" {
  replication_group_id       = local.name # of the environment: staging never gets production's
  description                = local.name
  engine                     = "valkey"
  engine_version             = var.cache.version
  node_type                  = var.cache.class
  num_cache_clusters         = var.cache.highly_available ? 2 : 1
  automatic_failover_enabled = var.cache.highly_available
  multi_az_enabled           = var.cache.highly_available
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  auth_token_wo              = ephemeral.random_password.cache.result # of the newest 6.x: an older provider refuses it
  auth_token_wo_version      = var.secret_version
  auth_token_update_strategy = "ROTATE" # the old one is accepted until the next
  apply_immediately          = true
  subnet_group_name          = aws_elasticache_subnet_group.main.name
  security_group_ids         = [aws_security_group.role["data"].id]
}
resource "aws_secretsmanager_secret_version" "cache" {
  secret_id                = aws_secretsmanager_secret.app["cache-url"].id
  secret_string_wo         = "rediss://:${ephemeral.random_password.cache.result}@${aws_elasticache_replication_group.main.primary_endpoint_address}:6379/0"
  secret_string_wo_version = aws_elasticache_replication_group.main.auth_token_wo_version
}
