# The network: public subnets for the load balancer, private ones for what holds
# data, and for tasks where network.private_tasks is set.
resource "aws_vpc" "main" {
  cidr_block           = var.network.addresses
  enable_dns_hostnames = true
  tags                 = { Name = local.name }
}
resource "aws_default_security_group" "closed" { vpc_id = aws_vpc.main.id } # as it comes, its members may talk
resource "aws_internet_gateway" "main" { vpc_id = aws_vpc.main.id }
resource "aws_subnet" "public" {
  for_each          = { for i, zone in var.network.zones : zone => i }
  vpc_id            = aws_vpc.main.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.network.addresses, 4, each.value)
  tags              = { Name = "${local.name}-public-${each.key}" }
}
resource "aws_subnet" "private" {
  for_each          = { for i, zone in var.network.zones : zone => i }
  vpc_id            = aws_vpc.main.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.network.addresses, 4, 8 + each.value)
  tags              = { Name = "${local.name}-private-${each.key}" }
}
resource "aws_route_table" "main" {
  for_each = toset(["public", "private"])
  vpc_id   = aws_vpc.main.id
  dynamic "route" {
    for_each = each.key == "public" || var.network.private_tasks ? ["0.0.0.0/0"] : []
    content {
      cidr_block     = route.value
      gateway_id     = each.key == "public" ? aws_internet_gateway.main.id : null
      nat_gateway_id = each.key == "private" ? aws_nat_gateway.main[0].id : null
    }
  }
}
resource "aws_route_table_association" "main" {
  for_each       = { for p in setproduct(["public", "private"], var.network.zones) : "${p[0]}-${p[1]}" => { kind = p[0], zone = p[1] } }
  subnet_id      = each.value.kind == "public" ? aws_subnet.public[each.value.zone].id : aws_subnet.private[each.value.zone].id
  route_table_id = aws_route_table.main[each.value.kind].id
}

# One NAT gateway for all zones: it costs more than small tasks do. While its zone
# is down, tasks answer but reach no other hosts.
resource "aws_eip" "nat" {
  count  = var.network.private_tasks ? 1 : 0
  domain = "vpc"
}
resource "aws_nat_gateway" "main" {
  count         = var.network.private_tasks ? 1 : 0
  allocation_id = aws_eip.nat[0].id
  subnet_id     = aws_subnet.public[var.network.zones[0]].id
  depends_on    = [aws_internet_gateway.main]
}
resource "aws_vpc_endpoint" "s3" { # layers of images{{if .Bucket}} and the store{{end}} come from S3: free this way, and paid for through the NAT
  vpc_id            = aws_vpc.main.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.region}.s3"
  route_table_ids   = values(aws_route_table.main)[*].id
}

# Who may talk to whom. The internet reaches the load balancer alone, at 80 and
# 443; no port is for SSH. Tasks reach the registry, the secrets and the log at 443.
locals {
  ways = { # inside
    program{{if .Database}} {{end}} = { from = "balancer", to = "tasks", port = 8080 }
{{- if .Rooms}}
    peers{{if .Database}}   {{else}}  {{end}} = { from = "tasks", to = "tasks", port = 8080 } # one owns each room, and others send it what their members ask for
{{- end}}
{{- if .Database}}
    database = { from = "tasks", to = "data", port = 5432 }
{{- end}}
{{- if .Cache}}
    cache{{if .Database}}   {{else}}  {{end}} = { from = "tasks", to = "data", port = 6379 }
{{- end}}
  }
}
resource "aws_security_group" "role" {
  for_each    = toset(["balancer", "tasks"{{if or .Database .Cache}}, "data"{{end}}])
  name_prefix = "${local.name}-${each.key}-"
  description = "${local.name} ${each.key}"
  vpc_id      = aws_vpc.main.id
  lifecycle { create_before_destroy = true }
}
resource "aws_vpc_security_group_ingress_rule" "internet" {
  for_each          = toset(["80", "443"])
  security_group_id = aws_security_group.role["balancer"].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.key
  to_port           = each.key
}
resource "aws_vpc_security_group_ingress_rule" "inside" {
  for_each                     = local.ways
  security_group_id            = aws_security_group.role[each.value.to].id
  referenced_security_group_id = aws_security_group.role[each.value.from].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}
resource "aws_vpc_security_group_egress_rule" "inside" {
  for_each                     = local.ways
  security_group_id            = aws_security_group.role[each.value.from].id
  referenced_security_group_id = aws_security_group.role[each.value.to].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}
resource "aws_vpc_security_group_egress_rule" "internet" {
  for_each          = toset([for port in var.network.egress_ports : tostring(port)])
  security_group_id = aws_security_group.role["tasks"].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.key
  to_port           = each.key
}
