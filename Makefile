# Needs make and Python 3.11 or newer, nothing else: everything is installed inside this folder.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready node_modules/.ready  ## install the Python packages and Azurite into this folder, once
	@$(PY) -c "" 2>/dev/null || { echo "set-up: $(PY) no longer runs: 'rm -rf $(VENV)', then 'make setup'" >&2; exit 1; }

demo: setup  ## send every sample event through the webhook and show what was stored
	@$(PY) -m acsevents demo

unit: setup  ## run the tests of the pure core, in seconds; ARGS="-k sms" to choose
	@$(PY) -m pytest tests/core $(ARGS)

# Only all tests together reach every branch, so a choice of them is not measured.
test: setup  ## run all tests and measure the coverage of shared/; ARGS="tests/storage -k refused" to choose
	@$(PY) -m pytest $(if $(ARGS),$(ARGS),--cov)

up: setup  ## keep Azurite and the host running until Ctrl-C
	@$(PY) -m acsevents up

check: setup  ## ruff and mypy
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy

fix: setup  ## format, and mend what ruff can mend
	@$(PY) -m ruff check --fix
	@$(PY) -m ruff format

goldens: setup  ## write the rows that the samples become; read the difference
	@$(PY) -m tests.samples

lock: setup  ## write requirements-dev.lock after a change of a requirements file; ARGS=--upgrade for newer packages
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command 'make lock' $(ARGS) requirements-dev.txt --output-file requirements-dev.lock

bench: setup  ## measure
	@$(PY) -m benchmarks

storm: setup  ## rehearse failures; SEED=7 to repeat one
	@$(PY) -m acsevents storm $(if $(SEED),--seed $(SEED))

$(VENV)/.ready: requirements-dev.lock
	@command -v $(PYTHON) >/dev/null || { echo "set-up: no $(PYTHON) here: install Python 3.11 or newer, or name it: 'make setup PYTHON=...'" >&2; exit 1; }
	@echo "set-up: installing the Python packages into $(VENV)"
	@$(PYTHON) -m acsevents.local.setup venv
	@$(PY) -m acsevents.local.setup packages
	@touch $@

node_modules/.ready: package.json package-lock.json | $(VENV)/.ready
	@echo "set-up: installing Azurite into node_modules"
	@$(PY) -m acsevents.local.setup azurite
	@touch $@

.PHONY: help setup demo unit test up check fix goldens lock bench storm
