# Everything here works on a machine with only Python 3.11+, venv, make and the package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DOCS_READY := $(VENV)/.ready-docs
DEMO ?=
TESTS ?=
SCALES ?= S M
PYTHONS := 3.11 3.12 3.13

.PHONY: help sync test test-all lint conformance bench format secrets pages man docs licences snapshots screenshots release-check clean

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

test: $(READY)  ## all tests, or those that TESTS= names
	@$(BIN)/python -m pytest --quiet --numprocesses=4 --dist=worksteal $(TESTS)

test-all:  ## the tests on each of Python 3.11, 3.12, 3.13 that is on the PATH, in an environment each; MISSING=fail minds if one is not
	@failed=; for version in $(PYTHONS); do \
	  if python$$version -c '' 2>/dev/null; then \
	    echo "Python $$version:"; \
	    $(MAKE) --no-print-directory VENV=.venv-$$version PYTHON=python$$version TESTS="$(TESTS)" test || failed="$$failed $$version"; \
	  else echo "Python $$version: missing, not tested"; test "$(MISSING)" != fail || failed="$$failed $$version"; fi; \
	done; test -z "$$failed" || { echo "Not good:$$failed"; exit 1; }

lint: $(READY)  ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

conformance: $(READY)  ## the report card of the demo provider in all versions, and what the consumer certification asks for
	@for version in 1.0 1.1 1.2; do $(BIN)/oneroster-tui --demo --demo-version $$version conformance || exit 1; done
	@$(BIN)/python -m pytest --quiet tests/conformance/test_certification.py

bench: $(READY)  ## what a sync costs, into bench/results.md; SCALES="S M L" for all
	@$(BIN)/python bench/run.py $(SCALES)

format: $(READY)  ## put the code into form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

secrets:  ## look for keys, tokens and passwords in the tree
	@$(PYTHON) .ci/secrets.py

pages: $(READY)  ## write anew what is made from code: docs/reference, the man page, keys, providers, conformance, bundles
	@$(BIN)/python -m tests.docs.pages
	@$(BIN)/python -m screens.commands > docs/keys.md
	@$(BIN)/python -m tests.provider_lab.docs > docs/providers.md
	@$(BIN)/python -m tests.conformance.docs > docs/conformance.md
	@$(BIN)/python -m tests.conformance.certification > docs/certification.md
	@$(BIN)/python -m tests.provider.bundle_docs > docs/bundles.md

man: pages  ## show the man page
	@man -l docs/oneroster-tui.1

$(DOCS_READY): $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,docs]'
	@touch $(DOCS_READY)

docs: pages $(DOCS_READY)  ## the documents as a site in site/, every link checked
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

licences: $(DOCS_READY)  ## write docs/licences.md anew
	@$(BIN)/python -m tests.docs.licences

snapshots: $(READY)  ## record the screens anew; look at the pictures before you commit them
	@$(BIN)/python -m pytest --quiet tests/screens --snapshot-update
	@$(BIN)/python -m tests.docs.pictures

screenshots: $(READY)  ## the pictures of README and docs anew, from the recorded screens
	@$(BIN)/python -m tests.docs.pictures

release-check:  ## all that must hold before a release; TESTS="tests/docs -k readme" tests less on 3.12 and 3.13
	@.ci/release-check

clean:  ## remove what was made, the demo district's roster too
	@rm -rf $(VENV) .venv-3.* oneroster-demo dist build site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
