# What is yours to choose. environments/*.tfvars have the values: the same files
# make a small staging and a full production.
variable "environment" {
  type = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,9}$", var.environment))
    error_message = "environment: at most 10 small letters and digits, a letter first: a load balancer's name has 32 characters."
  }
}
variable "account" { type = string } # its 12 digits
variable "region" { type = string }
variable "protect" { type = bool } # refuse to delete what holds data
variable "network" {
  type = object({
    zones         = list(string) # two to six
    addresses     = optional(string, "10.20.0.0/16")
    private_tasks = optional(bool, true)          # tasks are in private subnets, behind a NAT gateway of 37 dollars a month
    egress_ports  = optional(list(number), [443]) # of other hosts, which the program may call: 587 for mail
  })
}
variable "site" {
  type = object({
    domain      = string
    hosted_zone = optional(string, "")  # the domain's zone of Route 53; "" for a DNS elsewhere: see the output "records"
    cdn         = optional(bool, false) # CloudFront in front of the load balancer
  })
}
variable "tasks" {
  type = object({
    min          = optional(number, 2)
    max          = optional(number, 6)
    target       = optional(number, 60)      # percent of the processor above which more are started
    cpu          = optional(number, 256)     # 1024 is one; Fargate has certain pairs only
    memory       = optional(number, 512)     # MiB
    architecture = optional(string, "ARM64") # costs a fifth less than X86_64; the image must have it
  })
  validation {
    condition     = var.tasks.min >= 1 && var.tasks.max >= var.tasks.min && contains(["ARM64", "X86_64"], var.tasks.architecture)
    error_message = "tasks: min is at least 1, max at least min, and architecture ARM64 or X86_64."
  }
}
variable "drain_seconds" {
  type    = number # how long a task that is told to stop accepts requests, until the load balancer sends no more
  default = 15
  validation {
    condition     = var.drain_seconds >= 5 && var.drain_seconds + 30 <= 120
    error_message = "drain_seconds: 5 to 90. Answers have 30 s more, and Fargate ends a task 120 s after the signal."
  }
}
variable "secret_version" {
  type    = number # one more makes new passwords, in the servers and in the secrets at once
  default = 1
}
variable "settings" {
  type    = map(string) # further variables of the program that are no secrets; one that is "" is left out
  default = {}
}
variable "github" {
  type = object({
    repository = optional(string, "")  # OWNER/NAME, whose workflows deploy; "" for none
    apply      = optional(bool, false) # whether one applies these files: it may then do all but everything
    trusted    = optional(bool, false) # the account trusts GitHub's tokens already, for another environment or app
  })
  validation {
    condition     = can(regex("^([A-Za-z0-9-]+/[A-Za-z0-9._-]+)?$", var.github.repository))
    error_message = "github.repository: OWNER/NAME, without *, which would trust others."
  }
}
variable "watch" {
  type = object({
    email    = optional(string, "")  # whom alarms are sent to
    uptime   = optional(bool, false) # ask for the site from outside of AWS, for 1.50 dollars a month
    log_days = optional(number, 30)
  })
}
