# What you, release.sh and the workflows read. None of it is secret.

locals {
  url = var.domain == "" ? google_cloud_run_v2_service.app.uri : "https://${var.domain}"
}
output "url" { value = local.url }
output "records" { value = local.records } # of the domain: yours to make, unless dns_zone is set
output "release" {                         # variables of release.sh and of the environment at GitHub
  value = {
    PROJECT           = var.project
    REGION            = var.region
    REPOSITORY        = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}/album"
    SERVICE           = google_cloud_run_v2_service.app.name
    URL               = local.url
    IDENTITY_PROVIDER = one(google_iam_workload_identity_pool_provider.github[*].name)
    DEPLOY_ACCOUNT    = google_service_account.app["deploy"].email
    PLAN_ACCOUNT      = google_service_account.app["plan"].email
    APPLY_ACCOUNT     = google_service_account.app["apply"].email
  }
}
output "secrets" { value = { for variable, id in local.secrets : variable => google_secret_manager_secret.app[id].secret_id } }
