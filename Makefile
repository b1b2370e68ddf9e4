# Needs Python 3.11, make and git; everything else is installed into .venv from hash-pinned locks.
# `make run PYTHON=/path/to/python3.11` uses another interpreter, `make run CONFIG=configs/prod.yaml` another configuration.

PYTHON ?= python3.11
CONFIG ?=
ARGS ?=
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
WITH_CONFIG = $(if $(CONFIG),--config $(CONFIG))
BENCHMARKS := run answers night scale loading engines graph axes ranking sources offpolicy serving churn subscriptions experiments

# A stamp is newer than what it was made from: a second call installs nothing, a changed lock installs again.
CREATED := $(VENV)/.created
RUNTIME := $(VENV)/.runtime-lock
DEVELOPMENT := $(VENV)/.dev-lock
PEERS := $(VENV)/.peers-lock
LOWEST := $(VENV)/lowest
SPARK := $(VENV)/spark
COVERAGE ?= 90
RUN := $(VENV)/.run-ready
DEV := $(VENV)/.dev-ready

# What is compiled is kept: each process that a test starts would compile the package again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:

##@ Use

.PHONY: run
run: $(RUN) ## Make every table from the bundled data (or from CONFIG) and publish it
	$(BIN)/ntg run-all $(WITH_CONFIG)

.PHONY: ui
ui: $(RUN) ## Open the Dagster UI on 127.0.0.1:3000, with the history of all runs
	$(BIN)/ntg ui $(WITH_CONFIG)

.PHONY: synth
synth: $(RUN) ## Write a synthetic world with planted truth and run the whole graph on it
	$(BIN)/ntg synth
	$(BIN)/ntg run-all --config configs/synthetic.yaml

.PHONY: demo
demo: $(RUN) ## Run the whole graph on a small planted subscription service: revenue, contracts, an experiment
	$(BIN)/ntg run-all --config configs/demo.yaml

.PHONY: journey
journey: $(DEV) ## Run the whole graph on a second real source, the Complete Journey purchases
	$(BIN)/python -m benchmarks.complete_journey

##@ Develop

# A file of tests stays in one process, so what its tests share is made once. A whole run in a test takes 1 GB: hence two, not all cores.
# Files in the order of `conftest.py`: those of whole runs come first, so that no process waits for the last of them.
.PHONY: test
test: $(DEV) ## Run all tests in two processes (WORKERS=0: in one; ARGS="-m 'not slow'": only the quick ones)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: test-marks
test-marks: $(DEV) ## All tests, and which of them are marked `slow` for nothing, or should be
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --slow-marks $(ARGS)

.PHONY: test-coverage
test-coverage: $(DEV) ## All tests, and the share of lines and branches that they run (compiled kernels left out)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --cov --cov-report=term --cov-fail-under=$(COVERAGE) $(ARGS)

.PHONY: test-stack
test-stack: $(DEV) $(PEERS) ## Fetching from services that the tests start: an S3 server, a PostgreSQL
	$(BIN)/python -m pytest ntg_assets_tests/stack $(ARGS)

.PHONY: test-engines
test-engines: $(DEV) $(PEERS) $(SPARK)/.lock ## Clusters on the loopback (Sail; Spark with two workers, which needs Java 17): every query, the tables, what fails in the middle
	$(BIN)/python -m pytest ntg_assets_tests/engines $(ARGS)

.PHONY: test-lowest
test-lowest: $(DEV) ## The quick tests with the lowest versions of what pyproject.toml names
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct -e '.[build,postgres,serve,dev]'
	$(LOWEST)/bin/python -m pytest -n $(WORKERS) --dist loadfile -m 'not slow' $(ARGS)

.PHONY: test-reliability
test-reliability: $(DEV) ## Let every file operation of a publication fail, kill it, cut its power; read while it is swapped; remember a night and make it again
	$(BIN)/python -m pytest ntg_assets_tests/reliability ntg_assets_tests/integration/test_remembered_night.py --exhaustive $(ARGS)

