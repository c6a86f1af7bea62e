# Needs make and Python 3.11 or newer, nothing else: everything is installed inside this folder.

PYTHON ?= python3
VENV := .venv
CHECKOV := .local/checkov
AZURE_CLI := .local/azure-cli
PY := $(VENV)/bin/python
AZURITE := node_modules/azurite/dist/src/azurite.js
BROWSER := tests/browser/node_modules

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready $(VENV)/bin/acsevents $(AZURITE)  ## install the Python packages and Azurite into this folder, once

demo: setup  ## send every sample event through the webhook and show what was stored
	@$(PY) -m acsevents demo

unit: setup  ## run the tests of the pure core, in half a minute; ARGS="-k sms" to choose
	@$(PY) -m pytest tests/core $(ARGS)

# A choice of tests does not reach every branch, so it is not measured.
test: setup $(BROWSER)/.ready  ## run all tests and measure the coverage of shared/; ARGS="tests/storage -k refused" to choose
	@$(PY) -m pytest $(if $(ARGS),$(ARGS),--cov)

up: setup  ## keep Azurite and the host running until Ctrl-C
	@$(PY) -m acsevents up

check: setup  ## ruff and mypy
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy

fix: setup  ## format, and correct what ruff can correct
	@$(PY) -m ruff check --fix
	@$(PY) -m ruff format

goldens: setup  ## write what follows from the catalogue and the samples; read the difference
	@$(PY) -m tests.samples
	@$(PY) -m tests.pages
	@$(PY) -m tests.promises
	@$(PY) -m acsevents.deployment

page-pictures: setup $(BROWSER)/.ready  ## take the pictures of the page that docs/page.md shows
	@$(PY) -m tests.browser.pictures

picture: setup  ## write what commands print into docs/demo.svg, the picture in the README, docs/asking.md and docs/cli.md
	@$(PY) -m tests.picture
	@$(PY) -m tests.cli.test_asking_page
	@$(PY) -m acsevents.reference > docs/cli.md

lock: setup  ## write requirements-dev.lock after a change of a requirements file; ARGS=--upgrade for newer packages
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command 'make lock' $(ARGS) requirements-dev.txt --output-file requirements-dev.lock

mutants: setup  ## break shared/ in one place at a time and print what no test notices; ARGS="--seed 2 shared/rows"
	@$(PY) -m tests.mutants $(ARGS)

bench: setup  ## measure
	@$(PY) -m benchmarks

storm: setup  ## rehearse failures; SEED=7 to repeat one
	@$(PY) -m acsevents storm $(if $(SEED),--seed $(SEED))

func-test: setup  ## hold the host stand-in against the real one: `func start` of Azure Functions Core Tools
	@command -v func >/dev/null || { echo "func-test: no func on the PATH: install Azure Functions Core Tools 4, for example with 'npm install -g azure-functions-core-tools@4'" >&2; exit 1; }
	@$(PY) -m pytest tests/func/real_host.py $(ARGS)

infra: $(CHECKOV)/.ready  ## scan the Bicep files for what should not be deployed
	@$(CHECKOV)/bin/checkov --directory infra --config-file infra/.checkov.yaml

walk: setup $(AZURE_CLI)/.ready  ## walk the deployment by hand with azure-cli itself, and without Azure
	@$(PY) -m pytest tests/infra/real_walk.py $(ARGS)

links:  ## ask the web for every page that ours link to
	@grep -rhoE '\]\(https?://[^) ]+' *.md docs | cut -c 3- | sort -u | xargs -n 1 -P 4 sh -c \
		'curl --silent --location --fail --max-time 60 --output /dev/null "$$0" || { echo "not there: $$0" >&2; exit 1; }'

# A virtual environment whose Python no longer runs is not ready, whatever the file says.
ifneq ($(shell $(PY) -c "" 2>/dev/null && echo runs),runs)
.PHONY: $(VENV)/.ready
endif

$(VENV)/.ready: requirements-dev.lock
	@command -v $(PYTHON) >/dev/null || { echo "set-up: no $(PYTHON) here: install Python 3.11 or newer, or name it: 'make setup PYTHON=...'" >&2; exit 1; }
	@echo "set-up: installing the Python packages into $(VENV)"
	@$(PYTHON) -m acsevents.setup venv
	@$(PY) -m acsevents.setup packages
	@touch $@

$(VENV)/bin/acsevents: acsevents/setup.py | $(VENV)/.ready
	@$(PY) -m acsevents.setup command

$(AZURITE): package.json package-lock.json | $(VENV)/.ready
	@echo "set-up: installing Azurite into node_modules"
	@$(PY) -m acsevents.setup azurite
	@touch $@

$(BROWSER)/.ready: tests/browser/package.json tests/browser/package-lock.json | $(VENV)/.ready
	@echo "set-up: installing the browser for the tests of the page into $(BROWSER)"
	@$(PY) -m acsevents.setup browser
	@touch $@

# An environment of its own: checkov pins half a hundred packages, among them a parser of Bicep that is too old for `!`.
$(CHECKOV)/.ready: Makefile
	@echo "set-up: installing checkov into $(CHECKOV)"
	@$(PYTHON) -m venv $(CHECKOV)
	@$(CHECKOV)/bin/pip install --quiet --disable-pip-version-check checkov==3.3.30
	@$(CHECKOV)/bin/pip install --quiet --disable-pip-version-check --no-deps pycep-parser==0.7.1
	@touch $@

# An environment of its own, with a hundred packages. Pinned: its sign-in and its transport are replaced.
$(AZURE_CLI)/.ready: Makefile
	@echo "set-up: installing azure-cli into $(AZURE_CLI), 700 MB"
	@$(PYTHON) -m venv $(AZURE_CLI)
	@$(AZURE_CLI)/bin/pip install --quiet --disable-pip-version-check azure-cli==2.91.0
	@touch $@

.PHONY: help setup demo unit test up check fix goldens picture page-pictures lock mutants bench storm func-test infra walk links
