# Valkey, which the instances share. It speaks TLS, and has an address in the network
# alone, where only the app's machines and jobs are. It asks for no password:
# Memorystore's other choice is a token that changes each hour.
resource "google_network_connectivity_service_connection_policy" "cache" {
  name          = "${local.name}-cache"
  location      = var.region
  service_class = "gcp-memorystore"
  network       = google_compute_network.main.id
  psc_config { subnetworks = [google_compute_subnetwork.main.id] }
}
resource "google_memorystore_instance" "cache" {
  instance_id                 = local.name
  location                    = var.region
  shard_count                 = 1
  replica_count               = var.cache.replicas
  node_type                   = var.cache.node_type
  mode                        = "CLUSTER_DISABLED"
  authorization_mode          = "AUTH_DISABLED"
  transit_encryption_mode     = "SERVER_AUTHENTICATION"
  deletion_protection_enabled = var.protect
  desired_auto_created_endpoints {
    network    = google_compute_network.main.id
    project_id = var.project
  }
  depends_on = [google_network_connectivity_service_connection_policy.cache]
}
locals {
  cache = google_memorystore_instance.cache.endpoints[0].connections[0].psc_auto_connection[0]
}
