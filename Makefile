# What one does with Lyo. `make help` lists it.

.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory

# Words of the user, taken as they are: `make` must not expand a $ in a topic, nor a shell see its quotes. They reach
# the commands through the environment alone.
override TOPIC := $(or $(value TOPIC),photosynthesis)
override LEVEL := $(value LEVEL)
override LOCALE := $(value LOCALE)
override ONCE := $(filter-out 0 no false,$(value ONCE))
override PORT := $(or $(value PORT),8000)
override PYTHON := $(value PYTHON)
override TOPICS := $(value TOPICS)
override OUT := $(or $(value OUT),.data/eval)
override LIMIT := $(value LIMIT)
override SEED := $(value SEED)
override EXAMPLES := $(or $(value EXAMPLES),200)
override COUNT := $(or $(value COUNT),1000000)
export TOPIC LEVEL LOCALE ONCE PORT PYTHON TOPICS OUT LIMIT SEED EXAMPLES COUNT
# Another virtual environment's habits are not ours; without kept bytecode every process takes seconds to start.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE PYTHONOPTIMIZE PYTHONWARNINGS

BIN := .venv/bin
LYO := $(BIN)/lyo
COMPILE := pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
# Tests that only compare what is committed with what the code says now; `make check` runs them.
DRIFT := tests/contract tests/migrations tests/architecture
# Where a line that no test has run may let somebody in: all of it is covered, or `make test` fails.
DOOR := src/lyo/accounts/*,src/lyo/web/*,src/lyo/privacy/*,src/lyo/apple/*,src/lyo/core/idempotency.py
# More for pytest: make test ARGS="tests/local -k port --no-cov"
ARGS ?=

.PHONY: help setup dev demo up eval test fuzz bench-data smoke check openapi lock clean

help: ## Show this help
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-10s %s\n' "$$name" "$$text"; done

setup: ## Install everything into .venv (quick when nothing changed); PYTHON=… chooses the interpreter
	@sh requirements/install.sh local

dev: ## The same with the tools for tests and checks
	@sh requirements/install.sh dev

demo: setup ## Make a course and read it here: TOPIC="black holes" LEVEL=beginner LOCALE=en ONCE=1 PORT=8000
	@exec $(LYO) demo --data-dir .data --port "$$PORT" $${ONCE:+--once} \
		$${LEVEL:+"--level=$$LEVEL"} $${LOCALE:+"--locale=$$LOCALE"} -- "$$TOPIC"

up: setup ## Serve on http://127.0.0.1:8000 until Ctrl-C; PORT=… serves elsewhere
	@exec $(LYO) up --data-dir .data --port "$$PORT"

eval: setup ## Judge the engine beside one naive prompt, with a page of plots: TOPICS=file.toml OUT=folder LIMIT=2
	@exec $(LYO) eval --data-dir .data --out "$$OUT" $${TOPICS:+"--topics=$$TOPICS"} $${LIMIT:+"--limit=$$LIMIT"}

test: dev ## Run every test, in parallel, with coverage
	@# With both of --cov and --no-cov a test that is marked no_cover breaks.
	@$(BIN)/pytest -n auto --dist loadgroup $(if $(findstring --no-cov,$(ARGS)),,--cov) $(ARGS)
	@$(if $(ARGS),,$(BIN)/coverage report --include '$(DOOR)' --fail-under 100)

fuzz: dev ## Send the API whatever its contract allows, and what it does not: SEED=1 EXAMPLES=200
	@PYTHONPATH=tests exec $(BIN)/python -m support.fuzzing --examples "$$EXAMPLES" $${SEED:+"--seed=$$SEED"}

bench-data: dev ## Make a million learners and feed items, and see what the statements on them take: COUNT=1000000
	@PYTHONPATH=tests exec $(BIN)/python -m support.bench_data --count "$$COUNT"

smoke: setup ## Check a running server (make up, in another terminal) from outside
	@exec $(BIN)/python smoke_test.py --base "http://localhost:$$PORT" --email demo@example.com --password demo

check: dev ## Everything else that CI runs, fast things first
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/pytest -n auto -m "not slow" $(DRIFT)

openapi: dev ## Write openapi.json and asyncapi.json anew
	@$(LYO) openapi > openapi.json
	@$(LYO) asyncapi > asyncapi.json

lock: setup ## Choose the newest allowed versions again and write requirements/*.txt
	@set -e; uv=$$(command -v uv || echo .tools/bin/uv); \
	$$uv $(COMPILE) --upgrade pyproject.toml -o requirements/production.txt; \
	$$uv $(COMPILE) --upgrade pyproject.toml --extra local --group build \
		-c requirements/production.txt -o requirements/local.txt; \
	$$uv $(COMPILE) --upgrade pyproject.toml --extra local --group build --group dev \
		-c requirements/local.txt -o requirements/dev.txt; \
	sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements/uv.txt | $$uv $(COMPILE) - -o requirements/uv.txt

clean: ## Remove what was installed and cached; your courses in .data stay
	@rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
