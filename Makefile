# `make` lists the targets; CI calls the same ones.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV ?= .venv
PY := $(VENV)/bin/python
PYTHON ?=
JOBS ?= 2
SETUP := bash tools/setup.sh
.PHONY: help setup setup-dev run up down test test-distributed test-matrix lint audit sbom format bench bench-scale score erasures faults chaos chaos-airflow train calibrate fairness docs doctor lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: ## .venv from the lock, this checkout installed into it (Linux; Python 3.11 to 3.13)
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

test: setup-dev ## the tests, side by side, then those with the real Airflow (T="tests/unit -x" for some, one after the other)
ifdef T
	@$(PY) -m pytest $(T)
else
	@$(PY) -m pytest -m "not integration and not distributed" -n $(JOBS) --dist loadfile
	@$(PY) -m pytest -m integration
endif

test-distributed: setup-dev ## two workers and a front machine that share no disk, one of them killed (needs redis-server)
	@$(PY) -m pytest -m distributed -s

test-matrix: setup-dev ## the tests without Airflow on Python 3.11, 3.12 and 3.13 (VERSIONS="3.12", T="tests/unit" for less)
	@bash tools/test-matrix.sh $(T)

lint: setup-dev ## ruff, mypy, import rules, dependencies, dead code, lock and generated docs up to date
	@$(VENV)/bin/ruff check -q . && $(VENV)/bin/ruff format -q --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache --config pyproject.toml | grep -E "KEPT|BROKEN|->" ; exit $${PIPESTATUS[0]}
	@$(VENV)/bin/deptry . --no-ansi 2>&1 | grep -v "^Scanning\|^Success\|^$$" ; exit $${PIPESTATUS[0]}
	@$(PY) tools/dead_code.py
	@bash tools/lock.sh --check
	@$(PY) -m gateway docs --check
	@$(PY) -m gateway agents check

audit: setup-dev ## known vulnerabilities of what the lock holds (asks api.osv.dev)
	@bash tools/audit.sh

sbom: setup-dev ## what the image holds, as CycloneDX, into sbom.json
	@bash tools/sbom.sh sbom.json

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
	@$(PY) benchmarks/bench_outbox.py
	@$(PY) benchmarks/bench_page.py
	@$(PY) benchmarks/bench_audit.py
	@$(PY) benchmarks/bench_erasure.py --trials 5
	@$(PY) benchmarks/bench_encryption.py

bench-scale: setup-dev ## what documents cost through Airflow, and what a million a day needs (a quiet machine, 15 minutes; P=readers,few for parts)
	@$(PY) benchmarks/bench_scale.py $(if $(P),--parts $(P),--save benchmarks/figures.json)
	@$(PY) benchmarks/scale.py
	@$(PY) benchmarks/growth.py

erasures: setup-dev ## 50 erasures killed in the middle on each of SQLite, PostgreSQL and an object store; one among 100,000 (TRIALS=5)
	@$(PY) benchmarks/bench_erasure.py --trials $(or $(TRIALS),50)

faults: setup-dev ## 1,000 deliveries with a worker killed, a connection cut, a target restarted (TRIALS=100 for less)
	@$(PY) benchmarks/faults.py --trials $(or $(TRIALS),1000)

chaos: setup-dev ## 200 trials of batches that are killed, starved and sent twice, on both databases (TRIALS=20 for less)
	@$(PY) benchmarks/chaos.py --trials $(or $(TRIALS),200)

chaos-airflow: setup-dev ## 40 trials against the real Airflow: its parts killed, the store locked, the mail server away (TRIALS=10)
	@$(PY) benchmarks/chaos_airflow.py --trials $(or $(TRIALS),20)

train: setup-dev ## the extraction's scorer anew, from generated documents of our own, then calibrate (about 8 minutes)
	@$(PY) training/train.py
	@$(PY) training/calibrate.py

calibrate: setup-dev ## the risk model and its limits for the reader as it is now (under 5 minutes)
	@$(PY) training/calibrate.py $(if $(REAL),--real $(REAL))

fairness: setup-dev ## is anybody held for how their document looks; writes docs/fairness.md (PEOPLE=10 for less)
	@$(PY) training/fairness.py --people $(or $(PEOPLE),40)

format: setup-dev ## ruff's fixes and format
	@$(VENV)/bin/ruff check -q --fix . ; $(VENV)/bin/ruff format -q .

doctor: setup ## is this installation well, and what to do
	@$(PY) -m gateway doctor

lock: setup-dev ## uv.lock and the lists exported from it, anew from pyproject.toml (L=--upgrade for newer versions)
	@bash tools/lock.sh $(L)

clean: ## everything that make made, .gateway (the data!) left alone
	@rm -rf $(VENV) .venv-3.1? .pytest_cache .mypy_cache .ruff_cache .hypothesis .artifacts
