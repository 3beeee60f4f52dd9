# CloudFront, if site.cdn is set. It keeps what the program's Cache-Control lets
# shared caches keep, and hears of no purge.
resource "aws_cloudfront_distribution" "main" {
  count           = var.site.cdn ? 1 : 0
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  aliases         = [var.site.domain]
  origin {
    origin_id   = "balancer"
    domain_name = aws_lb.main.dns_name
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only" # the visitor's Host is passed on, and the certificate is for it
      origin_ssl_protocols   = ["TLSv1.2"]
      origin_read_timeout    = 60
    }
  }
  default_cache_behavior {
    target_origin_id         = "balancer"
    viewer_protocol_policy   = "redirect-to-https"
    allowed_methods          = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = "4cc15a8a-d715-48a4-82b8-cc0b614638fe" # Amazon's UseOriginCacheControlHeaders-QueryStrings
    origin_request_policy_id = "216adef6-5c7f-47e4-b089-12beb1ed98c3" # Amazon's AllViewer
  }
  restrictions {
    geo_restriction { restriction_type = "none" }
  }
  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate_validation.main[local.edge].certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}
