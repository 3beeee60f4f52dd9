# What is yours to choose, for each environment, in environments/NAME.tfvars.
variable "project" { type = string }      # its id at Google Cloud
variable "region" { type = string }       # of everything but the balancer, which is everywhere
variable "repository" { type = string }   # owner/name at GitHub, whose workflows may deploy
variable "state_bucket" { type = string } # of the state, as in NAME.backend.hcl
variable "dns_zone" { default = "" }      # the name of the domain's zone at Cloud DNS; "": its records are made by hand
variable "cdn" { default = false }        # Google's CDN keeps what the program says may be kept
variable "protect" { default = true }     # what holds data refuses to be destroyed
variable "environment" {                  # its name, here and at GitHub
  type = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,9}$", var.environment))
    error_message = "Use at most 10 lower-case letters and digits: names of resources grow from it."
  }
}
variable "domain" {
  type = string
  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "Write the domain in lower case and without https://, as in shop.example.com."
  }
}
variable "machine" { # type, the disk that fits it, ARM, for which the image must be built, too, and zones: three that Google picks; they stay
  type    = object({ type = string, disk = optional(string, "pd-balanced"), arm = optional(bool, false), zones = optional(list(string), []) })
  default = { type = "e2-small" }
}
variable "instances" { # at least, at most, and the share of their processors that the scaling aims at
  type    = object({ min = number, max = number, cpu = optional(number, 0.6) })
  default = { min = 2, max = 6 }
  validation {
    condition     = var.instances.min >= 1 && var.instances.max >= var.instances.min && var.instances.cpu > 0 && var.instances.cpu <= 1
    error_message = "min is 1 or more, max is min or more, and cpu is a share, as in 0.6."
  }
}
variable "drain_seconds" { # how long the balancer keeps what is open to a machine that is to go, and then the program goes on accepting
  type    = object({ balancer = number, program = number })
  default = { balancer = 300, program = 15 }
  validation {
    condition     = var.drain_seconds.balancer >= 0 && var.drain_seconds.balancer <= 3600 && var.drain_seconds.program >= 0 && var.drain_seconds.program <= 50
    error_message = "balancer is 0 to 3600. program is 0 to 50: with 30 s for the rest, it has to be over before Google switches the machine off, after 90 s."
  }
}
variable "network_range" { default = "10.10.0.0/20" }
# Variables of the program, not secret, beside those in compute.tf.
variable "settings" {
  type    = map(string)
  default = {}
}
variable "notification_channels" { # who is told when something is wrong: projects/P/notificationChannels/N
  type    = list(string)
  default = []
}
variable "alerts" { default = { errors_per_second = 0.2, latency_ms = 1000 } } # above what they fire
