# Needs make and Python 3.11 or newer, nothing else: everything is installed inside this folder.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready $(VENV)/bin/acsevents node_modules/.ready  ## install the Python packages and Azurite into this folder, once
	@$(PY) -c "" 2>/dev/null || { echo "set-up: $(PY) no longer runs: 'rm -rf $(VENV)', then 'make setup'" >&2; exit 1; }

demo: setup  ## send every sample event through the webhook and show what was stored
	@$(PY) -m acsevents demo

test: setup  ## run all tests; ARGS="-k sms" to choose
	@$(PY) -m pytest $(ARGS)

up: setup  ## keep Azurite and the host running until Ctrl-C
	@$(PY) -m acsevents up

check: setup  ## ruff and mypy
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy

bench: setup  ## measure
	@$(PY) -m benchmarks

storm: setup  ## rehearse failures; SEED=7 to repeat one
	@$(PY) -m acsevents storm $(if $(SEED),--seed $(SEED))

$(VENV)/.ready: requirements.txt requirements-dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "set-up: no $(PYTHON) here: install Python 3.11 or newer, or name it: 'make setup PYTHON=...'" >&2; exit 1; }
	@echo "set-up: installing the Python packages into $(VENV)"
	@$(PYTHON) -m acsevents.local.setup venv
	@$(PY) -m acsevents.local.setup packages
	@touch $@

$(VENV)/bin/acsevents: acsevents/local/setup.py | $(VENV)/.ready
	@$(PY) -m acsevents.local.setup command

node_modules/.ready: package.json package-lock.json | $(VENV)/.ready
	@echo "set-up: installing Azurite into node_modules"
	@$(PY) -m acsevents.local.setup azurite
	@touch $@

.PHONY: help setup demo test up check bench storm
