# What must hold for each plan, as `terraform test` checks it. Nothing is made.

variables {
  environment  = "test"
  project      = "a-project"
  region       = "europe-west1"
  state_bucket = "a-bucket"
}

run "by_itself" {
  command = plan
  assert {
    condition     = length(google_compute_global_forwarding_rule.front) == 0 && length(google_compute_global_address.front) == 0
    error_message = "Without a domain there is a load balancer to pay for."
  }
  assert {
    condition     = length(google_iam_workload_identity_pool.github) == 0 && length(google_service_account_iam_member.github) == 0
    error_message = "Without a repository there is a trust in GitHub."
  }
  assert {
    condition     = google_cloud_run_v2_service.app.template[0].containers[0].startup_probe[0].http_get[0].path == "/startupz" && google_cloud_run_v2_service.app.template[0].containers[0].liveness_probe[0].http_get[0].path == "/livez"
    error_message = "Start on /startupz and heal on /livez: by /readyz, an outage of the store would restart every instance."
  }
  assert {
    condition     = google_cloud_run_v2_service.app.template[0].containers[0].resources[0].cpu_idle && google_cloud_run_v2_service.app.template[0].scaling[0].min_instance_count == 0
    error_message = "Without visitors there is an instance to pay for."
  }
  assert {
    condition     = google_cloud_run_v2_service.app.template[0].timeout == "300s" && google_cloud_run_v2_service.app.template[0].containers[0].ports[0].name == "h2c"
    error_message = "A large response is refused, or a hanging one has an hour."
  }
  assert {
    condition     = google_cloud_run_v2_service.app.template[0].scaling[0].max_instance_count >= google_cloud_run_v2_service.app.template[0].scaling[0].min_instance_count && google_cloud_run_v2_service.app.template[0].max_instance_request_concurrency == 200
    error_message = "The scaling has no bounds, or no target."
  }
  assert {
    condition     = google_cloud_run_v2_service.app.deletion_protection
    error_message = "The service can be destroyed by accident."
  }
  assert {
    condition     = google_artifact_registry_repository.images.docker_config[0].immutable_tags
    error_message = "A tag can be moved to another image."
  }
  assert {
    condition     = alltrue([for m in google_project_iam_member.app : !contains(["roles/editor", "roles/owner"], m.role)]) && alltrue([for who, m in google_project_iam_member.app : contains(["roles/viewer", "roles/iam.securityReviewer"], m.role) if startswith(who, "plan ")])
    error_message = "An account may do everything, or a plan may change something."
  }
}

run "with_a_domain" {
  command = plan
  variables {
    domain       = "www.example.com"
    dns_zone     = "example"
    cdn          = true
    repository   = "owner/repository"
    alert_emails = ["someone@example.com"]
  }
  assert {
    condition     = toset([for rule in google_compute_global_forwarding_rule.front : rule.port_range]) == toset(["80", "443"])
    error_message = "The balancer has another port than 80 and 443."
  }
  assert {
    condition     = google_compute_url_map.redirect[0].default_url_redirect[0].https_redirect && google_compute_ssl_policy.front[0].min_tls_version == "TLS_1_2"
    error_message = "Something is served without TLS, or with an old one."
  }
  assert {
    condition     = google_compute_backend_service.front[0].enable_cdn && google_compute_backend_service.front[0].cdn_policy[0].cache_mode == "USE_ORIGIN_HEADERS"
    error_message = "The CDN keeps more than the program allows."
  }
  assert {
    condition     = length(google_dns_record_set.front) == 2
    error_message = "The domain's records are not made."
  }
  assert {
    condition     = strcontains(google_iam_workload_identity_pool_provider.github[0].attribute_condition, "assertion.repository == 'owner/repository'") && strcontains(google_iam_workload_identity_pool_provider.github[0].attribute_condition, "assertion.environment in ['test', 'test-plan']")
    error_message = "Workflows of another repository or environment are let in."
  }
}

run "refused" {
  command = plan
  variables {
    environment = "Production!"
    domain      = "https://www.example.com"
    repository  = "repository' || true"
    instances   = { min = 3, max = 2 }
  }
  expect_failures = [var.environment, var.domain, var.repository, var.instances]
}