.PHONY: test-determinism
test-determinism: $(DEV) ## Run everything as two types of processor would (ARGS: other configurations), and compare every table
	$(BIN)/python -m tools.determinism $(ARGS)

.PHONY: test-wheel
test-wheel: $(DEV) ## Build the wheel, install it into a fresh environment, run a small log from init to publication
	TEST_WHEEL=1 $(BIN)/python -m pytest ntg_assets_tests/integration/test_wheel.py

.PHONY: check
check: $(DEV) ## Lint, format, types, import directions, SQL, shape
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types check-form

# Types take one core for as long as all else takes the other.
.PHONY: check-types check-form
check-types: ## Of `make check`: types
	$(BIN)/mypy

check-form: ## Of `make check`: lint, format, import directions, SQL, shape
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --processes 2 ntg_assets benchmarks
	$(BIN)/python -m tools.sql_lint
	$(BIN)/python -m tools.shape

.PHONY: format
format: $(DEV) ## Mend what ruff and sqlfluff can mend by themselves
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/sqlfluff fix --processes 2 ntg_assets benchmarks

.PHONY: shape
shape: $(DEV) ## How long bodies are, what circles, what is named vaguely, each beside its goal
	$(BIN)/python -m tools.shape

.PHONY: golden
golden: $(DEV) ## Write the golden files anew; read the diff before you commit it
	$(BIN)/python -m pytest --rewrite-golden
	git --no-pager diff --stat -- ntg_assets_tests/golden

# Needs the package `playwright` and a Chromium of the machine; without one of them it says so and takes none.
WORKSPACE ?= .
.PHONY: screenshots
screenshots: $(DEV) ## Pictures of the Dagster UI over the last run, and of the pages (ARGS="--failed --late": of a night that failed, and of one that is late)
	$(BIN)/python -m tools.screenshots $(WORKSPACE) $(ARGS)

.PHONY: sql-lineage
sql-lineage: $(DEV) ## Read of every SQL file which columns its columns are made from (after a change of SQL)
	$(BIN)/python -m tools.sql_lineage

.PHONY: lock
lock: $(DEV) ## Resolve the dependencies of pyproject.toml into the locks (UPGRADE=--upgrade takes the newest)
	$(BIN)/uv pip compile $(LOCK_OPTIONS) $(UPGRADE) pyproject.toml --extra build --extra postgres -o requirements.lock
	$(BIN)/uv pip compile $(LOCK_OPTIONS) $(UPGRADE) pyproject.toml $(DEV_EXTRAS) -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile $(LOCK_OPTIONS) $(UPGRADE) pyproject.toml --all-extras -c requirements-dev.lock -o requirements-peers.lock
	printf 'pyspark==4.3.0\nduckdb\nnumba\nnumpy\npolars\npyarrow\npydantic\nscipy\nthreadpoolctl\n' | $(BIN)/uv pip compile $(LOCK_OPTIONS) - -c requirements.lock -o requirements-spark.lock

# What runs NTG; what `make check` and `make test` need besides; what benchmarks compare with.
DEV_EXTRAS = --extra build --extra postgres --extra serve --extra dev

# Strict hash mode wants `gql[requests]` with its extra, hence --no-strip-extras; no address of an index or a folder may stand in a lock.
LOCK_OPTIONS = --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

##@ Measure

.PHONY: leakage-verdicts
leakage-verdicts: $(DEV) ## Prove the shipped configurations free of leaks anew, and write the verdicts beside the code
	$(BIN)/ntg audit-leakage --write

.PHONY: leakage-plants
leakage-plants: $(DEV) ## Plant each known kind of leak in a copy and show which guard catches it (twenty minutes)
	$(BIN)/ntg audit-leakage --plant all

.PHONY: bench
bench: $(BENCHMARKS:%=bench-%) ## Run all benchmarks, one after the other; results go to benchmarks/results/

