# The service and its jobs, all of one image. Terraform makes them and owns their
# environment and size; release.sh owns the image and how visitors are shared
# among revisions, which an apply therefore leaves alone. A changed environment
# makes a revision of the image that runs now, without visitors until the next
# release: run release.sh with the same image.

locals {
  settings = { # the program's environment, as far as it is known and no secret
  }
  # Cloud Run's own proxy asks from a link-local address, and the balancer writes its
  # own behind the visitor's into X-Forwarded-For.
  proxies     = join(",", concat(["169.254.0.0/16"], [for front in google_compute_global_address.front : "${front.address}/32"]))
  environment = merge({ "GORGON_TRUSTED_PROXIES" = local.proxies }, local.settings, { for name, value in var.settings : name => value if value != "" })
}
resource "google_cloud_run_v2_service" "app" {
  name                = local.name
  location            = var.region
  deletion_protection = var.protect
  ingress             = "INGRESS_TRAFFIC_ALL" # with a domain, too: release.sh asks a revision without visitors by an address of Cloud Run
  template {
    service_account                  = google_service_account.app["run"].email
    max_instance_request_concurrency = var.instances.concurrency
    timeout                          = "3600s" # the most there is: then a connection ends, and its client opens another
    scaling {
      min_instance_count = var.instances.min
      max_instance_count = var.instances.max
    }
    vpc_access {
      egress = "PRIVATE_RANGES_ONLY" # what is public is reached without a NAT to pay for
      network_interfaces {
        network    = google_compute_network.main.id
        subnetwork = google_compute_subnetwork.main.id
      }
    }
    containers {
      # A service cannot be made without an image, and there is none before the
      # registry is: the first revision is Google's sample, which answers every
      # probe. release.sh puts the app in its place.
      image = "us-docker.pkg.dev/cloudrun/container/hello"
      args  = ["serve"]
      ports {
        name           = "http1" # HTTP/2 to the container rules out WebSocket
        container_port = 8080
      }
      resources {
        limits            = { cpu = var.instances.cpu, memory = var.instances.memory }
        startup_cpu_boost = true
        cpu_idle          = false # a processor between requests, for what works in the background
      }
      dynamic "env" {
        for_each = local.environment
        content {
          name  = env.key
          value = env.value
        }
      }
      dynamic "env" {
        for_each = local.secrets
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.app[env.value].secret_id
              version = "latest"
            }
          }
        }
      }
      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 1
        failure_threshold = 60 # two minutes to read and check its files; four are the most
        http_get { path = "/startupz" }
      }
      liveness_probe { # is it alive, not: is its database, which no restart brings back
        period_seconds    = 10
        timeout_seconds   = 3
        failure_threshold = 3
        http_get { path = "/livez" }
      }
    }
  }
  lifecycle {
    # Not template[0].revision: release.sh lets Cloud Run name revisions, and a
    # name kept here would be sent again with a changed environment and refused.
    ignore_changes = [template[0].containers[0].image, template[0].labels, template[0].annotations, traffic, client, client_version]
  }
  # A revision starts if it finds every secret and may read it.
  depends_on = [google_secret_manager_secret_iam_member.run, google_secret_manager_secret_version.database, google_secret_manager_secret_version.generated]
}

# Commands of the program that run to their end: migrate lays out the store before each release.
resource "google_cloud_run_v2_job" "app" {
  for_each            = toset(["migrate"])
  name                = "${local.name}-${each.key}"
  location            = var.region
  deletion_protection = var.protect
  template {
    task_count = 1
    template {
      service_account = google_service_account.app["run"].email
      timeout         = "3600s"
      max_retries     = 3 # a command goes on where it was interrupted
      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces {
          network    = google_compute_network.main.id
          subnetwork = google_compute_subnetwork.main.id
        }
      }
      containers {
        image = "us-docker.pkg.dev/cloudrun/container/job" # Google's sample, until the first release
        args  = [each.key]
        resources { limits = { cpu = "1", memory = "512Mi" } }
        dynamic "env" {
          for_each = local.environment
          content {
            name  = env.key
            value = env.value
          }
        }
        dynamic "env" {
          for_each = local.secrets
          content {
            name = env.key
            value_source {
              secret_key_ref {
                secret  = google_secret_manager_secret.app[env.value].secret_id
                version = "latest"
              }
            }
          }
        }
      }
    }
  }
  lifecycle {
    ignore_changes = [template[0].template[0].containers[0].image, template[0].labels, template[0].annotations, client, client_version]
  }
  depends_on = [google_cloud_run_v2_service.app] # and so the secrets and their readers
}
