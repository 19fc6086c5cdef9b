# The one door. Needs Python 3.11 or later with venv, and nothing else; PostgreSQL is for the tests.

.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= python3.13 python3.12 python3.11 python3
UV ?= uv
DEMO_ARGS ?=
BENCH_ARGS ?=
PYTEST_ARGS ?= --numprocesses=4

INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK = $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate

.PHONY: help setup demo test check bench reference lock

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.dev ## Install everything that development needs into .venv

demo: $(VENV)/.runtime ## Run the engine with a sample program and a webhook receiver
	$(BIN)/stampbook demo $(DEMO_ARGS)

test: check ## Check everything, then test on SQLite and PostgreSQL
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.dev ## Check format, lint, types, layers, dependencies and spelling
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/deptry src
	$(BIN)/codespell

bench: $(VENV)/.bench ## Measure against the baselines of bench/
	$(BIN)/python -m bench $(BENCH_ARGS)

reference: $(VENV)/.runtime ## Write docs/reference again from the catalogues
	$(BIN)/python docs/generate.py
	$(BIN)/python -m docs.generate_payloads

lock: ## Choose the newest versions that pyproject.toml allows, with their hashes (needs uv)
	$(LOCK) pyproject.toml -o requirements/runtime.txt
	$(LOCK) pyproject.toml --group dev -c requirements/runtime.txt -o requirements/dev.txt
	$(LOCK) --group build -c requirements/dev.txt -o requirements/build.txt
	$(LOCK) --group bench -c requirements/dev.txt -o requirements/bench.txt

# The first Python of the list that is new enough and can make a virtual environment.
$(BIN)/python:
	@for python in $(PYTHON); do \
		if $$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then exec $$python -m venv $(VENV); fi; \
	done; \
	echo 'No Python 3.11 or later that can make a virtual environment was found.' >&2; \
	echo 'On Debian or Ubuntu: apt-get install python3 python3-venv.' >&2; \
	echo 'Elsewhere: make PYTHON=/the/path/of/python3 ...' >&2; \
	exit 1

$(VENV)/.runtime: pyproject.toml requirements/runtime.txt requirements/build.txt | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	$(INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.dev
	$(INSTALL) --require-hashes -r requirements/bench.txt
	@touch $@
