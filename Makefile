# `make run` tries Switchboard out, `make test` checks all of it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
NEXTEST := $(shell command -v cargo-nextest 2>/dev/null)

.PHONY: help run build test lint unit tour contract bench fmt docs setup

help: ## Say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## Build Switchboard and run its demo
	cargo build --release -p switchboard
	./target/release/switchboard demo

build: ## Build the release binary
	cargo build --release -p switchboard

setup:
	@bash scripts/setup.sh

test: setup lint unit contract ## Run every check

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	@if command -v cargo-deny >/dev/null; then cargo deny check bans licenses sources; else echo "left out: cargo deny (it is not installed)"; fi

unit: setup
	cargo build -p switchboard
ifdef NEXTEST
	bash scripts/with-postgres.sh cargo nextest run --workspace --no-fail-fast
else
	bash scripts/with-postgres.sh cargo test --workspace --no-fail-fast
endif

contract: setup ## Run schemathesis against the live server
	cargo build -p switchboard
	bash scripts/contract.sh

bench: ## Measure, and write bench/RESULTS.md
	cargo build --release -p switchboard -p switchboard-bench
	./target/release/switchboard-bench

fmt: ## Format
	cargo fmt --all

docs: ## Make the generated documents again
	UPDATE_DOCS=1 cargo test -p switchboard --quiet -- the_committed
	UPDATE_DOCS=1 cargo test -p switchboard-api --quiet -- the_committed
