# make test: every test, with the race detector. make lint, make bench, make fuzz.

GO ?= go
export GOFLAGS ?=

.PHONY: test servers lint generate fuzz bench

# With -j2, what the tests need is installed while the code is looked at.
test: servers lint
	MAKEFLAGS= scripts/test

lint:
	scripts/lint

# Installs what the tests need, where it is missing.
servers:
	scripts/servers

# Regenerate what is generated: the Go code of templ files.
generate:
	$(GO) tool -modfile=tools/go.mod templ generate

# Each fuzz target for FUZZTIME.
FUZZTIME ?= 30s
fuzz:
	scripts/fuzz $(FUZZTIME)

# BENCH=-short for three minutes in place of a quarter of an hour.
bench:
	$(GO) run ./bench $(BENCH)
