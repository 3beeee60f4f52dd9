# Staging, from the same files as production: small, and free to be destroyed. A
# project of its own keeps production out of its reach.
environment = "staging"
# change:
project = "my-project"
region  = "europe-west1"
domain  = "staging.seas.example.com"
# its zone's name at Cloud DNS, if it is there
dns_zone     = ""
repository   = "owner/repository"
state_bucket = "my-project-state"
# sizes:
network_range = "10.20.0.0/20"
instances     = { min = 1, max = 2 }
machine       = { type = "e2-micro" }
# a shared processor, for which Google promises nothing
database = { tier = "db-f1-micro", most_disk_gb = 20 }
# replicas take over when a node is lost
cache = { node_type = "SHARED_CORE_NANO", replicas = 0 }
# it holds nothing that matters
protect = false
# variables of the program that are no secrets:
settings = {
  # HOSTILE_0 = "" # what breaks; without a value "yes", as in production
  # HOSTILE_1 = "" # what breaks; without a value "0123", as in production
  # HOSTILE_2 = "" # what breaks; without a value "null", as in production
  # HOSTILE_3 = "" # what breaks; without a value "~", as in production
  # HOSTILE_4 = "" # what breaks; without a value "1:30", as in production
  # HOSTILE_5 = "" # what breaks; without a value "1e3", as in production
  # HOSTILE_6 = "" # what breaks; without a value "=", as in production
  # HOSTILE_7 = "" # what breaks; without a value "a: b", as in production
  # HOSTILE_8 = "" # what breaks; without a value "a #b", as in production
  # HOSTILE_9 = "" # what breaks; without a value "- a", as in production
  # HOSTILE_10 = "" # what breaks; without a value "'\"\\", as in production
  # HOSTILE_11 = "" # what breaks; without a value "two\nlines\n", as in production
  # HOSTILE_12 = "" # what breaks; without a value "a\r\nb", as in production
  # HOSTILE_13 = "" # what breaks; without a value "\ttab ", as in production
  # HOSTILE_14 = "" # what breaks; without a value " lead", as in production
  # HOSTILE_15 = "" # what breaks; without a value "*/5", as in production
  # HOSTILE_16 = "" # what breaks; without a value "%TAG", as in production
  # HOSTILE_17 = "" # what breaks; without a value "$(GORGON_STORE)", as in production
  # HOSTILE_18 = "" # what breaks; without a value "$HOME", as in production
  # HOSTILE_19 = "" # what breaks; without a value "{{.}}", as in production
  # HOSTILE_20 = "" # what breaks; without a value " ", as in production
  # HOSTILE_21 = "" # what breaks; without a value "!!int 1", as in production
  # HOSTILE_22 = "" # what breaks; without a value "﻿", as in production
  # HOSTILE_23 = "" # what breaks; without a value "ünïcode ☃ 𝄞", as in production
  # HOSTILE_24 = "" # what breaks; without a value "---", as in production
  # HOSTILE_25 = "" # what breaks; without a value "...", as in production
  # HOSTILE_26 = "" # what breaks; without a value "$${var.project}", as in production
  # HOSTILE_27 = "" # what breaks; without a value "%%{ if true }x%%{ endif }", as in production
  # HOSTILE_28 = "" # what breaks; without a value "$(id)", as in production
  # HOSTILE_29 = "" # what breaks; without a value "`id`", as in production
  # HOSTILE_30 = "" # what breaks; without a value "a'b\"c\\", as in production
  # MAIL_HOST = "" # the mail server
}
