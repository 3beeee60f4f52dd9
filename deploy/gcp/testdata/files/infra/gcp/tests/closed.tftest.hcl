# What must hold for each plan: terraform test. Nothing is made.

variables {
  environment  = "test"
  project      = "a-project"
  region       = "us-central1"
  domain       = "www.example.com"
  repository   = "owner/repository"
  state_bucket = "a-bucket"
}

run "by_default" {
  command = plan
  assert {
    condition     = alltrue([for f in google_compute_firewall.main : !contains(f.source_ranges, "0.0.0.0/0")])
    error_message = "A firewall lets everyone in."
  }
  assert {
    condition     = toset([for r in google_compute_global_forwarding_rule.main : r.port_range]) == toset(["80", "443"])
    error_message = "The balancer has another port than 80 and 443."
  }
  assert {
    condition     = length(google_compute_instance_template.base.network_interface[0].access_config) == 0
    error_message = "A machine has an address of its own."
  }
  assert {
    condition     = google_compute_url_map.http.default_url_redirect[0].https_redirect && google_compute_ssl_policy.main.min_tls_version == "TLS_1_2"
    error_message = "Something is served without TLS, or with an old one."
  }
  assert {
    condition     = google_compute_health_check.live.http_health_check[0].request_path == "/livez" && google_compute_health_check.ready.http_health_check[0].request_path == "/readyz"
    error_message = "Heal on /livez and route on /readyz: the other way round, an outage of the store replaces every machine."
  }
  assert {
    condition     = google_compute_region_instance_group_manager.app.auto_healing_policies[0].initial_delay_sec >= 120
    error_message = "A machine is healed before it has started."
  }
  assert {
    condition     = google_compute_backend_service.app.timeout_sec >= 3600 && google_compute_backend_service.app.connection_draining_timeout_sec > 0
    error_message = "The balancer ends WebSockets early, or a machine goes without being drained."
  }
  assert {
    condition     = google_compute_region_autoscaler.app.autoscaling_policy[0].mode == "OFF" && google_compute_region_instance_group_manager.app.target_size == 0
    error_message = "Machines start before there is an image."
  }
  assert {
    condition     = google_compute_instance_template.base.metadata["image"] == ""
    error_message = "The image is release.sh's."
  }
  assert {
    condition     = google_compute_instance_template.base.machine_type == "e2-small" && google_compute_instance_template.base.disk[0].disk_type == "pd-balanced"
    error_message = "A machine is not of the size that was asked for."
  }
  assert {
    condition     = strcontains(google_iam_workload_identity_pool_provider.github.attribute_condition, "assertion.repository == 'owner/repository'") && strcontains(google_iam_workload_identity_pool_provider.github.attribute_condition, "assertion.environment in ['test', 'test-plan']")
    error_message = "Workflows of another repository or environment are let in."
  }
  assert {
    condition     = alltrue([for key, m in google_project_iam_member.app : contains(["roles/viewer", "roles/iam.securityReviewer"], m.role) if startswith(key, "plan ")])
    error_message = "A plan may change something."
  }
  assert {
    condition     = google_artifact_registry_repository.images.docker_config[0].immutable_tags
    error_message = "A tag can be moved to another image."
  }
}

run "as_chosen" {
  command = plan
  variables {
    cdn       = true
    dns_zone  = "a-zone"
    protect   = false
    instances = { min = 3, max = 9, cpu = 0.5 }
    machine   = { type = "e2-small", zones = ["us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f"] }
  }
  assert {
    condition     = google_compute_backend_service.app.enable_cdn && google_compute_backend_service.app.cdn_policy[0].cache_mode == "USE_ORIGIN_HEADERS"
    error_message = "The CDN keeps more than the program allows."
  }
  assert {
    condition     = length(google_dns_record_set.main) == 2
    error_message = "The domain's records are not made."
  }
  assert {
    condition     = google_compute_region_autoscaler.app.autoscaling_policy[0].min_replicas == 3 && google_compute_region_autoscaler.app.autoscaling_policy[0].max_replicas == 9 && google_compute_region_autoscaler.app.autoscaling_policy[0].cpu_utilization[0].target == 0.5
    error_message = "The scaling does not keep its bounds, or has another target."
  }
  assert {
    condition     = google_compute_region_autoscaler.app.autoscaling_policy[0].scale_in_control[0].max_scaled_in_replicas[0].fixed == 1
    error_message = "A short lull empties the group."
  }
  assert {
    condition     = google_compute_region_instance_group_manager.app.update_policy[0].max_surge_fixed >= 4 && google_compute_region_instance_group_manager.app.update_policy[0].max_unavailable_fixed == 0
    error_message = "A roll-out is refused (fewer machines at a time than zones), or takes machines away first."
  }
}

run "refused" {
  command = plan
  variables {
    environment   = "Production!"
    domain        = "https://www.example.com"
    drain_seconds = { balancer = 300, program = 120 }
    instances     = { min = 0, max = 2 }
  }
  expect_failures = [var.environment, var.domain, var.drain_seconds, var.instances]
}
