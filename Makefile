# make demo   annotate the embedded corpus with the embedded model
# make check  formatting, lint and types
# make test   the tests, offline and on the CPU
# make core   README.md from top to bottom, on a fresh environment with the core alone
# make docs   the documentation as a site, in build/site
# make reproduce  annotate, tune, evaluate: the tables of docs/results/reproduce.md; SEEDS=3 repeats it
# make reproduce-real  the same with SmolLM2-135M-Instruct: five hours on two slow cores; SIZE=small: 40 minutes
# make bench  what the engine must show, into docs/results/engine.md; about a quarter of an hour
# make campaigns  kills, hostile input, damage: tried by the hundred, into docs/results/campaigns.md
# make nano   the embedded model anew: about three hours on two cores; continues after a kill
# make smollm2  SmolLM2-135M-Instruct, a real pretrained model, into build/smollm2: once

VENV ?= .venv
BIN := $(VENV)/bin
# The first Python that is new enough.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help demo check test core docs reproduce reproduce-real bench campaigns nano smollm2 clean

help:
	@sed -n 's/^# make/make/p' Makefile

demo: $(VENV)/installed
	$(BIN)/toolformer annotate

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# A file's tests stay in one process: they share models. One thread each, or they hold up each other.
JOBS ?= auto

# Some tests kill processes at moments of a clock, or ask how long something took: what a busy machine fails
# is run a second time and listed. What fails twice fails.
test: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --reruns 1 -r R

core:
	PYTHON=$(PYTHON) .ci/core

docs: $(VENV)/installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

SEEDS ?= 1

reproduce: $(VENV)/installed-dev
	$(BIN)/python -m recipes.reproduce --seeds $(SEEDS) --write docs/results/reproduce.md

SIZE ?= full

reproduce-real: smollm2
	$(BIN)/python -m recipes.real --size $(SIZE) --write docs/results/reproduce-real.md

bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.bench --write docs/results/engine.md

campaigns: $(VENV)/installed-dev
	$(BIN)/python -m tests.campaigns --write docs/results/campaigns.md

nano: $(VENV)/installed
	$(BIN)/python -m toolformer pretrain recipes/nano/nano.yaml --out build/nano-first
	$(BIN)/python -m toolformer pretrain recipes/nano/second.yaml --out build/nano
	$(BIN)/python -m recipes.nano.package build/nano

smollm2: $(VENV)/installed-dev
	$(BIN)/python -m recipes.smollm2 build/smollm2

clean:
	rm -rf $(VENV)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found: make PYTHON=/path/to/python" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,lm-eval]"
	touch $@

$(VENV)/installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[docs]"
	touch $@
