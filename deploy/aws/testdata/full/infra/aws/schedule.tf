# EventBridge Scheduler starts a task that runs maintain and ends: the newest of the
# family that release.sh registers. Until the first release there is none, and the
# calls fail without harm.
resource "aws_scheduler_schedule" "maintain" {
  name                = "${local.name}-maintain"
  schedule_expression = "cron(* * * * ? *)"
  flexible_time_window { mode = "OFF" }
  target {
    arn      = aws_ecs_cluster.main.arn
    role_arn = aws_iam_role.service["scheduler"].arn
    input    = jsonencode({ containerOverrides = [{ name = "app", command = ["maintain"] }] })
    ecs_parameters {
      task_definition_arn = "arn:aws:ecs:${local.here}:task-definition/${local.name}"
      launch_type         = "FARGATE"
      network_configuration {
        subnets          = aws_ecs_service.app.network_configuration[0].subnets
        security_groups  = [aws_security_group.role["tasks"].id]
        assign_public_ip = !var.network.private_tasks
      }
    }
    retry_policy { maximum_retry_attempts = 0 } # the next call is the retry
  }
}
resource "aws_iam_role_policy" "scheduler" {
  name = "run"
  role = aws_iam_role.service["scheduler"].id
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = "ecs:RunTask", Resource = [for s in ["", ":*"] : "arn:aws:ecs:${local.here}:task-definition/${local.name}${s}"], Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.main.arn } } },
    local.pass,
  ] })
}
