# make run | check | test | test-compiled | test-editors | wheel | op-table | known-good | rule-pages | config-schema | facts | prove | bench | bench-trace | vsix | docs | fmt
#
# Works on a machine that has python3 (3.10+), Node.js (20+) and git. Everything goes into .venv and node_modules;
# a step that is done is not done again (the stamps below).
#
#   make run PYTHON_WITH_TORCH=/path/to/python    traces with an interpreter that has torch already

PYTHON ?= python3
PYTHON_WITH_TORCH ?=
TORCH := 2.13.0

BIN := .venv/bin
STAMPS := .venv/stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check
SOURCES := setup.py server tests tools
COMPILED_TESTS := tests/test_compiled.py tests/interp tests/domain tests/project tests/shadow tests/test_fixtures.py tests/test_corpus.py tests/test_reports.py tests/test_same_log.py tests/test_endurance.py

.PHONY: help run check test test-compiled test-editors wheel op-table known-good rule-pages config-schema facts prove bench bench-trace vsix docs fmt clean
.DEFAULT_GOAL := help

help:
	@sed -n '1,6s/^# \{0,1\}//p' Makefile

# --- what a newcomer runs -------------------------------------------------------------------------------------------

ifeq ($(strip $(PYTHON_WITH_TORCH)),)
run: $(STAMPS)/torch $(STAMPS)/project
else
run: $(STAMPS)/project
endif
	@echo
	@echo "== gradsafe check examples/    (exit status 1 means that it found something)"
	@$(BIN)/gradsafe check examples/ || [ $$? -eq 1 ]
	@echo
	@echo "== gradsafe trace examples/residual_block.py    (runs it: this one really fails)"
	@$(BIN)/gradsafe trace $(if $(PYTHON_WITH_TORCH),--python $(PYTHON_WITH_TORCH)) examples/residual_block.py || [ $$? -eq 1 ]

# --- what CI runs ---------------------------------------------------------------------------------------------------

check: $(STAMPS)/dev node_modules/.package-lock.json tests/editors/node_modules/.package-lock.json
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	npm run --silent check

test: $(STAMPS)/torch $(STAMPS)/dev node_modules/.package-lock.json
	$(BIN)/python -m pytest -n auto --dist worksteal
	npm run --silent test

test-editors: $(STAMPS)/torch $(STAMPS)/project
	bash tests/editors/run.sh

# --- what is generated and committed --------------------------------------------------------------------------------

op-table: $(STAMPS)/torch $(STAMPS)/dev
	$(BIN)/python -m tools.op_table

# Released packages from PyPI, in .cache/known-good; hours the first time. ARGS="--packages timm kornia --jobs 2"
known-good: $(STAMPS)/torch $(STAMPS)/dev
	$(BIN)/python -m tools.known_good --output docs/known-good.md $(ARGS)

rule-pages: $(STAMPS)/project
	$(BIN)/python -m tools.rule_pages

config-schema: $(STAMPS)/project
	$(BIN)/python -m tools.config_schema

# The whole proof, some hours: fresh programs, 20,000 edits, torch's operator and module databases, released packages.
SEED ?= $(shell date +%s)
prove: $(STAMPS)/torch $(STAMPS)/dev
	@mkdir -p docs/prove
	-GRADSAFE_EXPLORE=1 $(BIN)/python -m pytest tests/syntax tests/domain tests/fixes tests/lsp
	-$(BIN)/python -m tests.oracle.report | tee docs/prove/fixtures.txt
	-$(BIN)/python -m tests.fuzz --seed $(SEED) --count 2500 --jobs 2 --no-shrink | tee docs/prove/fuzz.txt
	-$(BIN)/python -m tests.endurance --edits 20000 --jobs 2 | tee docs/prove/endurance.txt
	-$(BIN)/python -m tests.opdb --write
	$(BIN)/python -m tools.known_good --jobs 2

# How fast it is beside others, into docs/performance.md. Eight minutes; nothing else should run meanwhile. ARGS="--quick", ARGS="--every 1"
bench: $(STAMPS)/torch $(STAMPS)/wheel
	$(BIN)/python -m tools.bench --write $(ARGS)

