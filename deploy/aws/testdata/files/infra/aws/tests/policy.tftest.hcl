# What has to stay true of a plan, whatever is changed above: terraform init and
# terraform test, without an account.
mock_provider "aws" {}

variables {
  environment = "production"
  account     = "123456789012"
  region      = "eu-central-1"
  protect     = true
  network     = { zones = ["eu-central-1a", "eu-central-1b"] }
  site        = { domain = "shop.example.com", hosted_zone = "Z0123456789", cdn = true }
  tasks       = { min = 2, max = 5 }
  github      = { repository = "acme/shop", apply = true }
  watch       = { email = "ops@example.com", uptime = true }
}

run "production" {
  command = plan
  assert {
    condition     = alltrue([for r in aws_vpc_security_group_ingress_rule.internet : contains([80, 443], r.from_port) && r.from_port == r.to_port])
    error_message = "Only 80 and 443 are open."
  }
  assert {
    condition     = alltrue([for r in aws_vpc_security_group_ingress_rule.inside : r.cidr_ipv4 == null])
    error_message = "Inside, rules name groups and no addresses."
  }
  assert {
    condition     = aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS" && startswith(aws_lb_listener.https.ssl_policy, "ELBSecurityPolicy-TLS13-1-2")
    error_message = "HTTP is sent on to HTTPS, of TLS 1.2 or later."
  }
  assert {
    condition     = !aws_ecs_service.app.network_configuration[0].assign_public_ip
    error_message = "Tasks in private subnets have no public address."
  }
  assert {
    condition     = aws_lb_target_group.app.health_check[0].path == "/readyz" && aws_lb_target_group.app.health_check[0].interval * aws_lb_target_group.app.health_check[0].unhealthy_threshold >= 150
    error_message = "Visitors go to tasks that are ready, and a short absence of the database replaces none."
  }
  assert {
    condition     = tonumber(aws_lb_target_group.app.deregistration_delay) == var.drain_seconds
    error_message = "The balancer waits as long as the program drains."
  }
  assert {
    condition     = aws_ecs_service.app.deployment_minimum_healthy_percent == 100 && aws_ecs_service.app.deployment_circuit_breaker[0].rollback
    error_message = "New tasks are ready before old ones go, or all goes back."
  }
  assert {
    condition     = aws_appautoscaling_target.app.min_capacity == 2 && aws_appautoscaling_target.app.max_capacity == 5
    error_message = "Between the bounds."
  }
  assert {
    condition     = alltrue([for p in aws_appautoscaling_policy.app : p.target_tracking_scaling_policy_configuration[0].scale_in_cooldown >= 300])
    error_message = "Tasks go one by one."
  }
  assert {
    condition = alltrue([for name, role in aws_iam_role.github :
      jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:acme/shop:environment:${name == "plan" ? "production-plan" : "production"}"
    ])
    error_message = "Of one repository and one environment."
  }
  assert {
    condition     = !aws_s3_bucket.files.force_destroy && aws_s3_bucket_public_access_block.files.restrict_public_buckets
    error_message = "The bucket of the app's files is private, and not deleted with what is in it."
  }
  assert {
    condition     = alltrue([for r in aws_s3_bucket_cors_configuration.files.cors_rule : r.allowed_origins == toset(["https://${var.site.domain}"]) && r.allowed_methods == toset(["PUT"])])
    error_message = "Only pages of the site upload."
  }
}

run "small" {
  command = plan
  variables {
    environment = "staging"
    protect     = false
    network     = { zones = ["eu-central-1a", "eu-central-1b"], private_tasks = false }
    site        = { domain = "staging.example.com" }
    github      = {}
    watch       = {}
  }
  assert {
    condition     = length(aws_nat_gateway.main) == 0 && aws_ecs_service.app.network_configuration[0].assign_public_ip && length(aws_iam_role.github) == 0
    error_message = "No NAT gateway, no trust in GitHub."
  }
}

run "refused" {
  command = plan
  variables {
    drain_seconds = 91 # Fargate would cut it short
    github        = { repository = "acme/*" }
    tasks         = { min = 0 }
  }
  expect_failures = [var.drain_seconds, var.github, var.tasks]
}
