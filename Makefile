# Two commands do everything: `make demo` and `make test`. `make help` lists the others.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c

BOOTSTRAP := .bootstrap
UV ?= $(BOOTSTRAP)/bin/uv
RUN := $(UV) run --frozen --no-sync
SECURITY := .lint/bin
TESTS ?=

.PHONY: help demo demo-keycloak demo-reset test test-keycloak stripe-doubles lint format soak bench messages reference system

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: .venv/ready ## The main job with real data on this machine; prints its address and stays in the foreground
	@exec .venv/bin/parvis demo

demo-keycloak: .venv/ready ## The demo with a real Keycloak for its sign-on, where there are Java and Maven
	@exec .venv/bin/parvis demo --keycloak

demo-reset: .venv/ready ## Empty the demo's data
	@exec .venv/bin/parvis demo --reset-only

test: .venv/ready .lint/ready system stripe-doubles ## Every test, in parallel; a few seeds of each contention, crash and fault test
	@$(RUN) pytest -n 2 --dist loadgroup $(TESTS)

test-keycloak: .venv/ready system ## The tests on a real Keycloak alone (`make test` has them too)
	@$(RUN) pytest tests/keycloak $(TESTS)

soak: .venv/ready .lint/ready system stripe-doubles ## Every seed of every contention, crash and fault test, and every page in every setting
	@PARVIS_SOAK=1 $(RUN) pytest -n 2 --dist loadgroup $(TESTS)

# Two doubles of Stripe, each a program of its own that the tests start: what Stripe publishes of its API's shape (MIT),
# and one that keeps state and signs what it tells (GPL, so nothing of it is imported). Kept from run to run.
STRIPE_MOCK := v0.203.0
LOCALSTRIPE := 1.15.10

stripe-doubles: .tools/stripe-mock-$(STRIPE_MOCK) .tools/localstripe-$(LOCALSTRIPE) ## The doubles of Stripe that tests speak to

.tools/stripe-mock-$(STRIPE_MOCK):
	@if command -v go >/dev/null; then
	  mkdir -p .tools/go
	  GOBIN="$(CURDIR)/.tools/go" GOFLAGS=-buildvcs=false go install github.com/stripe/stripe-mock@$(STRIPE_MOCK)
	  mv .tools/go/stripe-mock $@
	else
	  echo "NO GO HERE: stripe-mock is not built, and its tests say that they did not run" >&2
	fi

.tools/localstripe-$(LOCALSTRIPE): | $(UV)
	@$(UV) venv --quiet --clear $@.new
	$(UV) pip install --quiet --python $@.new/bin/python localstripe==$(LOCALSTRIPE)
	mv $@.new $@

lint: .venv/ready .lint/ready ## ruff, mypy in strict mode, import contracts, catalogues, bandit, semgrep, migrations, one source of now
	@$(RUN) ruff check .
	$(RUN) ruff format --check .
	# The slowest two stand beside one another.
	$(RUN) mypy & types=$$!
	$(RUN) lint-imports
	$(RUN) parvis messages check
	$(SECURITY)/bandit --quiet --configfile pyproject.toml --recursive core/src plugins/*/src
	$(SECURITY)/semgrep scan --quiet --error --metrics=off --disable-version-check --no-git-ignore --config tests/security/rules core/src plugins
	$(RUN) pytest tests/architecture/test_migrations.py tests/architecture/test_time.py tests/security/test_rules.py
	wait $$types

format: .venv/ready ## Put the code into its form
	@$(RUN) ruff check --fix .
	$(RUN) ruff format .

bench: .venv/ready ## What is fast, against what, by how much (benchmarks/README.md)
	@$(RUN) python -m benchmarks $(BENCH)

messages: .venv/ready ## Bring the message catalogues up to date with the code
	@$(RUN) parvis messages update

reference: .venv/ready ## Write docs/reference from the code
	@$(RUN) parvis reference docs/reference

system: ## What tests need from the system: Chromium, Redis, Java; installed where root, else named
	@missing=""
	command -v chromium >/dev/null || missing="$$missing chromium"
	command -v redis-server >/dev/null || missing="$$missing redis-server"
	ls /usr/lib/postgresql/15/bin/postgres >/dev/null 2>&1 || missing="$$missing postgresql-15"
	# Java and Maven are installed where root; elsewhere the tests on Keycloak say themselves that they miss them.
	if [ "$$(id -u)" = 0 ]; then
	  java -version >/dev/null 2>&1 || missing="$$missing openjdk-17-jre-headless"
	  command -v mvn >/dev/null || missing="$$missing maven"
	fi
	if [ -n "$$missing" ]; then
	  if [ "$$(id -u)" = 0 ]; then
	    echo "installing$$missing"
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null
	  else
	    echo "The tests need$$missing: sudo apt-get install$$missing" >&2; exit 1
	  fi
	fi

$(BOOTSTRAP)/bin/uv:
	@python3 -m venv $(BOOTSTRAP)
	$(BOOTSTRAP)/bin/pip install --quiet --disable-pip-version-check uv

# Compiled once: without bytecode (PYTHONDONTWRITEBYTECODE) every process of the demo would compile the platform anew.
.venv/ready: uv.lock pyproject.toml $(wildcard core/pyproject.toml plugins/*/pyproject.toml) | $(UV)
	@$(UV) sync --frozen --quiet --compile-bytecode
	.venv/bin/python -m compileall -q core/src plugins/*/src
	touch $@

# The linters of security in an environment of their own: what they need does not decide what the platform runs with.
.lint/ready: uv.lock pyproject.toml | $(UV)
	@UV_PROJECT_ENVIRONMENT=.lint $(UV) sync --frozen --quiet --only-group security
	touch $@
