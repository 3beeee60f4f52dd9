# What you and release.sh read, and no secret. Without dns_zone, the records are yours to make.
output "url" { value = "https://${var.domain}" }
output "records" { value = local.records }
# Variables of release.sh, and of the environment at GitHub.
output "release" {
  value = {
    PROJECT           = var.project
    REGION            = var.region
    REPOSITORY        = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}/${local.app}"
    GROUP             = google_compute_region_instance_group_manager.app.name
    TEMPLATE          = google_compute_instance_template.base.name_prefix
    BACKEND           = google_compute_backend_service.app.name
    URL               = "https://${var.domain}"
    IDENTITY_PROVIDER = google_iam_workload_identity_pool_provider.github.name
    DEPLOY_ACCOUNT    = google_service_account.app["deploy"].email
    PLAN_ACCOUNT      = google_service_account.app["plan"].email
    APPLY_ACCOUNT     = google_service_account.app["apply"].email
  }
}
output "secrets" { value = { for name, s in local.secrets : name => google_secret_manager_secret.app[name].secret_id } }
