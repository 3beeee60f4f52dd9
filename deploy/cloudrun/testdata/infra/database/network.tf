# A network of the app's own, for what has no public address. Cloud Run reaches
# into it by direct VPC egress. It has no NAT and no firewall rule: visitors come
# in by Cloud Run, and what the program asks of the internet leaves there.

resource "google_compute_network" "main" {
  name                    = local.name
  auto_create_subnetworks = false
}
resource "google_compute_subnetwork" "main" {
  name                     = local.name
  network                  = google_compute_network.main.id
  ip_cidr_range            = "10.10.0.0/22" # an instance takes one, and two while revisions change places
  private_ip_google_access = true
}

# Where Google's side of a private database gets its addresses.
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
  # Google holds the range for days after the database is gone, and refuses to
  # end the peering until then: README.deploy.md has the order of a teardown.
  deletion_policy = "ABANDON"
}
