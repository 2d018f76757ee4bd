# Everything happens in this folder: .venv, .tools (programs out of Debian's archive) and data. `make` prints help.

PYTHON ?= python3
UV ?= uv

BIN := .venv/bin
# $(PYTHON) where it is new enough, else the newest Python that goes by a name of its own.
FIND_PYTHON = $$(for python in "$(PYTHON)" python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
define SET_UP
	@python=$(FIND_PYTHON); test -n "$$python" || { \
	echo "No Python 3.11 or newer was found; name one: make $@ PYTHON=/path/to/python3"; exit 1; }; \
	"$$python" -m tools.setup
endef

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo dev test check format dashboards bench lock clean

help: ## Print this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv and the wattline command in it
	$(SET_UP)

setup-dev:
	$(SET_UP) --dev

demo: setup ## Fill a private InfluxDB from simulated operators, and show what arrived
	@$(BIN)/wattline demo

dev: setup ## Dagster's UI and daemon, at http://127.0.0.1:3000 until Ctrl-C
	@home=$$($(BIN)/python -m pipelines.dagster_home) && DAGSTER_HOME="$$home" \
	DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR=1 exec \
	$(BIN)/python -W 'ignore:Function `dev_command` is superseded' -m dagster dev -w workspace.yaml -h 127.0.0.1 -p 3000

test: setup-dev ## Every test, and the share of the code that they reach
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest --numprocesses 3 --dist loadgroup --no-loadscope-reorder
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

check: setup-dev ## Format, lint, types, and whether the dashboards are up to date
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/python -m dashboards --check

format: setup-dev ## Format the code, and mend what the linter can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

dashboards: setup ## Write Grafana's dashboards and alert rules anew
	@$(BIN)/python -m dashboards

bench: setup-dev ## The benchmarks
	@$(BIN)/python -m benchmarks

lock: ## Pin all packages anew, with hashes (needs uv)
	@$(UV) pip compile pyproject.toml --extra postgres --group build --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --quiet -o requirements.lock
	@$(UV) pip compile pyproject.toml --group dev -c requirements.lock --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --quiet -o requirements-dev.lock

clean: ## Remove what was made, except data, settings and secrets
	@rm -rf .venv .tools .demo .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './data/*' -prune -exec rm -rf {} +