# A wheel whose interpreter is compiled by mypyc, into dist. Needs a C compiler; two minutes.
wheel: $(STAMPS)/wheel

# The same tests on what is in the wheel.
test-compiled: $(STAMPS)/torch $(STAMPS)/wheel
	rm -rf .cache/compiled
	$(PIP) install --quiet --no-deps --target .cache/compiled dist/gradsafe-*.whl
	PYTHONPATH=$(CURDIR)/.cache/compiled GRADSAFE_COMPILED=1 $(BIN)/python -m pytest -n auto --dist worksteal $(COMPILED_TESTS)

# What tracing costs, into docs/trace.md. Some minutes; nothing else should run meanwhile.
bench-trace: $(STAMPS)/torch $(STAMPS)/dev
	$(BIN)/python -m tests.tracer.overhead --write

# The extension with its Python packages inside, for each platform, into client/dist. ARGS="host", ARGS="linux-x64 win32-x64"
vsix: $(STAMPS)/venv node_modules/.package-lock.json
	$(BIN)/python -m tools.vsix $(ARGS)

# The site, into site/. A link that leads nowhere is an error.
docs: $(STAMPS)/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

facts: $(STAMPS)/project
	$(BIN)/python -m tools.facts

fmt: $(STAMPS)/dev node_modules/.package-lock.json
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)
	npm run --silent fix

clean:
	rm -rf .venv build dist site node_modules tests/editors/node_modules .cache .mypy_cache .ruff_cache .pytest_cache client/dist

# --- installing -----------------------------------------------------------------------------------------------------

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "gradsafe needs Python 3.10 or newer; name one with: make PYTHON=/path/to/python3" >&2; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv || \
		{ echo "python3 -m venv does not work here; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@mkdir -p $(STAMPS) && touch $@

# First of all, and with pip: whatever is installed later finds this version there, and leaves it alone.
$(STAMPS)/torch: | $(STAMPS)/venv
	@$(BIN)/python -c 'import sys, importlib.metadata as m; sys.exit(m.version("torch").split("+")[0] != "$(TORCH)")' 2>/dev/null || { \
		echo "Installing torch $(TORCH): 200 MB to download as CPU build, up to 3 GB with CUDA from the default index."; \
		echo "If some interpreter here has torch already: make run PYTHON_WITH_TORCH=/path/to/python"; \
		$(PIP) install torch==$(TORCH); }
	@touch $@

$(STAMPS)/project: pyproject.toml | $(STAMPS)/venv
	$(PIP) install --quiet --editable .
	@touch $@

$(STAMPS)/docs: pyproject.toml | $(STAMPS)/venv
	$(PIP) install --quiet --editable '.[docs]'
	@touch $@ $(STAMPS)/project

$(STAMPS)/dev: pyproject.toml | $(STAMPS)/venv
	$(PIP) install --quiet --editable '.[dev]'
	@touch $@ $(STAMPS)/project

$(STAMPS)/wheel: setup.py pyproject.toml $(shell find server -name '*.py' -o -name '*.txt') | $(STAMPS)/dev
	rm -rf build dist
	GRADSAFE_COMPILED=1 $(PIP) wheel --quiet --no-build-isolation --no-deps --wheel-dir dist .
	rm -rf build
	@touch $@

# npm ci refuses a lock file that lacks another platform's optional packages; npm install takes what it needs of it.
node_modules/.package-lock.json: package.json package-lock.json
	npm ci --silent || npm install --silent --no-save
	@touch $@

tests/editors/node_modules/.package-lock.json: tests/editors/package.json tests/editors/package-lock.json
	cd tests/editors && { npm ci --silent || npm install --silent --no-save; }
	@touch $@

# Where both are wanted, torch comes first.
ifneq ($(filter run test test-compiled test-editors op-table known-good prove bench bench-trace,$(MAKECMDGOALS)),)
ifeq ($(strip $(PYTHON_WITH_TORCH)),)
$(STAMPS)/project $(STAMPS)/dev: | $(STAMPS)/torch
endif
endif
