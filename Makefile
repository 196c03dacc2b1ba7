# Commands for people: `make` alone lists them. Everything runs in .venv, which `setup` builds.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: help setup demo docs notebooks screens pictures quick test fuzz replay golden formal mutations hooks lint lint-python lint-rtl format clean
N ?= 200
SEED ?= $(shell date +%s)

help: ## List the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(INSTALLED) ## Build .venv with everything pinned in constraints.txt

# Modules are compiled as they are imported: pip would compile them all, a minute for many that nobody uses.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python -m snnc.sim.warm
	touch $@

demo: setup ## Train, compile, simulate and co-simulate a small net; files in build/demo
	$(BIN)/snnc demo -o build/demo

docs: setup ## Build the site into build/site; a broken link or a page without a place is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo build/site/index.html

quick: setup ## Run a part of the tests in every folder, one RTL co-simulation included: two minutes
	SNNC_QUICK=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

test: setup ## Run every test, RTL co-simulation included
	$(BIN)/python -m pytest -n auto --dist worksteal

fuzz: setup ## Random networks through every execution: N=200 in software, N/10 on each RTL hardware; N hostile files
	SNNC_FUZZ_SOFTWARE=$(N) SNNC_FUZZ_RTL=$$(( $(N) / 10 )) SNNC_FUZZ_FILES=$(N) SNNC_FUZZ_SEED=$(SEED) \
		$(BIN)/python -m pytest -n auto tests/test_differential.py tests/contract tests/test_hostile.py

replay: setup ## Run a case again that the fuzz kept: CASE=build/fuzz/NAME
	$(BIN)/python tests/helpers/replay.py $(CASE)

notebooks: setup ## Run the notebooks of examples/notebooks and keep their results
	$(BIN)/python tests/helpers/notebook.py

screens: setup ## Take the pictures anew that tests/reporting compares pages with
	SNNC_SCREENS=1 $(BIN)/python -m pytest -q tests/reporting/test_browser.py -k looks_as_it_did

pictures: demo ## Take the pictures of the documents anew, from the demo
	$(BIN)/python tests/helpers/pictures.py build/demo

golden: setup ## Rewrite the golden texts of the passes (tests/compiler/passes)
	$(BIN)/python tests/helpers/golden.py

formal: setup ## Prove properties of the RTL: FIFO, router, arbiter, counters ... (docs/formal.md)
	$(BIN)/python -m snnc.rtl.formal.prove

mutations: setup ## Refute those properties on mutated designs
	$(BIN)/python -m snnc.rtl.formal.prove --mutations

hooks: setup ## Let git run the linters before each commit
	$(BIN)/pre-commit install

lint: lint-python lint-rtl ## Check style and types of the Python, and lint the RTL

lint-python: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lint-rtl: setup
	$(BIN)/python -m snnc.rtl.lint

format: setup ## Rewrite the Python in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove everything that was built
	rm -rf $(VENV) build .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
