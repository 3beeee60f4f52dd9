# Who may do what. There are no keys: tasks have roles, and workflows of GitHub show
# a token that is good for one repository and one of its environments.
resource "aws_iam_role" "service" { # start: what Fargate does to start a task; run: what the program does
  for_each = { start = "ecs-tasks", run = "ecs-tasks" }
  name     = "${local.name}-${each.key}"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "${each.value}.amazonaws.com" }, Condition = { StringEquals = { "aws:SourceAccount" = var.account } } },
  ] })
}
locals {
  here = "${var.region}:${var.account}" # in ARNs

  # To start tasks is to give them these two roles, and no others.
  pass = { Effect = "Allow", Action = "iam:PassRole", Resource = [for r in ["start", "run"] : aws_iam_role.service[r].arn], Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } } }
}
resource "aws_iam_role_policy" "start" {
  name = "start"
  role = aws_iam_role.service["start"].id
  policy = jsonencode({ Version = "2012-10-17", Statement = concat([
    { Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = "*" }, # it is of no repository
    { Effect = "Allow", Action = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"], Resource = aws_ecr_repository.images.arn },
    { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = "${aws_cloudwatch_log_group.app.arn}:*" },
  ], [for s in aws_secretsmanager_secret.app : { Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = s.arn }]) })
}
locals {
  tokens = "token.actions.githubusercontent.com"
  github = { for role, environment in { # roles, by the environment at GitHub whose jobs have them
    deploy = var.environment
    plan   = "${var.environment}-plan"
    apply  = var.github.apply ? var.environment : ""
  } : role => environment if var.github.repository != "" && environment != "" }
}
resource "aws_iam_openid_connect_provider" "github" {
  count          = var.github.repository == "" || var.github.trusted ? 0 : 1
  url            = "https://${local.tokens}"
  client_id_list = ["sts.amazonaws.com"]
}
resource "aws_iam_role" "github" {
  for_each = local.github
  name     = "${local.name}-${each.key}"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Action    = "sts:AssumeRoleWithWebIdentity"
    Principal = { Federated = "arn:aws:iam::${var.account}:oidc-provider/${local.tokens}" }
    Condition = { StringEquals = { # not the branch: the environment's rules say which branches deploy, and who agrees
      "${local.tokens}:aud" = "sts.amazonaws.com"
      "${local.tokens}:sub" = "repo:${var.github.repository}:environment:${each.value}"
    } }
  }] })
  depends_on = [aws_iam_openid_connect_provider.github]
}

# deploy is what release.sh does. plan reads all but secrets. Who makes roles can give
# them any right, so there is no apply unless you say so.
locals {
  rights = {
    deploy = [
      { Effect = "Allow", Action = ["ecr:GetAuthorizationToken", "application-autoscaling:DescribeScalableTargets", "cloudwatch:GetMetricStatistics"], Resource = "*" }, # these and the next know no resources
      { Effect = "Allow", Action = ["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition"], Resource = "*" },
      { Effect = "Allow", Action = "ecs:TagResource", Resource = [for f in ["", "-migrate"] : "arn:aws:ecs:${local.here}:task-definition/${local.name}${f}:*"] },
      { Effect = "Allow", Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"], Resource = aws_ecr_repository.images.arn },
      { Effect = "Allow", Action = ["ecs:UpdateService", "ecs:DescribeServices"], Resource = "arn:aws:ecs:${local.here}:service/${local.name}/${local.name}" },
      { Effect = "Allow", Action = "ecs:RunTask", Resource = "arn:aws:ecs:${local.here}:task-definition/${local.name}-migrate:*", Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.main.arn } } },
      { Effect = "Allow", Action = ["ecs:DescribeTasks", "ecs:StopTask"], Resource = "arn:aws:ecs:${local.here}:task/${local.name}/*" },
      { Effect = "Allow", Action = "logs:FilterLogEvents", Resource = "${aws_cloudwatch_log_group.app.arn}:*" },
      local.pass,
    ]
    plan = [{ Effect = "Deny", Action = "secretsmanager:GetSecretValue", Resource = "*" }]
  }
}
resource "aws_iam_role_policy" "github" {
  for_each = setintersection(keys(local.rights), keys(local.github))
  name     = each.key
  role     = aws_iam_role.github[each.key].id
  policy   = jsonencode({ Version = "2012-10-17", Statement = local.rights[each.key] })
}
resource "aws_iam_role_policy_attachment" "github" {
  for_each   = { for p in [["plan", "ReadOnlyAccess"], ["apply", "PowerUserAccess"], ["apply", "IAMFullAccess"]] : "${p[0]}-${p[1]}" => p if contains(keys(local.github), p[0]) }
  role       = aws_iam_role.github[each.value[0]].name
  policy_arn = "arn:aws:iam::aws:policy/${each.value[1]}"
}
