# photonwatch: `make up` runs the platform, `make test` runs every test. Both bring what they need, except Python (>= 3.11) and make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3.14 python3,$(shell $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))

.PHONY: help up test check lint bench lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/.locked: lock/uv.txt lock/dev.txt pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo "photonwatch needs Python 3.11 or newer: install it, or name one: make PYTHON=/path/to/python3.12" >&2; exit 1; fi
	$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make environments: install its venv package (Debian, Ubuntu: python3-venv)" >&2; exit 1; }
	echo "setting up $(VENV) with $$($(PYTHON) --version), once"
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement lock/uv.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --requirement lock/dev.txt --requirement lock/uv.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --editable .
	touch $@

up: $(VENV)/.locked ## run the platform with a simulated fleet; Ctrl-C stops it
	@exec $(BIN)/photonwatch up

check: lint ## lint and the fast tests
	@$(BIN)/python -m pytest -m "not slow" -q --numprocesses auto --maxprocesses 4 --dist loadfile

test: lint ## lint and every test
	@status=0
	$(BIN)/python -m pytest -m "not slow" -q --numprocesses auto --maxprocesses 4 --dist loadfile || status=$$?
	$(BIN)/python -m pytest -m slow || status=$$?
	exit $$status

lint: $(VENV)/.locked ## ruff, mypy, import-linter
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.locked ## run the benchmarks and write benchmarks/RESULTS.md
	@$(BIN)/python -m benchmarks

lock: $(VENV)/.locked ## resolve the dependencies anew
	@UV="$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header"
	$$UV --all-extras --group dev pyproject.toml --output-file lock/dev.txt --upgrade
	echo 'uv' | $$UV - --output-file lock/uv.txt --upgrade

clean: ## remove the environment and caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
