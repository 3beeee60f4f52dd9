# What tells you how it is before a visitor does: a look from outside, alerts,
# and a dashboard of the same.

locals {
  channels = [for c in google_monitoring_notification_channel.email : c.id]
  service  = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${local.name}\" AND metric.type = \"run.googleapis.com"
  # An alert is raised where a value stays above most for five minutes. The
  # latency is the median, since a connection counts as long as it is open.
  watched = {
    "places without answer"  = { filter = "resource.type = \"uptime_url\" AND metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id = \"${google_monitoring_uptime_check_config.front.uptime_check_id}\"", align = "ALIGN_NEXT_OLDER", reduce = "REDUCE_COUNT_FALSE", most = 1 }
    "requests a second"      = { filter = "${local.service}/request_count\"", align = "ALIGN_RATE", reduce = "REDUCE_SUM", most = null }
    "share of 5xx"           = { filter = "${local.service}/request_count\" AND metric.labels.response_code_class = \"5xx\"", align = "ALIGN_RATE", reduce = "REDUCE_SUM", most = 0.05 }
    "instances (of the max)" = { filter = "${local.service}/container/instance_count\"", align = "ALIGN_MAX", reduce = "REDUCE_SUM", most = var.instances.max > max(1, var.instances.min) ? var.instances.max - 0.5 : null }
    "latency in ms"          = { filter = "${local.service}/request_latencies\"", align = "ALIGN_PERCENTILE_50", reduce = "REDUCE_MAX", most = 1000 }
    "database disk in use"   = { filter = "resource.type = \"cloudsql_database\" AND resource.labels.database_id = \"${var.project}:${local.name}\" AND metric.type = \"cloudsql.googleapis.com/database/disk/utilization\"", align = "ALIGN_MEAN", reduce = "REDUCE_MAX", most = 0.85 }
    "failed jobs"            = { filter = "resource.type = \"cloud_run_job\" AND resource.labels.job_name = starts_with(\"${local.name}-\") AND metric.type = \"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result = \"failed\"", align = "ALIGN_DELTA", reduce = "REDUCE_SUM", most = 0 }
  }
}
resource "google_monitoring_notification_channel" "email" {
  for_each     = toset(var.alert_emails)
  display_name = "${local.name}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
}
resource "google_monitoring_uptime_check_config" "front" {
  display_name = "${local.name} answers"
  timeout      = "10s"
  period       = "300s"
  http_check {
    path         = "/" # not /readyz: Cloud Run takes some paths that end in z for itself
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }
  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project, host = trimprefix(local.url, "https://") }
  }
  lifecycle { create_before_destroy = true } # the alert names it
}
resource "google_monitoring_alert_policy" "watched" {
  for_each              = { for what, w in local.watched : what => w if w.most != null }
  display_name          = "${local.name}: ${each.key}"
  combiner              = "OR"
  notification_channels = local.channels
  conditions {
    display_name = "above ${each.value.most}"
    condition_threshold {
      filter             = each.value.filter
      denominator_filter = each.key == "share of 5xx" ? local.watched["requests a second"].filter : null
      comparison         = "COMPARISON_GT"
      threshold_value    = each.value.most
      duration           = each.key == "failed jobs" ? "0s" : "300s" # each of them counts
      aggregations {
        alignment_period     = each.value.align == "ALIGN_NEXT_OLDER" ? "600s" : "60s" # a place looks every five minutes
        per_series_aligner   = each.value.align
        cross_series_reducer = each.value.reduce
      }
      dynamic "denominator_aggregations" {
        for_each = each.key == "share of 5xx" ? [1] : []
        content {
          alignment_period     = "60s"
          per_series_aligner   = each.value.align
          cross_series_reducer = each.value.reduce
        }
      }
    }
  }
}
locals {
  events = { # of the program's log
    jobs-late     = "jobs are late"
    job-dead      = "a job failed for the last time"
    commits-late  = "commits are not purged"
    database-away = "the database cannot be asked"
    store-away    = "the store cannot be used"
  }
}
resource "google_monitoring_alert_policy" "events" {
  for_each              = local.events
  display_name          = "${local.name}: ${each.value}"
  combiner              = "OR"
  notification_channels = local.channels
  conditions {
    display_name = "the log says ${each.key}"
    condition_matched_log { filter = "(resource.labels.service_name = \"${local.name}\" OR resource.labels.job_name = \"${local.name}-maintain\") AND jsonPayload.event = \"${each.key}\"" }
  }
  alert_strategy {
    notification_rate_limit { period = "3600s" }
  }
}
resource "google_monitoring_dashboard" "app" {
  dashboard_json = jsonencode({ displayName = local.name, gridLayout = { columns = "2", widgets = [for what, w in local.watched : {
    title = what
    xyChart = { dataSets = [{ plotType = "LINE", timeSeriesQuery = { timeSeriesFilter = {
      filter      = w.filter
      aggregation = { alignmentPeriod = w.align == "ALIGN_NEXT_OLDER" ? "600s" : "60s", perSeriesAligner = w.align, crossSeriesReducer = w.reduce }
    } } }] }
  }] } })
  lifecycle { ignore_changes = [dashboard_json] } # Google writes it back in another order, and you may edit it there
}
