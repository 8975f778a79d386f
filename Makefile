# The commands of the README, and nothing clever. Everything is set up on first use, under .cache/ and target/.

SHELL := /bin/bash
PYTHON ?= python3
export CARGO_TARGET_DIR := $(CURDIR)/target

ifeq ($(shell command -v cargo),)
$(error Rust 1.94 or newer is needed (1.89 for the wheel alone): see https://rustup.rs)
endif

TOOLS := .cache/tools
CARGO_DENY := .cache/cargo/bin/cargo-deny
PYTHON_CODE := python python_tests tools crates aegis_client examples
ADDONS := aegis_client examples/aegis_demo

.PHONY: help run odoo expire demo serve test test-rust test-wheel test-server test-odoo test-long check bench wheel clean

help: ## Show these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: odoo ## The main job: a real Odoo with the addon and a license to paste; the same as `make odoo`

odoo: ## A real Odoo of SERIES=17, 18 or 19 (default), until Ctrl-C
	@$(PYTHON) tools/odoo_lab run --series $(or $(SERIES),19)

expire: ## Let the license of the running Odoo end in a minute
	@$(PYTHON) tools/odoo_lab expire $(if $(SERIES),--series $(SERIES))

demo: $(TOOLS)/ready ## Make keys, build a wheel that trusts them, issue licenses, verify and refuse them offline
	@tools/demo.sh

serve: ## The license server on loopback with an embedded database, until Ctrl-C
	@echo "== Building the license server (the first time takes some minutes)"
	cargo build --profile server --locked -p aegis-cli
	@exec target/server/aegis serve

test: test-rust test-wheel test-server test-odoo ## Pass all tests: Rust, the wheel on each Python, license servers, the addon on real Odoo

test-rust:
	@echo "== Rust: unit tests, vectors, properties, the aegis command, SQLite and PostgreSQL, Vault, PKCS#11 and KMS"
	@$(PYTHON) tools/odoo_lab postgres $(PYTHON) tools/signer_lab run cargo test --workspace --quiet

test-wheel: wheel
	@echo "== Python: the wheel as installed"
	cargo build --quiet -p aegis-cli --no-default-features
	@tools/test_wheel.sh
	@tools/test_sdist.sh

test-server: ## Only the license server: faults under load, its description, its commands (about 4 minutes)
	@echo "== License server: real servers that are killed, cut off, filled up"
	@tools/test_server.sh

test-odoo: $(TOOLS)/ready ## Only the addon: Odoo 19, and 17 and 18 where AEGIS_ODOO_17, AEGIS_ODOO_18 name a checkout
	@echo "== Odoo: real servers, a real PostgreSQL, a real browser"
	@tools/test_odoo.sh

test-long: wheel ## Fuzz each target for a minute, a thousand simulated decades, ten rounds of faults for the server
	@tools/fuzz.sh 60
	@tools/test_years.sh
	@for round in {1..10}; do echo "== Faults: round $$round of 10"; tools/test_server.sh -k test_faults || exit; done

check: $(TOOLS)/ready $(CARGO_DENY) ## Format, lints, types, licenses, and what the wheel depends on
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	$(CARGO_DENY) --workspace --log-level error check bans licenses sources
	@tools/check_dependencies.sh
	@tools/check_deploy.sh
	$(TOOLS)/bin/ruff check $(PYTHON_CODE)
	$(TOOLS)/bin/ruff format --check $(PYTHON_CODE)
	$(TOOLS)/bin/mypy
	$(TOOLS)/bin/pylint --score=n $(ADDONS)
	@echo "check: all good"

bench: wheel ## Measure against PyJWT, joserfc, authlib, jwcrypto, oxyjwt, webtoken, side by side; and inside Odoo
	@tools/bench.sh

bench-server: $(TOOLS)/ready ## Measure the license server against FastAPI and pgbench, on one PostgreSQL
	@tools/bench_server.sh

wheel: $(TOOLS)/ready ## Build the wheel into dist/
	@echo "== Building the wheel"
	@tools/wheel.sh dist

clean: ## Remove everything that was built or set up
	-$(PYTHON) tools/odoo_lab clean
	rm -rf target dist .cache fuzz/target

# The tools of the Python side, in an environment of their own.
$(TOOLS)/ready: tools/requirements.txt python_tests/requirements.txt python_tests/servers/requirements.txt
	@echo "== Setting up the tools (once)"
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check -r tools/requirements.txt
	@touch $@

$(CARGO_DENY):
	@echo "== Installing cargo-deny (once, some minutes)"
	cargo install --quiet --locked --root .cache/cargo cargo-deny@0.20.2
