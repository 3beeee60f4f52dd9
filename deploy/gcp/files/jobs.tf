# Commands of the program that run to their end: {{if .Migrate}}migrate, which gates each roll-out{{if .Cron}},
# and maintain, which is called at intervals{{end}}{{else}}maintain, which is called at intervals{{end}}.
# They are Cloud Run jobs in the network: no machine waits for them, the exit code decides.
# A group would do them on each machine, and a workflow cannot reach the database.
resource "google_cloud_run_v2_job" "app" {
  for_each            = toset([{{if .Migrate}}"migrate"{{if .Cron}}, {{end}}{{end}}{{if .Cron}}"maintain"{{end}}])
  name                = "${local.name}-${each.key}"
  location            = var.region
  deletion_protection = false # it holds nothing
  template {
    template {
      service_account = google_service_account.app["run"].email
      max_retries     = 0
      timeout         = "900s"
      containers {
        image = "us-docker.pkg.dev/cloudrun/container/job" # Google's, until release.sh puts the program's in
        args  = [each.key]
        dynamic "env" {
          for_each = local.settings
          content {
            name  = env.key
            value = env.value
          }
        }
{{- if .Secrets}}
        dynamic "env" {
          for_each = local.secrets
          content {
            name = env.key
            value_source {
              secret_key_ref {
                secret  = google_secret_manager_secret.app[env.key].secret_id
                version = "latest"
              }
            }
          }
        }
{{- end}}
{{- if or .Database .Cache}}
        volume_mounts {
          name       = "authorities"
          mount_path = local.authorities
        }
{{- end}}
      }
{{- if or .Database .Cache}}
      volumes {
        name = "authorities"
        secret {
          secret = google_secret_manager_secret.app["authorities"].secret_id
          items {
            version = "latest"
            path    = "ca.pem"
          }
        }
      }
{{- end}}
      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces { subnetwork = google_compute_subnetwork.main.name }
      }
    }
  }
  lifecycle {
    ignore_changes = [template[0].template[0].containers[0].image, client, client_version] # release.sh's
  }
  {{- if .Secrets}}
  depends_on = [google_secret_manager_secret_version.app, google_secret_manager_secret_iam_member.app]
{{- end}}
}
