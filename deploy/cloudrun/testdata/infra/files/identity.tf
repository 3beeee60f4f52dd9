# Who may do what. There are no keys: a workflow proves itself by a token that
# GitHub signs for one run of it.

locals {
  accounts = {
    run    = "the program"
    deploy = "releases: pushes an image, updates the service, reads what it judges by"
    plan   = "plans for pull requests: reads, and no secret's value"
    apply  = "applies the files here, and so may do nearly all: its environment wants an approval"
  }
  # An id has 30 bytes at most: a longer name is cut, and a digest keeps two apart.
  account = length(local.name) <= 23 ? local.name : "${substr(local.name, 0, 17)}-${substr(sha1(local.name), 0, 5)}"
  roles = {
    deploy = ["run.viewer", "logging.viewer", "monitoring.viewer"]
    plan   = ["viewer", "iam.securityReviewer"]
    apply = [
      "artifactregistry.admin", "certificatemanager.owner", "compute.admin", "dns.admin", "iam.securityReviewer", "iam.serviceAccountAdmin", "iam.serviceAccountUser",
      "iam.workloadIdentityPoolAdmin", "monitoring.admin", "resourcemanager.projectIamAdmin", "run.admin", "serviceusage.serviceUsageAdmin",
      "secretmanager.admin",
    ]
  }
}
resource "google_service_account" "app" {
  for_each    = local.accounts
  account_id  = "${local.account}-${each.key}"
  description = "${local.name}, ${each.value}"
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
resource "google_service_account_iam_member" "acts" { # a release runs as the program
  service_account_id = google_service_account.app["run"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.app["deploy"].member
}
resource "google_cloud_run_v2_service_iam_member" "app" {
  for_each = {
    public = { role = "roles/run.invoker", member = "allUsers" } # visitors need no account at Google
    deploy = { role = "roles/run.developer", member = google_service_account.app["deploy"].member }
  }
  name     = google_cloud_run_v2_service.app.name
  location = var.region
  role     = each.value.role
  member   = each.value.member
}

# The images. The last twenty remain to go back to, and all of ninety days.
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
    condition { older_than = "7776000s" }
  }
}
resource "google_artifact_registry_repository_iam_member" "deploy" {
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.app["deploy"].member
}

# GitHub. A token counts if it is of the repository and of the environment: by
# the repository alone, every branch and pull request could deploy. The
# environment NAME releases and applies, and may want an approval; NAME-plan plans.
resource "google_iam_workload_identity_pool" "github" {
  count                     = var.repository == "" ? 0 : 1
  workload_identity_pool_id = "github-${local.account}" # a deleted one blocks its name for 30 days
}
resource "google_iam_workload_identity_pool_provider" "github" {
  count                              = length(google_iam_workload_identity_pool.github)
  workload_identity_pool_id          = google_iam_workload_identity_pool.github[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_mapping                  = { "google.subject" = "assertion.sub", "attribute.environment" = "assertion.environment" }
  attribute_condition                = "assertion.repository == '${var.repository}' && assertion.environment in ['${var.environment}', '${var.environment}-plan']"
  oidc { issuer_uri = "https://token.actions.githubusercontent.com" }
}
resource "google_service_account_iam_member" "github" {
  for_each           = var.repository == "" ? {} : { deploy = var.environment, apply = var.environment, plan = "${var.environment}-plan" }
  service_account_id = google_service_account.app[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/attribute.environment/${each.value}"
}
