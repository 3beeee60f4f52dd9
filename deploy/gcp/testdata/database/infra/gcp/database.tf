# PostgreSQL. It lies in a network of Google's, which a range of addresses connects
# to this one, and has no other address.
resource "google_compute_global_address" "services" {
  name          = "${local.name}-services"
  network       = google_compute_network.main.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
}
resource "google_service_networking_connection" "services" {
  network                 = google_compute_network.main.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services.name]
  deletion_policy         = "ABANDON" # a destroy would wait for Cloud SQL, which releases the range days later
}
resource "google_sql_database_instance" "main" {
  name                = local.name # stays taken for a week after it is deleted
  database_version    = var.database.version
  deletion_protection = var.protect # against terraform
  settings {
    tier                        = var.database.tier
    edition                     = "ENTERPRISE"
    availability_type           = var.database.highly_available ? "REGIONAL" : "ZONAL"
    disk_autoresize             = true
    disk_autoresize_limit       = var.database.most_disk_gb # a fault does not fill the bill
    deletion_protection_enabled = var.protect               # against everything else
    database_flags {
      name  = "max_connections" # 25 with little memory; each machine has 8, and a roll-out has more machines
      value = 10 + 8 * (var.instances.max + max(3, length(var.machine.zones)) + 2)
    }
    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.main.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }
    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7
      backup_retention_settings { retained_backups = 14 }
    }
  }
  lifecycle {
    ignore_changes = [settings[0].disk_size] # it grows by itself; to shrink it would replace the server
  }
  depends_on = [google_service_networking_connection.services]
}
resource "google_sql_database" "app" {
  name            = "app"
  instance        = google_sql_database_instance.main.name
  deletion_policy = "ABANDON" # it goes with the server
}

# The password is made on each run and written where its number has risen: only the
# server and the secret have it, and neither the state nor a plan.
ephemeral "random_password" "database" {
  length  = 40
  special = false # it stands in a URL
}
resource "google_sql_user" "app" {
  name                = "app"
  instance            = google_sql_database_instance.main.name
  password_wo         = ephemeral.random_password.database.result
  password_wo_version = var.password_version
  deletion_policy     = "ABANDON" # it owns tables
}
