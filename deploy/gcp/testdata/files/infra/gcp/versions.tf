# Versions, where the state lies, and names. Google's APIs are switched on once, by hand.
terraform {
  required_version = ">= 1.11" # write-only arguments: no password is in the state
  required_providers {
    google = { source = "hashicorp/google", version = ">= 6.50, < 8.0" }
  }
  backend "gcs" {} # environments/NAME.backend.hcl says where
}
provider "google" {
  project        = var.project
  region         = var.region
  default_labels = { app = local.app, environment = var.environment, managed-by = "terraform" }
}
locals {
  app  = "album"
  name = "${local.app}-${var.environment}" # of everything: a second apply never makes a second of anything
  # Accounts' names have at most 30 bytes: a long one is cut, and told apart by a sum.
  short = length(local.name) <= 23 ? local.name : "${substr(local.name, 0, 16)}-${substr(sha256(local.name), 0, 6)}"
}
