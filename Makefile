# Everything below makes its own environment in .venv first; a second run finds it made.
.DEFAULT_GOAL := help
.PHONY: help venv bigquery demo test lint check ui site mutants fuzz eval bench storm fleet flights authors simulations drills slow matrix docs lock secrets production clean wheel coverage

BIN := .venv/bin
# One choice of interpreter, made only when a recipe needs it: .ci/python says what is missing.
VENV = python="$$(sh .ci/python)" && "$$python" .ci/venv.py
# Beside the lock: what production.in names, with the lock's versions of everything else.
PRODUCTION = .venv-production/bin/python
BIGQUERY = python="$$(sh .ci/python bigquery)" && "$$python" .ci/venv.py --bigquery
# Without it, CI fails; elsewhere its tests are left out, and one sentence says so.
TRY_BIGQUERY = { $(BIGQUERY); } || [ -z "$$CI" ]
# The tests on Airflow's processes wait most of the time: two workers have one half of them each, the third has the rest.
PYTEST = $(BIN)/python -m pytest --numprocesses 3 --no-loadscope-reorder -m "not slow"

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: ## make or refresh .venv from requirements.lock
	@$(VENV)

bigquery: ## make or refresh .venv-bigquery, the BigQuery stand-in's own environment (Python 3.13 to 3.15)
	@$(BIGQUERY)

demo: venv ## break a real pipeline five times and watch the harness (KEEP=1: Airflow goes on; WAREHOUSE=bigquery; PART=ai: data for models)
	@if [ "$(WAREHOUSE)" = bigquery ] && [ -z "$$HARNESS_DEMO_BIGQUERY" ]; then $(BIGQUERY); fi
	@KEEP=$(KEEP) WAREHOUSE=$(WAREHOUSE) $(BIN)/python -m tests.demo$(if $(PART),.$(PART))

drills: venv ## break real Dags in many ways and grade what the healer made of it (QUICK=1; DRILLS=name,...; BASELINE=1; REPEAT=5)
	@$(BIN)/python -m tests.drills

test: venv ## all tests: unit, ports (real PostgreSQL, BigQuery stand-in), Airflow (real processes)
	@$(TRY_BIGQUERY)
	@$(PYTEST)

slow: venv ## the tests that CI has no time for, such as stopped and killed demos, and a second healer while a person looks on
	@$(BIN)/python -m pytest -m slow tests --ignore tests/production --ignore tests/drills

production: venv ## try FAB, Celery with Redis and docker-compose.yaml's commands on a real Airflow (needs redis-server; a quarter of an hour)
	@test -x $(PRODUCTION) || $(BIN)/uv venv --quiet --python $(BIN)/python .venv-production
	@sed -e '/--hash=/d' -e 's/ \\$$//' requirements.lock > .venv-production/pins.txt
	@$(BIN)/uv pip install --quiet --python $(PRODUCTION) --constraints .venv-production/pins.txt -r .ci/production.in -r .ci/production-tests.in --editable '.[dev]'
	@$(PRODUCTION) -m pytest -p no:xdist -m slow tests/production

matrix: venv ## PostgreSQL 14 to 18 and Python 3.11 to 3.13, each with the tests that depend on it (ONLY=postgres-14; hours; needs npm)
	@ONLY=$(ONLY) TESTS="$(TESTS)" $(BIN)/python .ci/matrix.py

lint: venv ## what of the check is no test: format, lint, types, layers, dependencies
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy --config-file .ci/mypy-tests.ini --cache-dir .mypy_cache/tests & tests=$$!; \
	$(BIN)/mypy && $(BIN)/mypy --config-file .ci/mypy.ini .ci && wait $$tests
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

check: lint site ## what CI runs: lint, site, the pages as built, tests
	@$(BIN)/python .ci/ui.py
	@$(TRY_BIGQUERY)
	@$(PYTEST)

