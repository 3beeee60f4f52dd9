# What the operator chooses, in environments/NAME.tfvars.

variable "environment" {
  type = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,8}[a-z0-9]$", var.environment))
    error_message = "It becomes part of names: use 2 to 10 lowercase letters, digits and hyphens, a letter first."
  }
}
variable "project" { type = string } # its id
variable "region" { type = string }
variable "state_bucket" { type = string } # the one in NAME.backend.hcl
variable "repository" {                   # at GitHub, whose workflows may deploy; "" for none
  type    = string
  default = ""
  validation {
    condition     = var.repository == "" || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "Write it as owner/name. It becomes part of a condition on who may deploy."
  }
}
variable "protect" { # refuse to destroy the service
  type    = bool
  default = true
}
variable "instances" { # how many run, and how many requests one answers at a time before another is started: the target of the scaling
  type    = object({ min = number, max = number, concurrency = optional(number, 200), cpu = optional(string, "1"), memory = optional(string, "512Mi") })
  default = { min = 0, max = 10 }
  validation {
    condition     = var.instances.min >= 0 && var.instances.max >= max(1, var.instances.min)
    error_message = "min is 0 or more, max is 1 or more and not below min."
  }
}
variable "settings" { # further variables of the program, no secrets; an empty one is not set
  type    = map(string)
  default = {}
}
variable "generated" { # number of the secrets that are random: raise it by one for others
  type    = number
  default = 1
}
variable "domain" { # "" for the address that Cloud Run gives, without a load balancer
  type    = string
  default = ""
  validation {
    condition     = var.domain == "" || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "Write the host alone, in lowercase: shop.example.com."
  }
}
variable "dns_zone" { # the domain's zone at Cloud DNS; "" for records made by hand, which the output records lists
  type    = string
  default = ""
}
variable "cdn" { # with a domain only
  type    = bool
  default = false
}
variable "alert_emails" {
  type    = list(string)
  default = []
}
