# PostgreSQL, reached by tasks alone. TLS is forced. The log since a daily snapshot
# is kept, so that any second of the last days can be restored.
resource "aws_db_subnet_group" "main" {
  name       = local.name
  subnet_ids = [for s in aws_subnet.private : s.id]
}
resource "aws_db_parameter_group" "main" {
  name_prefix = "${local.name}-"
  family      = "postgres${split(".", var.database.version)[0]}"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  lifecycle { create_before_destroy = true }
}
ephemeral "random_password" "database" {
  length  = 32
  special = false # it is part of a URL
}
resource "aws_db_instance" "main" {
  identifier                = local.name
  engine                    = "postgres"
  engine_version            = var.database.version
  instance_class            = var.database.class
  allocated_storage         = var.database.disk_gb
  max_allocated_storage     = 10 * var.database.disk_gb # it grows by itself, and never shrinks
  storage_type              = "gp3"
  storage_encrypted         = true
  db_name                   = "app"
  username                  = "app"
  password_wo               = ephemeral.random_password.database.result
  password_wo_version       = var.secret_version
  multi_az                  = var.database.highly_available
  publicly_accessible       = false
  db_subnet_group_name      = aws_db_subnet_group.main.name
  parameter_group_name      = aws_db_parameter_group.main.name
  vpc_security_group_ids    = [aws_security_group.role["data"].id]
  backup_retention_period   = var.database.backup_days
  copy_tags_to_snapshot     = true
  delete_automated_backups  = !var.protect
  deletion_protection       = var.protect
  skip_final_snapshot       = !var.protect
  final_snapshot_identifier = "${local.name}-final"
}

# The version is the server's, so that a new password is in both. sslmode=require
# encrypts; verify-full would want Amazon's own roots of RDS in the image.
resource "aws_secretsmanager_secret_version" "database" {
  secret_id                = aws_secretsmanager_secret.app["database-url"].id
  secret_string_wo         = "postgres://app:${ephemeral.random_password.database.result}@${aws_db_instance.main.address}:5432/app?sslmode=require"
  secret_string_wo_version = aws_db_instance.main.password_wo_version
}