ui: venv ## build the pages of Airflow's UI from ui/ into the package (needs Node.js and npm)
	@$(BIN)/python .ci/ui.py --write

site: venv ## build docs/ into site/; a link that leads nowhere fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

mutants: venv ## break core/policy/policy.py in every small way and see its tests notice (minutes)
	@$(BIN)/python -m tests.mutants

coverage: venv ## how much of the package the unit tests run; less than the floor fails (minutes)
	@$(BIN)/coverage run -m pytest -p no:xdist tests/unit
	@$(BIN)/coverage report && $(BIN)/coverage report --include 'airflow_provider_harness/core/*' --fail-under 88

wheel: venv ## install the wheel in empty environments: alone, with each extra, with the oldest versions (ONLY=base: one)
	@$(BIN)/python .ci/wheel.py $(ONLY)

fuzz: venv ## throw bytes at whatever decodes somebody's text (EXAMPLES=20000 a target; ONLY=contract: one target)
	@HARNESS_FUZZ_EXAMPLES=$(or $(EXAMPLES),2000) $(BIN)/python -m pytest tests/fuzz -q -x -p no:xdist $(if $(ONLY),-k '$(ONLY)')

eval: venv ## measure the diagnosis: the rules under every transformation (STRIDE=5: on one text in five), and a model beside them (MODEL=NAME: a live one, with a key)
	@$(BIN)/python -m tests.diagnosis --stride $(or $(STRIDE),1)
	@$(if $(MODEL),$(BIN)/airflow harness diagnose --model $(MODEL) --input $(or $(CASES),tests/data/sixth.jsonl) --output .eval/answers.jsonl)
	@$(BIN)/python -m tests.evaluation.model $(if $(MODEL),--transcripts .eval/answers.jsonl --cases $(or $(CASES),tests/data/sixth.jsonl))

bench: venv ## measure the speed beside the peers' (QUICK=1: under 5 minutes; ONLY='extract*,gate': some rows)
	@$(BIN)/python -m tests.bench $(if $(QUICK),--quick) $(if $(ONLY),--only '$(ONLY)')

storm: venv ## 100,000 failures of one cause, with the memory and processor time that they take (COUNT=2000: fewer)
	@$(BIN)/python -m tests.bench.storm $(if $(COUNT),--count $(COUNT))

fleet: venv ## 30 pipelines for 24 simulated hours with a failure every few minutes (HOURS=1 SEED=2): what is healed, paged and wrong
	@$(BIN)/python -m tests.faults.fleet --hours $(or $(HOURS),24) --seed $(or $(SEED),1)

flights: venv ## move a month of real flights at five schedules and compare it with its source (10 minutes)
	@HARNESS_FLIGHTS=month $(BIN)/python -m pytest tests/ports/test_slices_flights.py -q

authors: venv ## how `airflow harness check` does on sound Dags and on planted faults (MORE=folder: other Dags, too)
	@MORE=$(MORE) $(BIN)/python -m tests.authors --write

simulations: venv ## run the simulations of a folder and say which outcomes changed (FOLDER=tests/simulations; UPDATE=1 keeps them)
	@$(BIN)/airflow harness simulate --all $(or $(FOLDER),tests/simulations) $(if $(UPDATE),--update)

docs: venv ## write docs/reference/ from the tables in the code, and the index of decisions
	@$(BIN)/python .ci/adr.py
	@$(BIN)/python .ci/docs.py

lock: venv ## pin the newest versions of everything again
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--extra dev pyproject.toml -o requirements.lock --custom-compile-command "make lock"
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --python-version 3.13 \
		.ci/bigquery.in -o requirements-bigquery.lock --custom-compile-command "make lock"

secrets: ## make the secrets that docker-compose.yaml reads
	@python="$$(sh .ci/python)" && "$$python" .ci/compose_secrets.py

clean: ## remove .venv, .demo and every cache
	@rm -rf .venv .venv-bigquery .venv-production .matrix .demo .drills .bench .eval site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
