# The way in: a certificate that DNS proves, and a load balancer that ends TLS.
locals {
  dns     = var.site.hosted_zone != ""
  regions = toset(var.site.cdn ? [var.region, local.edge] : [var.region])             # of certificates
  proof   = tolist(aws_acm_certificate.main[var.region].domain_validation_options)[0] # the same in each; known too late for a for_each
}
resource "aws_acm_certificate" "main" {
  for_each          = local.regions
  region            = each.key
  domain_name       = var.site.domain
  validation_method = "DNS"
  lifecycle { create_before_destroy = true }
}
resource "aws_route53_record" "proof" {
  count           = local.dns ? 1 : 0
  zone_id         = var.site.hosted_zone
  name            = local.proof.resource_record_name
  type            = local.proof.resource_record_type
  records         = [local.proof.resource_record_value]
  ttl             = 60
  allow_overwrite = true # each certificate of the name has the same
}
resource "aws_acm_certificate_validation" "main" { # it waits until there is a certificate: listeners take it from here
  for_each                = local.regions
  region                  = each.key
  certificate_arn         = aws_acm_certificate.main[each.key].arn
  validation_record_fqdns = local.dns ? aws_route53_record.proof[*].fqdn : null
}
resource "aws_lb" "main" {
  name                       = local.name
  load_balancer_type         = "application"
  security_groups            = [aws_security_group.role["balancer"].id]
  subnets                    = [for s in aws_subnet.public : s.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.protect
  idle_timeout               = 60 # below the program's 120 s, so that it never closes what the balancer is about to use
}

# Visitors are sent to tasks that are ready. ECS also replaces a task that fails
# here, and cannot be told not to. So a task is given up after 150 s only: when a
# database fails over, its tasks outlive that. A program that hangs answers nothing,
# and is replaced then; one that ends, at once.
resource "aws_lb_target_group" "app" {
  name_prefix          = "app-" # 6 characters at most
  vpc_id               = aws_vpc.main.id
  port                 = 8080
  protocol             = "HTTP"
  target_type          = "ip"
  deregistration_delay = var.drain_seconds
  health_check {
    path                = "/readyz"
    interval            = 15
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 10
  }
  lifecycle { create_before_destroy = true }
}
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.main.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06" # TLS 1.2 and 1.3
  certificate_arn   = aws_acm_certificate_validation.main[var.region].certificate_arn
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}
resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}
resource "aws_route53_record" "site" {
  count   = local.dns ? 1 : 0
  zone_id = var.site.hosted_zone
  name    = var.site.domain
  type    = "A"
  alias {
    name                   = var.site.cdn ? aws_cloudfront_distribution.main[0].domain_name : aws_lb.main.dns_name
    zone_id                = var.site.cdn ? aws_cloudfront_distribution.main[0].hosted_zone_id : aws_lb.main.zone_id
    evaluate_target_health = !var.site.cdn
  }
}
