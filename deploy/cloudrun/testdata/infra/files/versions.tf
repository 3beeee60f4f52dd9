terraform {
  required_version = ">= 1.11, < 2.0" # with write-only arguments, which keep passwords out of the state
  required_providers {
    google = { source = "hashicorp/google", version = ">= 6.50, < 8.0" }
    random = { source = "hashicorp/random", version = ">= 3.7, < 4.0" }
  }
  backend "gcs" {} # where: environments/NAME.backend.hcl
}
provider "google" {
  project        = var.project
  region         = var.region
  default_labels = { app = "album", environment = var.environment, managed-by = "terraform" }
}
# The interfaces of Google in use. They stay on after a destroy, since something
# else in the project may use them, too.
resource "google_project_service" "api" {
  for_each = toset([
    "artifactregistry", "certificatemanager", "compute", "dns", "iam", "iamcredentials", "logging", "monitoring", "run", "sts",
    "secretmanager",
  ])
  project            = var.project
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}
locals {
  # Of every resource: two environments fit into one project. It mentions the
  # interfaces, so that what is named after it waits until they are on.
  name = google_project_service.api["run"].project == var.project ? "album-${var.environment}" : null
}
