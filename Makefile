# `make run` tries Switchboard out, `make test` checks all of it. Both bring what they need, or say
# what is missing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Two targets at once would only wait for each other: cargo builds one thing at a time.
.NOTPARALLEL:

# Of scripts/requirements.txt.
TOOLS := $(CURDIR)/.cache/venv/bin
NEXTEST := bash scripts/with-postgres.sh $(TOOLS)/cargo-nextest nextest run --workspace --locked --no-fail-fast
# Many tests wait most of the time, so more of them run at once than there are processors.
AT_ONCE := $(shell echo $$(($$(nproc) * 3 / 2)))

.PHONY: help run services build test studio lint format contract conformance unit faults e2e bench bench-quick fmt docs setup

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## Build the Studio and Switchboard, and run its demo
	@bash scripts/run.sh

services: ## Run the two services of the documents
	@bash scripts/setup.sh services
	@bash scripts/services.sh

build: ## Build the Studio and the release binary
	@bash scripts/setup.sh build
	@bash scripts/studio.sh
	cargo build --release --locked -p switchboard

setup: ## Install what the tests need
	@bash scripts/setup.sh

test: ## Run every check
	@bash scripts/test.sh

studio: ## Check, test and build the web Studio
	bash scripts/studio.sh check

lint: format ## Check format, lints, documentation links and licences
	cargo clippy --workspace --all-targets --locked -- -D warnings
	scripts/doc_links.py

format: setup
	cargo fmt --all --check
	for script in .ci/run scripts/*.sh; do bash -n "$$script"; done
	$(TOOLS)/cargo-deny --locked check bans licenses sources

contract: setup ## Run schemathesis against a live server
	cargo build --locked --workspace --bin switchboard
	bash scripts/contract.sh

conformance: setup ## Run the MCP conformance suite against an agent
	cargo build --locked --workspace --bin switchboard
	bash scripts/mcp-conformance.sh

# Among these tests are those that follow the documents, and the ones that compare generated documents.
unit: setup ## Run the tests on both databases
	@bash scripts/studio.sh
	$(NEXTEST) --test-threads $(AT_ONCE)

faults: export SWITCHBOARD_FAULTS_SECONDS ?= 600
faults: setup ## Let databases, disks, clocks and services fail again and again
	$(NEXTEST) --test-threads 3 -E 'test(/^(faults|model)::/)'

e2e: setup ## Run the browser tests
	@bash scripts/studio.sh
	cargo build --locked --workspace --bin switchboard
	bash scripts/e2e.sh target/debug/switchboard

bench: ## Measure, and write bench/RESULTS.md
	@bash scripts/setup.sh bench
	cargo build --release --locked -p switchboard -p switchboard-bench
	./target/release/switchboard-bench --switchboard-binary target/release/switchboard

bench-quick: ## Measure a change in two minutes: run it before and after
	@bash scripts/setup.sh bench
	cargo build --release --locked -p switchboard -p switchboard-bench
	./target/release/switchboard-bench --quick --only nginx,floor,sqlite,sqlite-post,postgres

fmt: ## Format
	cargo fmt --all

docs: ## Make the generated documents again
	UPDATE_DOCS=1 cargo test -p switchboard --quiet -- the_committed
	UPDATE_DOCS=1 cargo test -p switchboard-api --quiet -- the_committed
	@bash scripts/studio.sh
	cd studio && npm run --silent types
