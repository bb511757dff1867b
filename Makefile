# `make demo` and `make test` set up all they need; a second run is quick.
#   make demo ARGS="--seconds 45 --json"      make test ARGS="tests/core -k window"      make PYTHON=python3.12 demo

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := $(VENV)/.installed-demo
DEV := $(VENV)/.installed-dev
ARGS ?=
# In CI every test is named when it ends, so that a log that stops tells where.
REPORT := $(if $(CI),-v --color=no --durations=20,-q)
# Most tests wait for servers; files go to three processes, each with its own broker. PARALLEL= for one process.
PARALLEL ?= $(if $(ARGS),,-n 3 --dist loadfile --no-loadscope-reorder)

.PHONY: help demo test lint parts bench docs clean

help:
	@echo "make demo    the main job on an embedded broker and store, with simulated traffic"
	@echo "make test    lints, types and all tests; installs what they need, or says what is missing"
	@echo "make lint    ruff, mypy, import-linter"
	@echo "make bench   one table of throughput and latency, made on this machine"
	@echo "make docs    docs/reference, made anew from the definitions"
	@echo "make clean   removes what the other targets made"

demo: $(DEMO)
	$(BIN)/microconv demo $(ARGS)

test: parts lint
	$(BIN)/python -m pytest $(REPORT) $(PARALLEL) $(ARGS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

parts: $(DEV)
	@tests/parts/install.sh $(BIN)/python

bench: $(DEV)
	$(BIN)/python -m bench $(ARGS)

docs: $(DEV)
	$(BIN)/python -m stream.reference docs/reference

clean:
	rm -rf $(VENV) .cache dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name it: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@echo "Making $(VENV)"
	@if command -v uv > /dev/null; then uv venv -q --seed --python $(PYTHON) $(VENV); \
	  elif $(PYTHON) -c 'import ensurepip' 2> /dev/null; then $(PYTHON) -m venv $(VENV); \
	  elif [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	    apt-get update -q && apt-get install -y -q python3-venv && $(PYTHON) -m venv $(VENV); \
	  else echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; fi

# Extra dev brings demo and test along. Editable: a changed source needs no new install, a changed pyproject.toml does.
define install
@echo "Installing microconv[$(1)] into $(VENV) (a minute or so)"
@if command -v uv > /dev/null; then uv pip install -q --python $(BIN)/python -e '.[$(1)]'; \
  else $(BIN)/python -m pip install -q --disable-pip-version-check -e '.[$(1)]'; fi
@touch $@
endef

$(DEMO): pyproject.toml | $(BIN)/python
	$(call install,demo)

$(DEV): pyproject.toml | $(BIN)/python
	$(call install,dev)
