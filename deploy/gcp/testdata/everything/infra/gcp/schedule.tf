# Scheduled work: Cloud Scheduler calls the maintain job, which runs what is due.
resource "google_cloud_run_v2_job_iam_member" "schedule" {
  name     = google_cloud_run_v2_job.app["maintain"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.app["cron"].member
}
resource "google_cloud_scheduler_job" "maintain" {
  name      = "${local.name}-maintain"
  region    = var.region
  schedule  = "*/5 * * * *"
  time_zone = "Etc/UTC"
  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/projects/${var.project}/locations/${var.region}/jobs/${google_cloud_run_v2_job.app["maintain"].name}:run"
    oauth_token { service_account_email = google_service_account.app["cron"].email }
  }
  depends_on = [google_cloud_run_v2_job_iam_member.schedule]
}
