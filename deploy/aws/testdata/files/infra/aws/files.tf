# The bucket of the app's own files. Browsers send what visitors upload straight to
# it, with URLs that the program signs, and read it from the program. It keeps no old
# versions, and what is in it is nowhere else: it is deleted only while it is empty,
# unless protect is off.
resource "aws_s3_bucket" "files" {
  bucket        = "${local.name}-files-${var.account}"
  force_destroy = !var.protect
}
resource "aws_s3_bucket_public_access_block" "files" {
  bucket                  = aws_s3_bucket.files.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
resource "aws_s3_bucket_server_side_encryption_configuration" "files" {
  bucket = aws_s3_bucket.files.id
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}
resource "aws_s3_bucket_lifecycle_configuration" "files" { # parts of uploads that were given up: a ticket is valid for 7 days at most
  bucket = aws_s3_bucket.files.id
  rule {
    id     = "parts"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload { days_after_initiation = 8 }
  }
}
resource "aws_s3_bucket_cors_configuration" "files" { # scripts of the site alone, and only to upload
  bucket = aws_s3_bucket.files.id
  cors_rule {
    allowed_methods = ["PUT"]
    allowed_origins = ["https://${var.site.domain}"]
    allowed_headers = ["Content-Type", "If-None-Match"]
    max_age_seconds = 600
  }
}
resource "aws_s3_bucket_policy" "files" {
  bucket = aws_s3_bucket.files.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ # TLS alone
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Resource  = [aws_s3_bucket.files.arn, "${aws_s3_bucket.files.arn}/*"]
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_iam_role_policy" "files" {
  name = "files"
  role = aws_iam_role.service["run"].id
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], Resource = "${aws_s3_bucket.files.arn}/*" },
    { Effect = "Allow", Action = "s3:ListBucket", Resource = aws_s3_bucket.files.arn },
  ] })
}
