# Cloud Scheduler starts the job that runs maintenance. One that is late does no
# harm: the next does what is due.

resource "google_cloud_scheduler_job" "maintain" {
  name      = "${local.name}-maintain"
  region    = var.region
  schedule  = "* * * * *" # as often as the app's shortest interval, between a minute and an hour
  time_zone = "Etc/UTC"
  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.app["maintain"].id}:run"
    oauth_token { service_account_email = google_service_account.app["tick"].email }
  }
  depends_on = [google_cloud_run_v2_job_iam_member.tick]
}
resource "google_cloud_run_v2_job_iam_member" "tick" {
  name     = google_cloud_run_v2_job.app["maintain"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.app["tick"].member
}
