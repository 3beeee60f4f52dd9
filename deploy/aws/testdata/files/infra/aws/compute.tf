# The program: its images, a service of tasks on Fargate, and how many of them run.
# Each part has one owner. These files have the service, the template of its tasks
# and the bounds of scaling. release.sh has the image: it puts one into the newest
# template, registers that, and moves the service to it. The scaler has the number
# of tasks. So a setting that is changed here reaches the program with the next
# release, which may be of the same image.
resource "aws_ecr_repository" "images" { # one for each environment: who may push for staging cannot for production
  name                 = local.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.protect
  image_scanning_configuration { scan_on_push = true }
}
resource "aws_ecr_lifecycle_policy" "images" { # many, since a task that starts pulls its image, however old that is
  repository = aws_ecr_repository.images.name
  policy     = jsonencode({ rules = [{ rulePriority = 1, selection = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 200 }, action = { type = "expire" } }] })
}
resource "aws_cloudwatch_log_group" "app" {
  name              = "/ecs/${local.name}"
  retention_in_days = var.watch.log_days
}
resource "aws_ecs_cluster" "main" { name = local.name }
locals {
  environment = merge(
    { GORGON_TRUSTED_PROXIES = var.network.addresses }, # the load balancer is in it
    { for v in [
      { name = "GORGON_STORE", value = "none" },
      { name = "FILES_URL", value = "s3://${aws_s3_bucket.files.bucket}?region=${var.region}" }, # likewise
    ] : v.name => v.value },
    { for name, value in var.settings : name => value if value != "" },
    { GORGON_DRAIN = "${var.drain_seconds}s" },
  )
}
resource "aws_ecs_task_definition" "template" { # never run itself: release.sh puts the image in
  family                   = "${local.name}-template"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.tasks.cpu
  memory                   = var.tasks.memory
  skip_destroy             = true # until the first release the service is at an earlier one, and goes back to it
  execution_role_arn       = aws_iam_role.service["start"].arn
  task_role_arn            = aws_iam_role.service["run"].arn
  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.tasks.architecture
  }
  container_definitions = jsonencode([{
    name             = "app"
    image            = "${aws_ecr_repository.images.repository_url}:none"
    command          = ["serve"]
    essential        = true
    user             = "65532:65532" # who can write to /tmp alone, which is gone with the task
    linuxParameters  = { capabilities = { drop = ["ALL"] } }
    portMappings     = [{ containerPort = 8080, hostPort = 8080, protocol = "tcp" }]
    stopTimeout      = var.drain_seconds + 30 # seconds between SIGTERM and the end
    environment      = [for name, value in local.environment : { name = name, value = value }]
    secrets          = [for name, id in local.secrets : { name = name, valueFrom = aws_secretsmanager_secret.app[id].arn }]
    logConfiguration = { logDriver = "awslogs", options = { awslogs-group = aws_cloudwatch_log_group.app.name, awslogs-region = var.region, awslogs-stream-prefix = "app" } }
  }])
}
resource "aws_ecs_service" "app" {
  name                               = local.name
  cluster                            = aws_ecs_cluster.main.id
  task_definition                    = aws_ecs_task_definition.template.arn
  desired_count                      = 0 # tasks find no image before the first release: ECS tries now and then, which costs nothing
  launch_type                        = "FARGATE"
  health_check_grace_period_seconds  = 120
  deployment_minimum_healthy_percent = 100 # new tasks are ready before old ones go
  deployment_maximum_percent         = 200
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    subnets          = [for s in var.network.private_tasks ? aws_subnet.private : aws_subnet.public : s.id]
    security_groups  = [aws_security_group.role["tasks"].id]
    assign_public_ip = !var.network.private_tasks
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
    container_name   = "app"
    container_port   = 8080
  }
  lifecycle { ignore_changes = [desired_count, task_definition] } # the scaler's, and release.sh's
  depends_on = [aws_lb_listener.https, aws_iam_role_policy.start] # a target group that no listener has takes no tasks
}
resource "aws_appautoscaling_target" "app" {
  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.app.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = var.tasks.min
  max_capacity       = var.tasks.max
}

# More tasks quickly, fewer slowly: one that goes is drained, and the next goes five
# minutes later.
resource "aws_appautoscaling_policy" "app" {
  for_each           = toset(["CPU"])
  name               = each.key
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.app.service_namespace
  resource_id        = aws_appautoscaling_target.app.resource_id
  scalable_dimension = aws_appautoscaling_target.app.scalable_dimension
  target_tracking_scaling_policy_configuration {
    target_value       = var.tasks.target
    scale_out_cooldown = 60
    scale_in_cooldown  = 300
    predefined_metric_specification { predefined_metric_type = "ECSServiceAverage${each.key}Utilization" }
  }
}
