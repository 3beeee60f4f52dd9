# PostgreSQL with a private address only. It holds the app's rows and the pages that
# are kept, each in a schema of its own.

# Ephemeral: neither the state nor a plan ever has it. Each run makes another,
# and the number database.password says when one is taken.
ephemeral "random_password" "database" {
  length  = 40
  special = false # it becomes part of a URL
}
resource "google_sql_database_instance" "main" {
  name                = local.name # a deleted name is free again after a week
  database_version    = "POSTGRES_17"
  deletion_protection = var.protect # Terraform's own; the one below holds for all other ways
  settings {
    tier                        = var.database.tier
    edition                     = "ENTERPRISE"
    availability_type           = var.database.highly_available ? "REGIONAL" : "ZONAL"
    disk_size                   = var.database.disk_gb
    disk_autoresize             = true
    deletion_protection_enabled = var.protect
    retain_backups_on_delete    = var.protect
    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.main.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }
    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7
      backup_retention_settings { retained_backups = var.database.backups }
    }
    maintenance_window {
      day  = 7 # Sunday
      hour = 3
    }
    database_flags { # an instance holds 12 at most, and 20 remain for jobs and for you; a change restarts it
      name  = "max_connections"
      value = max(100, var.instances.max * 12 + 20)
    }
    insights_config { query_insights_enabled = true }
  }
  lifecycle {
    ignore_changes = [settings[0].disk_size] # it grows by itself, and a smaller one is another instance
  }
  depends_on = [google_service_networking_connection.services]
}
resource "google_sql_database" "app" {
  name            = "shop"
  instance        = google_sql_database_instance.main.name
  deletion_policy = "ABANDON" # it goes with its instance: PostgreSQL refuses while the program is connected
}
resource "google_sql_user" "app" {
  name                = "shop"
  instance            = google_sql_database_instance.main.name
  password_wo         = ephemeral.random_password.database.result
  password_wo_version = var.database.password
  deletion_policy     = "ABANDON"
}
resource "google_secret_manager_secret_version" "database" {
  for_each       = toset(["database-url", "store"])
  secret         = google_secret_manager_secret.app[each.key].id
  secret_data_wo = "postgres://shop:${ephemeral.random_password.database.result}@${google_sql_database_instance.main.private_ip_address}/shop?sslmode=require&pool_max_conns=4"
  # The user's own number, so that both change in one apply. If an apply ends
  # between the two, raise the number once more.
  secret_data_wo_version = google_sql_user.app.password_wo_version
  lifecycle { create_before_destroy = true } # an instance that starts in between finds one
}
