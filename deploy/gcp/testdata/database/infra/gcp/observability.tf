# A check from outside, alerts, and a dashboard of the same figures.
resource "google_monitoring_uptime_check_config" "ready" { # from all over the world, through DNS and balancer to a program that is ready
  display_name = "${local.name} is ready"
  timeout      = "10s"
  period       = "60s"
  http_check {
    path         = "/readyz"
    use_ssl      = true
    validate_ssl = true
  }
  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project, host = var.domain }
  }
}
locals {
  events = { # of the program's log
    commits-late  = "commits are not purged"
    database-away = "the database cannot be asked"
  }
  requests = "resource.type = \"https_lb_rule\" AND resource.labels.backend_target_name = \"${google_compute_backend_service.app.name}\" AND metric.type = \"loadbalancing.googleapis.com/https"
  # An alert fires where the figure of each minute stays above most for so many seconds.
  alerts = {
    "is not ready, by two places of the check" = {
      filter = "resource.type = \"uptime_url\" AND metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\" AND resource.labels.host = \"${var.domain}\""
      align  = "ALIGN_NEXT_OLDER", reduce = "REDUCE_COUNT_FALSE", most = 1, seconds = 120
    }
    "answers of 5xx a second" = {
      filter = "${local.requests}/request_count\" AND metric.labels.response_code_class = 500"
      align  = "ALIGN_RATE", reduce = "REDUCE_SUM", most = var.alerts.errors_per_second, seconds = 300
    }
    "ms that answers take" = {
      filter = "${local.requests}/backend_latencies\""
      align  = "ALIGN_DELTA", reduce = "REDUCE_PERCENTILE_95", most = var.alerts.latency_ms, seconds = 600
    }
    "share of the database's disk" = {
      filter = "resource.type = \"cloudsql_database\" AND resource.labels.database_id = \"${var.project}:${google_sql_database_instance.main.name}\" AND metric.type = \"cloudsql.googleapis.com/database/disk/utilization\""
      align  = "ALIGN_MEAN", reduce = "REDUCE_MAX", most = 0.85, seconds = 600
    }
  }
  shown = merge(local.alerts, {
    "requests a second" = { filter = "${local.requests}/request_count\"", align = "ALIGN_RATE", reduce = "REDUCE_SUM" }
  })
}
resource "google_monitoring_alert_policy" "app" {
  for_each              = local.alerts
  display_name          = "${local.name}: ${each.key}"
  combiner              = "OR"
  notification_channels = var.notification_channels
  conditions {
    display_name = "above ${each.value.most}"
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.most
      duration        = "${each.value.seconds}s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = each.value.align
        cross_series_reducer = each.value.reduce
      }
    }
  }
}
resource "google_monitoring_alert_policy" "events" {
  for_each              = local.events
  display_name          = "${local.name}: ${each.value}"
  combiner              = "OR"
  notification_channels = var.notification_channels
  conditions {
    display_name = "the log says ${each.key}"
    condition_matched_log { filter = "resource.type = \"gce_instance\" AND labels.\"compute.googleapis.com/resource_name\" =~ \"^${local.name}-\" AND \"${each.key}\"" }
  }
  alert_strategy {
    notification_rate_limit { period = "3600s" }
  }
}
resource "google_monitoring_dashboard" "app" {
  dashboard_json = jsonencode({ displayName = local.name, gridLayout = { columns = "2", widgets = [for title, w in local.shown : {
    title = title, xyChart = { dataSets = [{ plotType = "LINE", timeSeriesQuery = { timeSeriesFilter = {
      filter = w.filter, aggregation = { alignmentPeriod = "60s", perSeriesAligner = w.align, crossSeriesReducer = w.reduce }
    } } }] }
  }] } })
  lifecycle { ignore_changes = [dashboard_json] } # yours to change in the console, and Google writes it back in another order
}
