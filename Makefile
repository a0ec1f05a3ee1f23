# Everything below makes its own environment in .venv first; a second run finds it made.
.DEFAULT_GOAL := help
.PHONY: help venv demo test check bench docs lock secrets clean

BIN := .venv/bin
# One choice of interpreter, made only when a recipe needs it: .ci/python says what is missing.
VENV = python="$$(sh .ci/python)" && "$$python" .ci/venv.py

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: ## make or refresh .venv from requirements.lock
	@$(VENV)

demo: venv ## break a real pipeline five times and watch what the harness does (KEEP=1 leaves Airflow running)
	@KEEP=$(KEEP) $(BIN)/python -m tests.demo

test: venv ## all tests: unit, ports (real PostgreSQL), Airflow (real processes)
	@$(BIN)/python -m pytest

check: venv ## what CI runs: format, lint, types, layers, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest

bench: venv ## measure the speed beside the peers' (QUICK=1: under 5 minutes; ONLY='extract*,gate': some rows)
	@$(BIN)/python -m tests.bench $(if $(QUICK),--quick) $(if $(ONLY),--only '$(ONLY)')

docs: venv ## write docs/reference/ from the tables in the code
	@$(BIN)/python .ci/docs.py

lock: venv ## pin the newest versions of everything again
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--extra dev pyproject.toml -o requirements.lock --custom-compile-command "make lock"

secrets: ## make the secrets that docker-compose.yaml reads
	@python="$$(sh .ci/python)" && "$$python" .ci/compose_secrets.py

clean: ## remove .venv, .demo and every cache
	@rm -rf .venv .demo .bench .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
