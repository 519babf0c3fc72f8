# The desk in a few words: `make` lists them.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
DEMO_TICKETS ?= 400

# What an installation is made from: a change in these installs again.
MADE_FROM := pyproject.toml $(wildcard helpdesk/frontend/*.* helpdesk/translations/*/LC_MESSAGES/*.po)
INSTALLED := .venv/installed
INSTALLED_DEV := .venv/installed-dev

.DEFAULT_GOAL := help
.PHONY: help run demo test check translations bench screenshots

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: export HELPDESK_ENV = development
run: export HELPDESK_BASE_URL = http://127.0.0.1:$(PORT)
run: $(INSTALLED) ## install, load the demo world if there is none, serve on http://127.0.0.1:8000 (PORT= changes it)
	@$(BIN)/helpdesk demo --tickets $(DEMO_TICKETS) --seed 1 --migrate --if-empty
	@exec $(BIN)/helpdesk run --port $(PORT)

demo: export HELPDESK_ENV = development
demo: $(INSTALLED) ## the same beside a stand-in for Microsoft: cases move by themselves
	@exec $(BIN)/helpdesk demo --tickets $(DEMO_TICKETS) --seed 1 --with-vendor --port $(PORT)

test: $(INSTALLED_DEV) ## every test; those in a browser where a Chromium is found
	$(BIN)/pytest -n 2 --dist worksteal $(TESTS)

check: $(INSTALLED_DEV) ## format, lint, types, import contracts, untranslated texts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.translations

translations: $(INSTALLED_DEV) ## bring the catalogues up to the sources, compile them, name what is untranslated
	$(BIN)/python -m tests.translations --update

bench: $(INSTALLED_DEV) ## figures beside their ceilings, also in instance/bench.json
	$(BIN)/python -m tests.bench

screenshots: $(INSTALLED_DEV) ## pictures of the pages into docs/screenshots
	$(BIN)/python -m tests.screenshots

$(INSTALLED): $(MADE_FROM) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(INSTALLED_DEV): $(MADE_FROM) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $(INSTALLED) $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
