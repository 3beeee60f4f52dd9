# Terraform, its providers, and where the state is: a bucket with versions and a
# lock, which the first commands of README.deploy.md make.
terraform {
  required_version = ">= 1.11" # write-only arguments: passwords are in no state and in no plan
  required_providers {
    aws    = { source = "hashicorp/aws", version = ">= 6.25, < 7.0" }
    random = { source = "hashicorp/random", version = ">= 3.7, < 4.0" }
  }
  backend "s3" {} # environments/NAME.backend.hcl: each environment has a state of its own
}
provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account] # credentials of another account change nothing
  default_tags { tags = { app = local.app, environment = var.environment, managed-by = "terraform" } }
}
locals {
  app  = "album"
  name = "${local.app}-${var.environment}" # a function of these two: a second apply finds what the first made
  edge = "us-east-1"                       # certificates of CloudFront and figures of Route 53 are there only
}
