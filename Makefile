# `make` lists the targets; CI calls the same ones.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV ?= .venv
PY := $(VENV)/bin/python
PYTHON ?=
SETUP := bash tools/setup.sh
.PHONY: help setup setup-dev run up down test lint format bench score faults chaos train docs lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: ## .venv from the lock (requirements.txt), bytecode compiled
	@VENV=$(VENV) PYTHON="$(PYTHON)" $(SETUP) requirements.txt

run: setup ## Airflow with the sample batch on this machine; ONCE=1 ends after the table
	@$(PY) -m gateway_airflow.standalone $(if $(ONCE),--once) $(if $(NO_SAMPLES),--no-samples)

up: ## docker compose: PostgreSQL, Redis, Celery workers; waits until every part is healthy
	@python3 tools/make_env.py
	@docker compose up --detach --build --wait

down: ## stops what `make up` started; the data stays
	@docker compose down

setup-dev:
	@VENV=$(VENV) PYTHON="$(PYTHON)" $(SETUP) requirements-dev.txt

test: setup-dev ## the tests, the real Airflow included (T="-m 'not integration'" for less)
	@$(PY) -m pytest $(T)

lint: setup-dev ## ruff, mypy, import rules, generated docs up to date
	@$(VENV)/bin/ruff check -q . && $(VENV)/bin/ruff format -q --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache --config pyproject.toml | grep -E "KEPT|BROKEN|->" ; exit $${PIPESTATUS[0]}
	@$(PY) -m gateway docs --check
	@$(PY) -m gateway agents check

docs: setup-dev ## the generated pages of docs/
	@$(PY) -m gateway docs

score: setup-dev ## extraction and gates against the corpus beside the checkout (LARGE=1: the large files too)
	@$(PY) benchmarks/score.py $(if $(LARGE),--large)
	@$(PY) benchmarks/prove_gates.py

bench: setup-dev ## what each step costs; ends with one JSON line a figure
	@$(PY) benchmarks/bench_extract.py
	@$(PY) benchmarks/files.py
	@$(PY) benchmarks/bench_judge.py
	@$(PY) benchmarks/bench_deliver.py
	@$(PY) benchmarks/bench_page.py

faults: setup-dev ## 1,000 deliveries with a worker killed, a connection cut, a target restarted (TRIALS=100 for less)
	@$(PY) benchmarks/faults.py --trials $(or $(TRIALS),1000)

chaos: setup-dev ## 200 trials of batches that are killed, starved and sent twice, on both databases (TRIALS=20 for less)
	@$(PY) benchmarks/chaos.py --trials $(or $(TRIALS),200)

train: setup-dev ## the extraction's scorer anew, from generated documents of our own (about 4 minutes)
	@$(PY) training/train.py

format: setup-dev ## ruff's fixes and format
	@$(VENV)/bin/ruff check -q --fix . ; $(VENV)/bin/ruff format -q .

lock: setup-dev ## the three locks anew from pyproject.toml
	@bash tools/lock.sh

clean: ## everything that make made, .gateway (the data!) left alone
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .artifacts
