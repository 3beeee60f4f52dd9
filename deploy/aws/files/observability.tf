# What is watched, who hears of it, and a page that shows it.
resource "aws_sns_topic" "alarms" { # not encrypted: with Amazon's own key, alarms could not publish
  for_each = toset(var.watch.uptime ? [var.region, local.edge] : [var.region])
  region   = each.key
  name     = "${local.name}-alarms"
}
resource "aws_sns_topic_subscription" "alarms" { # the address is sent a link to follow first
  for_each  = { for region, topic in aws_sns_topic.alarms : region => topic if var.watch.email != "" }
  region    = each.key
  topic_arn = each.value.arn
  protocol  = "email"
  endpoint  = var.watch.email
}
resource "aws_route53_health_check" "site" { # Amazon's checkers ask over the internet, every 30 s
  count             = var.watch.uptime ? 1 : 0
  type              = "HTTPS"
  fqdn              = var.site.domain
  port              = 443
  resource_path     = "/readyz"
  request_interval  = 30
  failure_threshold = 3
}
{{- if .Events}}
locals {
  events = { # of the program's log
{{- range .Events}}
    {{.Key}} = "{{.Says}}"
{{- end}}
  }
}
resource "aws_cloudwatch_log_metric_filter" "events" {
  for_each       = local.events
  name           = "${local.name}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.app.name
  pattern        = "{ $.event = \"${each.key}\" }"
  metric_transformation {
    namespace = local.name
    name      = each.key
    value     = "1"
  }
}
{{- end}}
locals {
  balancer = { LoadBalancer = aws_lb.main.arn_suffix }
  targets  = { LoadBalancer = aws_lb.main.arn_suffix, TargetGroup = aws_lb_target_group.app.arn_suffix }
  service  = { ClusterName = local.name, ServiceName = local.name }
{{- if .Database}}
  database = { DBInstanceIdentifier = local.name }
{{- end}}
{{- if .Cache}}
  cache    = { CacheClusterId = "${local.name}-001" }
{{- end}}
  # Each is a chart, and, with a bound, an alarm when it is more or less than that for five minutes.
  figures = merge({
    requests    = { of = local.balancer, metric = "AWS/ApplicationELB RequestCount", stat = "Sum", says = "requests" }
    connections = { of = local.balancer, metric = "AWS/ApplicationELB ActiveConnectionCount", stat = "Sum", says = "open connections" }
    errors      = { of = local.balancer, metric = "AWS/ApplicationELB HTTPCode_Target_5XX_Count", stat = "Sum", more = 10, says = "answers of the program with 5xx" }
    refused     = { of = local.balancer, metric = "AWS/ApplicationELB HTTPCode_ELB_5XX_Count", stat = "Sum", more = 10, says = "answers of the load balancer with 5xx: no task was ready, or one broke off" }
    latency     = { of = local.balancer, metric = "AWS/ApplicationELB TargetResponseTime", stat = "p95", more = 1, says = "seconds that one answer in twenty takes longer than" }
    unready     = { of = local.targets, metric = "AWS/ApplicationELB UnHealthyHostCount", stat = "Minimum", more = 0, says = "tasks that are not ready" }
    processor   = { of = local.service, metric = "AWS/ECS CPUUtilization", stat = "Average", says = "percent of the tasks' processors in use" }
    memory      = { of = local.service, metric = "AWS/ECS MemoryUtilization", stat = "Maximum", more = 90, says = "percent of a task's memory in use" }
{{- if .Database}}
    disk        = { of = local.database, metric = "AWS/RDS FreeStorageSpace", stat = "Minimum", less = var.database.disk_gb * 107374182, says = "free bytes of the database's disk, which was to grow" }
    database    = { of = local.database, metric = "AWS/RDS CPUUtilization", stat = "Average", more = 85, says = "percent of the database's processor in use" }
{{- end}}
{{- if .Cache}}
    cache       = { of = local.cache, metric = "AWS/ElastiCache DatabaseMemoryUsagePercentage", stat = "Maximum", more = 90, says = "percent of the cache's memory in use" }
{{- end}}
  }, { for check in aws_route53_health_check.site : "uptime" => { of = { HealthCheckId = check.id }, metric = "AWS/Route53 HealthCheckStatus", stat = "Minimum", less = 1, says = "1 while the site is reached from outside", region = local.edge } }{{if .Events}}, { for event, says in local.events : event => { of = {}, metric = "${local.name} ${event}", stat = "Sum", more = 0, says = "times that the log said: ${says}" } }{{end}})
}
resource "aws_cloudwatch_metric_alarm" "app" {
  for_each            = { for name, f in local.figures : name => f if can(f.more) || can(f.less) }
  region              = try(each.value.region, var.region)
  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.says
  namespace           = split(" ", each.value.metric)[0]
  metric_name         = split(" ", each.value.metric)[1]
  dimensions          = each.value.of
  statistic           = each.value.stat == "p95" ? null : each.value.stat
  extended_statistic  = each.value.stat == "p95" ? "p95" : null
  comparison_operator = can(each.value.less) ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = try(each.value.less, each.value.more)
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching" # without visitors there are no figures
  alarm_actions       = [aws_sns_topic.alarms[try(each.value.region, var.region)].arn]
  ok_actions          = [aws_sns_topic.alarms[try(each.value.region, var.region)].arn]
}
resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = local.name
  dashboard_body = jsonencode({ widgets = [for i, f in values(local.figures) : {
    type       = "metric", x = 12 * (i % 2), y = 6 * floor(i / 2), width = 12, height = 6
    properties = { title = f.says, period = 300, stat = f.stat, region = try(f.region, var.region), metrics = [concat(split(" ", f.metric), flatten([for key, value in f.of : [key, value]]))] }
  }] })
}
