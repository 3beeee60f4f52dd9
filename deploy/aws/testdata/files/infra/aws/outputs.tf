# What people ask for, and what release.sh and the workflows read.
output "url" { value = "https://${var.site.domain}" }
output "registry" { value = aws_ecr_repository.images.repository_url }
output "secrets" { value = [for s in aws_secretsmanager_secret.app : s.name] }
output "records" { # to write where the DNS is not here: the one that proves the name, and the site's own
  value = local.dns ? [] : [
    "${local.proof.resource_record_name} ${local.proof.resource_record_type} ${local.proof.resource_record_value}",
    "${var.site.domain} CNAME ${var.site.cdn ? aws_cloudfront_distribution.main[0].domain_name : aws_lb.main.dns_name}",
  ]
}
output "release" { # no secrets, and the same after each apply: see release.sh variables
  value = merge({ for role, r in aws_iam_role.github : "${upper(role)}_ROLE" => r.arn }, {
    REGION     = var.region
    REPOSITORY = aws_ecr_repository.images.repository_url
    CLUSTER    = aws_ecs_cluster.main.name
    SERVICE    = aws_ecs_service.app.name
    TEMPLATE   = aws_ecs_task_definition.template.family
    FAMILY     = local.name
    BALANCER   = aws_lb.main.arn_suffix
    LOGS       = aws_cloudwatch_log_group.app.name
    URL        = "https://${var.site.domain}"
  })
}
