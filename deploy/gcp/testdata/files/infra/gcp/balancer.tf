# The way in: one address, one certificate, and plain HTTP sent on to HTTPS.
locals {
  balancer_ranges = ["130.211.0.0/22", "35.191.0.0/16"] # Google's balancers and health checks, everywhere
}
resource "google_compute_global_address" "balancer" {
  name = "${local.name}-balancer"
}
resource "google_compute_health_check" "ready" { # visitors are sent to machines that are ready, which is more than alive
  name                = "${local.name}-ready"
  check_interval_sec  = 5
  timeout_sec         = 3
  unhealthy_threshold = 2
  http_health_check {
    port         = local.port
    request_path = "/readyz"
  }
}
resource "google_compute_backend_service" "app" {
  name                            = local.name
  port_name                       = "http"
  load_balancing_scheme           = "EXTERNAL_MANAGED"
  timeout_sec                     = 3600 # by default a WebSocket or a stream ends after 30 s, in use or not
  connection_draining_timeout_sec = var.drain_seconds.balancer
  health_checks                   = [google_compute_health_check.ready.id]
  enable_cdn                      = var.cdn
  cdn_policy { cache_mode = "USE_ORIGIN_HEADERS" } # the program says what may be cached, and for how long
  backend {
    group           = google_compute_region_instance_group_manager.app.instance_group
    balancing_mode  = "UTILIZATION"
    max_utilization = 0.8
  }
  log_config {
    enable      = true
    sample_rate = 0.1
  }
}
resource "google_compute_url_map" "https" {
  name            = local.name
  default_service = google_compute_backend_service.app.id
}
resource "google_compute_url_map" "http" {
  name = "${local.name}-redirect"
  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "PERMANENT_REDIRECT" # 308: a POST stays one
    strip_query            = false
  }
}

# A record in DNS proves that the domain is yours: the certificate is there before the
# first visitor, and before the domain points here.
resource "google_certificate_manager_dns_authorization" "main" {
  name   = local.name
  domain = var.domain
}
resource "google_certificate_manager_certificate" "main" {
  name = local.name
  managed {
    domains            = [var.domain]
    dns_authorizations = [google_certificate_manager_dns_authorization.main.id]
  }
}
resource "google_certificate_manager_certificate_map" "main" {
  name = local.name
}
resource "google_certificate_manager_certificate_map_entry" "main" {
  name         = local.name
  map          = google_certificate_manager_certificate_map.main.name
  hostname     = var.domain
  certificates = [google_certificate_manager_certificate.main.id]
}
resource "google_compute_ssl_policy" "main" {
  name            = local.name
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}
resource "google_compute_target_https_proxy" "main" {
  name            = local.name
  url_map         = google_compute_url_map.https.id
  certificate_map = "//certificatemanager.googleapis.com/${google_certificate_manager_certificate_map.main.id}"
  ssl_policy      = google_compute_ssl_policy.main.id
  depends_on      = [google_certificate_manager_certificate_map_entry.main]
}
resource "google_compute_target_http_proxy" "main" {
  name    = "${local.name}-redirect"
  url_map = google_compute_url_map.http.id
}
resource "google_compute_global_forwarding_rule" "main" { # the only two ports that are open to everyone
  for_each              = { "443" = google_compute_target_https_proxy.main.id, "80" = google_compute_target_http_proxy.main.id }
  name                  = "${local.name}-${each.key}"
  ip_address            = google_compute_global_address.balancer.id
  port_range            = each.key
  target                = each.value
  load_balancing_scheme = "EXTERNAL_MANAGED"
}

# The domain's records: made where its zone is at Cloud DNS, elsewhere yours to make.
locals {
  records = {
    visitors    = { name = "${var.domain}.", type = "A", data = google_compute_global_address.balancer.address }
    certificate = google_certificate_manager_dns_authorization.main.dns_resource_record[0]
  }
}
resource "google_dns_record_set" "main" {
  for_each     = toset(var.dns_zone == "" ? [] : ["visitors", "certificate"]) # a plan knows these, and not the records' names
  managed_zone = var.dns_zone
  name         = local.records[each.key].name
  type         = local.records[each.key].type
  ttl          = 300
  rrdatas      = [local.records[each.key].data]
}
