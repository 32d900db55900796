.DEFAULT_GOAL := help
.PHONY: help run test equivalence chaos bench bench-churn examples lint lock clean
SHELL := /bin/bash
PYTHON ?= python3
BANK ?= demo
WORKERS ?= 2

help: ## What there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

.venv/ready: requirements.txt pyproject.toml
	@echo "installing the locked packages into .venv (once, about two minutes)"
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: .venv/ready ## One whole night: make run [BANK=demo|berka] [BANK_FILES=dir] [DATE=yyyy-mm-dd]
	@.venv/bin/yihu --bank $(BANK) run $(if $(DATE),--date $(DATE)) $(if $(BANK_FILES),--bank-files $(BANK_FILES))

test: .venv/ready ## All tests, on an embedded server of their own
	@.venv/bin/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests

equivalence: .venv/ready ## The long proof: twenty nights with every fault, thirty clean nights (half an hour)
	@.venv/bin/python -m pytest -q -s -m long -n $(WORKERS) --dist loadfile tests/night

chaos: .venv/ready ## Kill nights in every step, the server, the disk, the connections: make chaos [KILLS=48] [SEED=1] [ONLY="killed"]
	@PYTHONPATH=tests .venv/bin/python -m chaos $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

bench: .venv/ready ## Timings: make bench [ONLY=night|history|identity|tiers|gates] [CUSTOMERS=100000] [MONTHS="13 37"] [RECORDS="100000 1000000"]
	@.venv/bin/python -m benchmarks $(ONLY) $(if $(CUSTOMERS),--customers $(CUSTOMERS)) $(if $(MONTHS),--months $(MONTHS)) \
		$(if $(RECORDS),--records $(RECORDS))

bench-churn: .venv/ready ## The churn model: make bench-churn [SEEDS=5] [ONLY="berka scoring drivers null rule leak drift lifetime"] [CUSTOMERS=20000]
	@.venv/bin/python -m benchmarks.churn $(ONLY) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(CUSTOMERS),--customers $(CUSTOMERS)) \
		$(if $(MONTHS),--months $(MONTHS))

examples: .venv/ready ## The example reports and the table of faults under docs/, of small demo banks made for them
	@YIHU_EXAMPLES=docs .venv/bin/python -m pytest -q tests/night/test_report_page.py tests/night/test_faults.py

lint: .venv/ready ## ruff and sqlfluff
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/sqlfluff lint --disable-progress-bar --processes 2 dbt_project/models

lock: ## Compile requirements.txt from requirements.in again (needs uv)
	@uv pip compile requirements.in --output-file requirements.txt --python-version 3.11 --universal --quiet

clean: ## Stop the embedded server and forget everything under var
	@.venv/bin/yihu db destroy
	@rm -rf $(or $(YIHU_VAR),var)
