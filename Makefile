# Everything a developer types. `make` alone lists the targets.

CARGO ?= cargo
JIAOZI = $(CARGO) run --package jiaozi-server --bin jiaozi --
SERVE = serve --sandbox --demo-people
SDK_NODE = tests/sdk-node
STEP = scripts/step.sh
BUILT = $(abspath $(or $(CARGO_TARGET_DIR),target)/debug/jiaozi)

# Suites that are too long for `make test`; CI runs them after it.
LONG_SUITES = conformance crash-test disk-test two-processes-test failover-test
LONGEST ?= 25m
IN_TIME = $(if $(shell command -v timeout),timeout $(LONGEST))

# Suites that drive the sandbox with unmodified SDKs, each with one of its own.
CONFORMANCE = conformance-go conformance-java conformance-node conformance-python
WITH_SANDBOX = JIAOZI_BIN=$(BUILT) node ../conformance/with-sandbox.mjs
SNIPPETS = node ../conformance/snippets.mjs
PYTHON_HOME = $(abspath $(or $(CARGO_TARGET_DIR),target)/python)

.DEFAULT_GOAL := help
.PHONY: help require require-tests run demo test check format clippy unit-test sdk-test tidy deny long-test \
	conformance compatibility $(CONFORMANCE) crash-test disk-test crash-disk two-processes-test failover-test openapi ddl configuration clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

require:
	@scripts/require.sh

require-tests:
	@scripts/require.sh node postgres

run: require ## build, then start the wallet with its sandbox bank, demo merchant and demo people
	$(JIAOZI) $(SERVE)

demo: require ## play the whole story over HTTP and check the books afterwards
	$(JIAOZI) demo

test: require-tests ## every check and test that needs no browser and no foreign toolchain
	@$(STEP) "format" $(MAKE) --no-print-directory format
	@$(STEP) "clippy" $(MAKE) --no-print-directory clippy
	@$(STEP) "cargo deny" $(MAKE) --no-print-directory deny
	@$(STEP) "unit and story tests" $(MAKE) --no-print-directory unit-test
	@$(STEP) "SDK test (Node)" $(MAKE) --no-print-directory sdk-test

check: require format clippy tidy ## the quick part of `make test`: format, lints, project rules

format: ## is everything formatted?
	$(CARGO) fmt --all --check

clippy: ## warnings are errors
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings

unit-test: ## all Rust tests
	$(CARGO) test --locked --workspace --no-run
	$(CARGO) test --quiet --locked --workspace --no-fail-fast

tidy: ## the project's own rules about its text: lengths, arrows, clocks, links
	$(CARGO) run --quiet --package jiaozi-tidy

deny: ## licences, sources and bans of what we depend on, when cargo-deny is installed
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny check licenses bans sources; \
	else echo "cargo-deny is not installed: skipped"; fi

sdk-test: require-tests $(SDK_NODE)/node_modules/.package-lock.json ## an unmodified WeChat Pay SDK places orders, on both databases
	$(CARGO) build --locked --workspace --bin jiaozi
	cd $(SDK_NODE) && JIAOZI_BIN=$(BUILT) npm test --silent
	cd $(SDK_NODE) && JIAOZI_TEST_DATABASE=postgres JIAOZI_BIN=$(BUILT) npm test --silent

$(SDK_NODE)/node_modules/.package-lock.json: $(SDK_NODE)/package-lock.json
	cd $(SDK_NODE) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

long-test: require-tests ## the suites that take minutes; one that is not over in LONGEST is ended
	@for suite in $(LONG_SUITES); do \
		$(STEP) "$$suite" $(IN_TIME) $(MAKE) --no-print-directory $$suite || exit 1; \
	done

crash-test: ## kill -9 at random moments of a running story, then look for anything lost
	$(CARGO) test --locked --workspace --test crash -- --nocapture
	JIAOZI_TEST_DATABASE=postgres JIAOZI_CRASH_ROUNDS=15 \
		$(CARGO) test --locked --workspace --test crash -- --nocapture

disk-test: ## power cuts, failing syncs and full disks at every operation, under the real product
	JIAOZI_TEST_CYCLES=20000 $(CARGO) test --locked --workspace --test disk -- --nocapture no_fault

crash-disk: ## one cycle of the disk test again: make crash-disk SEED=shopping/cut@117/random/3
	JIAOZI_TEST_SEED=$(SEED) $(CARGO) test --locked --workspace --test disk -- --nocapture no_fault

two-processes-test: ## two processes on one PostgreSQL: throughput, fairness, one killed or paused
	$(CARGO) test --locked --workspace --test two_processes -- --nocapture --test-threads 1

failover-test: ## primaries that die under load, connections cut everywhere: nothing acknowledged is lost
	$(CARGO) test --locked --workspace --test proxy --test failover -- --nocapture --test-threads 1

conformance: ## unmodified SDKs in four languages against a real server over TLS
	@scripts/require.sh node go java python
	$(CARGO) build --locked --workspace --bin jiaozi
	@for suite in $(CONFORMANCE); do \
		$(STEP) "$$suite" $(MAKE) --no-print-directory $$suite || exit 1; \
	done
	node tests/conformance/compatibility.mjs

compatibility: ## write docs/compatibility.md from what the last `make conformance` did
	UPDATE_GENERATED=1 node tests/conformance/compatibility.mjs

conformance-go:
	cd tests/sdk-go && $(WITH_SANDBOX) go sh -c './run.sh && $(SNIPPETS) go'

conformance-java:
	cd tests/sdk-java && mvn --quiet --batch-mode compile dependency:build-classpath \
		-Dmdep.outputFile=../../target/java/classpath
	cd tests/sdk-java && $(WITH_SANDBOX) java \
		sh -c './jvm.sh jiaozi.Steps ../conformance/steps.json && $(SNIPPETS) java'

conformance-node: $(SDK_NODE)/node_modules/.package-lock.json
	cd tests/sdk-node && $(WITH_SANDBOX) node sh -c 'npm run steps --silent && $(SNIPPETS) node'

conformance-python: $(PYTHON_HOME)/ready
	cd tests/sdk-python && PYTHON=$(PYTHON_HOME)/bin/python $(WITH_SANDBOX) python \
		sh -c '$(PYTHON_HOME)/bin/python test_steps.py && $(SNIPPETS) python'

$(PYTHON_HOME)/ready: tests/sdk-python/requirements.txt
	python3 -m venv $(PYTHON_HOME)
	$(PYTHON_HOME)/bin/pip install --quiet --requirement $<
	@touch $@

openapi: ## write the committed OpenAPI document anew
	UPDATE_GENERATED=1 $(CARGO) test --quiet --package jiaozi-http openapi

ddl: ## write the committed DDL of both databases anew
	UPDATE_GENERATED=1 $(CARGO) test --quiet --package jiaozi-store ddl

configuration: ## write the committed list of configuration keys anew
	UPDATE_GENERATED=1 $(CARGO) test --quiet --package jiaozi-server --lib configuration

clean: ## remove what builds and tests made; the wallet's data folder stays
	$(CARGO) clean
	rm -rf $(SDK_NODE)/node_modules
