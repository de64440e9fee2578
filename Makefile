# Everything here works on a machine with only Python 3.11+, venv, make and the package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DOCS_READY := $(VENV)/.ready-docs
DEMO ?=

.PHONY: help sync test lint format pages man docs licences snapshots clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (once)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

sync: $(READY)  ## sync the demo district and show the log; DEMO="--demo-day 2" moves it on
	@$(BIN)/oneroster-tui --demo $(DEMO) --sync

test: $(READY)  ## all tests
	@$(BIN)/python -m pytest --quiet --numprocesses=4 --dist=worksteal

lint: $(READY)  ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY)  ## put the code into form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

pages: $(READY)  ## write anew what is made from code: docs/reference, the man page, keys, providers, conformance, bundles
	@$(BIN)/python -m tests.docs.pages
	@$(BIN)/python -m screens.commands > docs/keys.md
	@$(BIN)/python -m tests.provider_lab.docs > docs/providers.md
	@$(BIN)/python -m tests.conformance.docs > docs/conformance.md
	@$(BIN)/python -m tests.provider.bundle_docs > docs/bundles.md

man: pages  ## show the man page
	@man -l docs/oneroster-tui.1

$(DOCS_READY): $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,docs]'
	@touch $(DOCS_READY)

docs: pages $(DOCS_READY)  ## the documents as a site in site/, every link checked
	@$(BIN)/mkdocs build --quiet --strict

licences: $(DOCS_READY)  ## write docs/licences.md anew
	@$(BIN)/python -m tests.docs.licences

snapshots: $(READY)  ## record the screens anew; look at the pictures before you commit them
	@$(BIN)/python -m pytest --quiet tests/screens --snapshot-update

clean:  ## remove what was made, the demo district's roster too
	@rm -rf $(VENV) oneroster-demo dist build site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
