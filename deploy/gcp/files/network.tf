# The network. No machine has an address of its own: visitors come through the
# balancer, and the machines' own requests leave through Cloud NAT.
resource "google_compute_network" "main" {
  name                    = local.name
  auto_create_subnetworks = false
}
resource "google_compute_subnetwork" "main" {
  name                     = local.name
  network                  = google_compute_network.main.id
  ip_cidr_range            = var.network_range
  private_ip_google_access = true # the registry, secrets and logs are reached without NAT
}
resource "google_compute_router" "main" {
  name    = local.name
  network = google_compute_network.main.id
}
resource "google_compute_router_nat" "main" {
  name                               = local.name
  router                             = google_compute_router.main.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}

# Only the program's port can be reached, by Google's balancers and health checks, and
# SSH through Identity-Aware Proxy, which asks for a Google account with the right to it.
resource "google_compute_firewall" "main" {
  for_each      = { balancer = { port = local.port, from = local.balancer_ranges }, ssh = { port = 22, from = ["35.235.240.0/20"] } }
  name          = "${local.name}-${each.key}"
  network       = google_compute_network.main.id
  source_ranges = each.value.from
  target_tags   = [local.name]
  allow {
    protocol = "tcp"
    ports    = [each.value.port]
  }
}
{{- if .Rooms}}
# Machines call each other: one owns each room, and others send it what their members ask for.
resource "google_compute_firewall" "peers" {
  name        = "${local.name}-peers"
  network     = google_compute_network.main.id
  source_tags = [local.name]
  target_tags = [local.name]
  allow {
    protocol = "tcp"
    ports    = [local.port]
  }
}
{{- end}}