.PHONY: bench-run bench-answers bench-night bench-scale bench-loading bench-engines bench-graph bench-axes bench-ranking bench-sources bench-offpolicy bench-serving bench-churn bench-subscriptions bench-experiments
bench-run: ## The whole graph on MovieLens and on four months of purchases
bench-answers: ## Commands that answer (sql, explain, diff, plan ...): processor seconds of each
bench-night: ## The whole graph at 0.25 and 2.5 million events (ARGS="--full": 25 million too), and the next night with one more day
bench-scale: ## 25 million events through ingest, splits and features
bench-loading: ## Many small files, files of differing columns, times as text
bench-engines: $(SPARK)/.lock ## From files to lists on DuckDB, Sail and Spark (ARGS="--events 10000000 --users 65000 --items 20000")
bench-graph: ## The taste graph at 25 million events against other libraries
bench-axes: ## How stable the taste axes are when 1% of the data is left out
bench-ranking: ## Ranking quality against published methods (CONFIG: on your own log)
bench-sources: ## What each source adds to the blend, and weighted variants of the taste graph (CONFIG: on your own log)
bench-offpolicy: ## Off-policy estimates against planted truth and a real pair of logs
bench-serving: ## Lists over HTTP: latency and memory, beside direct calls
bench-churn: ## Churn, calibration and radar against other models (CONFIG: on your own log)
bench-subscriptions: ## Contracts against planted truth: forecasts, money, survival, cost
bench-experiments: ## Statistics of experiments: truth, power and speed
$(BENCHMARKS:%=bench-%): bench-%: $(DEV) $(PEERS)
	$(BIN)/python -m benchmarks.$* $(if $(filter ranking sources churn,$*),$(WITH_CONFIG)) $(ARGS)

##@ Tidy

.PHONY: clean
clean: ## Remove results, run history, generated inputs and caches; your own data, data/history and .venv stay
	rm -rf outputs reports data/warehouse data/scratch data/dagster data/published data/features data/current
	rm -rf data/generations data/before_generations
	rm -rf data/workspaces data/synthetic data/complete_journey data/leakage
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find ntg_assets ntg_assets_tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.PHONY: distclean
distclean: clean ## Also remove .venv
	rm -rf $(VENV)

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z][a-z-]*:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- installing ---

$(CREATED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
		|| { echo "NTG needs Python 3.11, and '$(PYTHON)' is not it: install it, or say where it is with 'make PYTHON=/path/to/python3.11'." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "This Python 3.11 cannot make virtual environments: install its venv package (Debian and Ubuntu: python3.11-venv)." >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUNTIME): requirements.lock | $(CREATED)
	@echo "Installing what NTG runs on (requirements.lock): a minute or two, once."
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@touch $@

$(DEVELOPMENT): requirements-dev.lock requirements.lock | $(CREATED)
	@echo "Installing what NTG is developed with (requirements-dev.lock): a minute or two, once."
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $(RUNTIME) $@ # the same versions of everything in requirements.lock, and more

$(PEERS): requirements-peers.lock $(DEVELOPMENT)
	@echo "Installing what benchmarks compare with (requirements-peers.lock)."
	@$(PIP) install --quiet --require-hashes -r requirements-peers.lock
	@touch $@

# Spark's own processes and what its workers compute with, apart: the package of the server and that of the client hold the same files.
$(SPARK)/.lock: requirements-spark.lock | $(CREATED)
	@echo "Installing Spark (requirements-spark.lock): 400 MB, once."
	@$(PYTHON) -m venv $(SPARK)
	@$(SPARK)/bin/python -m pip --disable-pip-version-check --no-input install --quiet --require-hashes -r requirements-spark.lock
	@touch $@

$(RUN): pyproject.toml $(RUNTIME)
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): pyproject.toml $(DEVELOPMENT)
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $(RUN) $@
