# Valkey, for the pages that are kept. Its one way in is an endpoint in the
# app's own network.

resource "google_network_connectivity_service_connection_policy" "cache" {
  name          = "${local.name}-cache"
  location      = var.region
  service_class = "gcp-memorystore"
  network       = google_compute_network.main.id
  psc_config { subnetworks = [google_compute_subnetwork.main.id] }
}
resource "google_memorystore_instance" "cache" {
  instance_id             = local.name # of this environment alone
  location                = var.region
  mode                    = "CLUSTER_DISABLED"
  shard_count             = 1
  replica_count           = var.cache.replicas
  node_type               = var.cache.node
  transit_encryption_mode = "SERVER_AUTHENTICATION"
  # It knows users by tokens alone that end after an hour, and a URL, as the
  # program takes it, cannot renew one. So the network is what keeps others
  # out: nothing but this service and its jobs is in it.
  authorization_mode          = "AUTH_DISABLED"
  deletion_protection_enabled = var.protect
  engine_configs              = { maxmemory-policy = "allkeys-lru" } # pages can be generated again
  desired_auto_created_endpoints {
    network    = google_compute_network.main.id
    project_id = var.project
  }
  depends_on = [google_network_connectivity_service_connection_policy.cache]
}
locals {
  cache_endpoints = [for c in google_memorystore_instance.cache.endpoints[0].connections : c.psc_auto_connection[0]]
  # The primary's; one whose kind is not said is the only one.
  cache_address = concat([for e in local.cache_endpoints : e.ip_address if e.connection_type == "CONNECTION_TYPE_PRIMARY"], local.cache_endpoints[*].ip_address)[0]
}
resource "google_secret_manager_secret_version" "cache" {
  for_each = toset([{{range $i, $s := .From "cache"}}{{if $i}}, {{end}}{{quote $s.ID}}{{end}}])
  secret   = google_secret_manager_secret.app[each.key].id
  # Encrypted, and not verified: each instance has an authority of its own,
  # which no system knows.
  secret_data_wo         = "rediss://${local.cache_address}:6379/0?skip_verify=1"
  secret_data_wo_version = 1
}
