# Who may do what: the program, and three identities of GitHub's workflows. They have
# no keys: GitHub proves which repository and environment a workflow runs for.
locals {
  # The environment at GitHub that each is bound to. A plan runs for pull requests,
  # without an approval, and so may only read.
  github = { deploy = var.environment, apply = var.environment, plan = "${var.environment}-plan" }
  roles = {
    run = ["logging.logWriter", "monitoring.metricWriter"] # the program

    deploy = ["compute.instanceAdmin.v1", "compute.viewer", "logging.viewer", "monitoring.viewer"]
    plan   = ["iam.securityReviewer", "viewer"]
    apply = [
      "artifactregistry.admin", "certificatemanager.owner", "compute.admin", "dns.admin", "iam.securityReviewer", "iam.serviceAccountAdmin", "iam.serviceAccountUser",
      "iam.workloadIdentityPoolAdmin", "monitoring.admin", "resourcemanager.projectIamAdmin", "secretmanager.admin",
    ]
  }
}
resource "google_service_account" "app" {
  for_each   = local.roles
  account_id = "${local.short}-${each.key}"
}
resource "google_project_iam_member" "app" {
  for_each = merge([for who, roles in local.roles : { for role in roles : "${who} ${role}" => { who = who, role = role } }]...)
  project  = var.project
  role     = "roles/${each.value.role}"
  member   = google_service_account.app[each.value.who].member
}
resource "google_storage_bucket_iam_member" "state" {
  for_each = { plan = "objectViewer", apply = "objectUser" }
  bucket   = var.state_bucket
  role     = "roles/storage.${each.value}"
  member   = google_service_account.app[each.key].member
}
resource "google_service_account_iam_member" "acts" { # a release starts machines that act as the program
  service_account_id = google_service_account.app["run"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.app["deploy"].member
}
resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github-${local.short}" # stays taken for 30 days after it is deleted
}
resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_mapping                  = { "google.subject" = "assertion.sub", "attribute.environment" = "assertion.environment" }
  # By the repository alone, any branch and any pull request could deploy.
  attribute_condition = "assertion.repository == '${var.repository}' && assertion.environment in ['${var.environment}', '${var.environment}-plan']"
  oidc { issuer_uri = "https://token.actions.githubusercontent.com" }
}
resource "google_service_account_iam_member" "github" {
  for_each           = local.github
  service_account_id = google_service_account.app[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/attribute.environment/${each.value}"
}

# Images: a tag is never moved to another, and the last twenty stay for the way back.
resource "google_artifact_registry_repository" "images" {
  repository_id = local.name
  location      = var.region
  format        = "DOCKER"
  docker_config { immutable_tags = true }
  cleanup_policies {
    id     = "keep"
    action = "KEEP"
    most_recent_versions { keep_count = 20 }
  }
  cleanup_policies {
    id     = "old"
    action = "DELETE"
    condition { older_than = "7776000s" } # 90 days
  }
}
resource "google_artifact_registry_repository_iam_member" "images" {
  for_each   = { run = "reader", deploy = "writer" }
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.${each.value}"
  member     = google_service_account.app[each.key].member
}
