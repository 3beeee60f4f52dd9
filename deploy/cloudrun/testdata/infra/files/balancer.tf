# A domain of your own: a global load balancer in front of Cloud Run, with a
# certificate and, if wanted, a CDN. Without a domain none of it is made, and
# the address that Cloud Run gives has a certificate already.

locals {
  front = var.domain == "" ? 0 : 1
  # The keys are known before the first apply: the names are not.
  records = { for use in var.domain == "" ? [] : ["site", "certificate"] : use => {
    name = use == "site" ? "${var.domain}." : google_certificate_manager_dns_authorization.front[0].dns_resource_record[0].name
    type = use == "site" ? "A" : "CNAME"
    data = use == "site" ? google_compute_global_address.front[0].address : google_certificate_manager_dns_authorization.front[0].dns_resource_record[0].data
  } }
}
resource "google_compute_global_address" "front" {
  count = local.front
  name  = "${local.name}-front"
}
resource "google_compute_region_network_endpoint_group" "front" {
  count                 = local.front
  name                  = local.name
  region                = var.region
  network_endpoint_type = "SERVERLESS"
  cloud_run { service = google_cloud_run_v2_service.app.name }
}
resource "google_compute_backend_service" "front" {
  count                 = local.front
  name                  = local.name
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS" # no timeout_sec and no health check: refused here, since Cloud Run's own count
  enable_cdn            = var.cdn
  backend { group = google_compute_region_network_endpoint_group.front[0].id }
  dynamic "cdn_policy" {
    for_each = var.cdn ? [1] : []
    content {
      cache_mode        = "USE_ORIGIN_HEADERS" # the program says what may be kept, and for how long
      serve_while_stale = 0                    # and when it is stale
    }
  }
}

# The certificate is proved by a record of DNS, so that it is ready before the
# domain points here.
resource "google_certificate_manager_dns_authorization" "front" {
  count  = local.front
  name   = local.name
  domain = var.domain
}
resource "google_certificate_manager_certificate" "front" {
  count = local.front
  name  = "${local.name}-${substr(sha1(var.domain), 0, 6)}" # another domain is another certificate
  managed {
    domains            = [var.domain]
    dns_authorizations = [google_certificate_manager_dns_authorization.front[0].id]
  }
  lifecycle { create_before_destroy = true }
}
resource "google_certificate_manager_certificate_map" "front" {
  count = local.front
  name  = local.name
}
resource "google_certificate_manager_certificate_map_entry" "front" {
  count        = local.front
  name         = local.name
  map          = google_certificate_manager_certificate_map.front[0].name
  matcher      = "PRIMARY"
  certificates = [google_certificate_manager_certificate.front[0].id]
}

resource "google_compute_ssl_policy" "front" {
  count           = local.front
  name            = local.name
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}
resource "google_compute_url_map" "front" {
  count           = local.front
  name            = local.name
  default_service = google_compute_backend_service.front[0].id
}
resource "google_compute_url_map" "redirect" {
  count = local.front
  name  = "${local.name}-redirect"
  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "PERMANENT_REDIRECT"
    strip_query            = false
  }
}
resource "google_compute_target_https_proxy" "front" {
  count           = local.front
  name            = local.name
  url_map         = google_compute_url_map.front[0].id
  certificate_map = "//certificatemanager.googleapis.com/${google_certificate_manager_certificate_map.front[0].id}"
  ssl_policy      = google_compute_ssl_policy.front[0].id
  depends_on      = [google_certificate_manager_certificate_map_entry.front]
}
resource "google_compute_target_http_proxy" "redirect" {
  count   = local.front
  name    = "${local.name}-redirect"
  url_map = google_compute_url_map.redirect[0].id
}
resource "google_compute_global_forwarding_rule" "front" {
  for_each              = var.domain == "" ? {} : { "443" = google_compute_target_https_proxy.front[0].id, "80" = google_compute_target_http_proxy.redirect[0].id }
  name                  = "${local.name}-${each.key}"
  ip_address            = google_compute_global_address.front[0].id
  port_range            = each.key
  target                = each.value
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
resource "google_dns_record_set" "front" {
  for_each     = var.dns_zone == "" ? {} : local.records
  managed_zone = var.dns_zone
  name         = each.value.name
  type         = each.value.type
  ttl          = 300
  rrdatas      = [each.value.data]
}
