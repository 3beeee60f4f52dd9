# The bucket of the store. What is in it can be made again, so it keeps no old
# versions; while it holds anything, it is deleted only where protect is off.
resource "aws_s3_bucket" "store" {
  bucket        = "${local.name}-store-${var.account}"
  force_destroy = !var.protect
}
resource "aws_s3_bucket_public_access_block" "store" {
  bucket                  = aws_s3_bucket.store.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
resource "aws_s3_bucket_policy" "store" {
  bucket = aws_s3_bucket.store.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ # TLS alone
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Resource  = [aws_s3_bucket.store.arn, "${aws_s3_bucket.store.arn}/*"]
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_iam_role_policy" "store" {
  name = "store"
  role = aws_iam_role.service["run"].id
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], Resource = "${aws_s3_bucket.store.arn}/*" },
    { Effect = "Allow", Action = "s3:ListBucket", Resource = aws_s3_bucket.store.arn },
  ] })
}
