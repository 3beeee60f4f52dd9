# The machines: a group that grows and shrinks with the load, and replaces what does not
# live. Terraform makes it and the base of its template; release.sh rolls an image out.
locals {
  port = 8080
  # What the program reads, beside its secrets.
  settings = merge({
    # the store for pages generated at run time
    "GORGON_STORE" = "none"
    # the balancer uses an idle connection for 600 s, and says what a visitor's address is
    "GORGON_DRAIN"           = "${var.drain_seconds.program}s"
    "GORGON_KEEP_ALIVE"      = "620s"
    "GORGON_TRUSTED_PROXIES" = join(",", concat(local.balancer_ranges, ["${google_compute_global_address.balancer.address}/32"]))
  }, var.settings)
}

# Healing asks whether the process lives. If it asked whether the program is ready, a
# database that is away for a minute would have every machine replaced.
resource "google_compute_health_check" "live" {
  name                = "${local.name}-live"
  check_interval_sec  = 10
  unhealthy_threshold = 6
  http_health_check {
    port         = local.port
    request_path = "/livez"
  }
}

# Before the first release there is no image, and a group must have a template. So it
# begins with this one, and empty, until release.sh switches the scaling on: the first
# apply works, and costs no machine.
resource "google_compute_instance_template" "first" {
  name         = "${local.name}-first"
  machine_type = "e2-micro"
  disk { source_image = "projects/cos-cloud/global/images/family/cos-stable" }
  network_interface { subnetwork = google_compute_subnetwork.main.id }
  lifecycle {
    ignore_changes = all # it is never replaced: the group may have it
  }
}

# The base: all but the image. release.sh copies the newest with an image put in, so
# that a change here reaches the machines with the next roll-out.
resource "google_compute_instance_template" "base" {
  name_prefix  = "${local.name}-base-" # a template cannot change: the new one is made before the old one goes
  machine_type = var.machine.type
  tags         = [local.name]
  disk {
    source_image = "projects/cos-cloud/global/images/family/${var.machine.arm ? "cos-arm64-stable" : "cos-stable"}"
    disk_type    = var.machine.disk
  }
  network_interface { subnetwork = google_compute_subnetwork.main.id }
  service_account {
    email  = google_service_account.app["run"].email
    scopes = ["cloud-platform"] # IAM says what it may
  }
  shielded_instance_config { enable_secure_boot = !var.machine.arm }
  metadata = {
    image                  = "" # release.sh's
    block-project-ssh-keys = "true"
    enable-oslogin         = "true"
    google-logging-enabled = "true"
    user-data = templatefile("${path.module}/machine/cloud-init.yaml.tftpl", {
      stop_seconds = var.drain_seconds.program + 30 # 30 s for what is being answered
      start = templatefile("${path.module}/machine/start.sh.tftpl", {
        project  = var.project, registry = "${var.region}-docker.pkg.dev", port = local.port
        settings = local.settings
        secrets  = { for name, s in local.secrets : name => google_secret_manager_secret.app[name].secret_id }
        files    = {}
      })
    })
  }
  lifecycle {
    create_before_destroy = true
  }
}
resource "google_compute_region_instance_group_manager" "app" {
  name                      = local.name
  region                    = var.region
  base_instance_name        = local.name
  distribution_policy_zones = length(var.machine.zones) == 0 ? null : var.machine.zones
  target_size               = 0
  version { instance_template = google_compute_instance_template.first.self_link_unique }
  named_port {
    name = "http"
    port = local.port
  }
  auto_healing_policies {
    health_check      = google_compute_health_check.live.id
    initial_delay_sec = 180 # a machine boots, pulls the image and starts
  }
  update_policy {
    type                  = "PROACTIVE"
    minimal_action        = "REPLACE"
    max_surge_fixed       = max(3, length(var.machine.zones)) # fewer than its zones are refused, and three is what Google picks
    max_unavailable_fixed = 0
  }
  lifecycle {
    ignore_changes = [version, target_size] # release.sh's, and the autoscaler's
  }
  depends_on = [google_artifact_registry_repository_iam_member.images, google_secret_manager_secret_iam_member.app]
}
resource "google_compute_region_autoscaler" "app" {
  name   = local.name
  region = var.region
  target = google_compute_region_instance_group_manager.app.id
  autoscaling_policy {
    mode         = "OFF" # until the first release
    min_replicas = var.instances.min
    max_replicas = var.instances.max
    cpu_utilization { target = var.instances.cpu }
    scale_in_control { # one at a time, each drained before it goes: a short lull does not empty the group
      max_scaled_in_replicas { fixed = 1 }
      time_window_sec = 600
    }
  }
  lifecycle {
    ignore_changes = [autoscaling_policy[0].mode] # release.sh switches it on
  }
}
