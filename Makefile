# `make run` tries Switchboard out, `make test` checks all of it. Both bring what they need, or say
# what is missing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Two targets at once would only wait for each other: cargo builds one thing at a time.
.NOTPARALLEL:

NEXTEST := $(shell command -v cargo-nextest 2>/dev/null)
DENY := $(shell command -v cargo-deny 2>/dev/null)
# Where the tests find the real services that scripts/setup.sh installs.
export SWITCHBOARD_TEST_VENV := $(CURDIR)/.cache/venv
export SWITCHBOARD_TEST_NPM := $(CURDIR)/scripts/npm/node_modules
# MCP fixtures, which not every checkout has beside it; tests that need them say that they are left out.
ifneq ($(wildcard ../shared/peers/.),)
export SWITCHBOARD_TEST_PEERS := $(abspath ../shared/peers)
endif

.PHONY: help run services build test studio lint contract conformance unit faults e2e bench fmt docs setup

help: ## Say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build ## Build the Studio and Switchboard, and run its demo
	./target/release/switchboard demo

services: ## Run the two services of the README's tour
	@bash scripts/setup.sh services
	@bash scripts/services.sh

build: ## Build the Studio and the release binary
	@bash scripts/setup.sh build
	@bash scripts/studio.sh
	cargo build --release --locked -p switchboard

setup: ## Install what the tests need
	@bash scripts/setup.sh

test: setup studio lint contract conformance unit e2e ## Run every check

studio: ## Check, test and build the web Studio
	bash scripts/studio.sh check

lint: ## Check format, lints and documentation links
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
	for script in .ci/run scripts/*.sh; do bash -n "$$script"; done
ifdef DENY
	cargo deny check bans licenses sources
else
	@echo "left out: cargo deny check (licences, banned crates, sources), because cargo-deny is not installed"
endif

contract: setup ## Run schemathesis against a live server, and Prism on what goes to Telnyx
	cargo build --locked --workspace --bin switchboard
	bash scripts/contract.sh
	bash scripts/telnyx-contract.sh

conformance: setup ## Run the MCP conformance suite against an agent
	cargo build --locked --workspace --bin switchboard
	bash scripts/mcp-conformance.sh

# Among these tests are the README's tour and the ones that compare generated documents.
unit: setup ## Run the tests on both databases
	cargo test --workspace --locked --doc --quiet
ifdef NEXTEST
	bash scripts/with-postgres.sh cargo nextest run --workspace --locked --no-fail-fast
else
	@echo "cargo-nextest is not installed; cargo test runs the same tests, slower"
	bash scripts/with-postgres.sh cargo test --workspace --locked --no-fail-fast --lib --bins --tests
endif

# Most of the time is waiting, so more of them run at once than there are processors.
faults: export SWITCHBOARD_FAULTS_SECONDS ?= 600
faults: setup ## Let databases, disks, clocks and services fail again and again
ifdef NEXTEST
	bash scripts/with-postgres.sh cargo nextest run --workspace --locked --no-fail-fast --test-threads 3 -E 'binary(faults)'
else
	bash scripts/with-postgres.sh cargo test --workspace --locked --no-fail-fast --test faults -- --test-threads 3
endif

e2e: setup build ## Run the browser tests against the release binary
	bash scripts/e2e.sh target/release/switchboard

bench: ## Measure, and write bench/RESULTS.md
	@bash scripts/setup.sh bench
	cargo build --release --locked -p switchboard -p switchboard-bench
	./target/release/switchboard-bench --switchboard-binary target/release/switchboard

fmt: ## Format
	cargo fmt --all

docs: ## Make the generated documents again
	UPDATE_DOCS=1 cargo test -p switchboard --quiet -- the_committed
	UPDATE_DOCS=1 cargo test -p switchboard-api --quiet -- the_committed
	@bash scripts/studio.sh
	cd studio && npm run --silent types
