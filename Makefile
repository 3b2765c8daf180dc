# The two commands are `make demo` and `make test`; both set up .venv from the lock first.
PYTHON ?= python3
CORES ?= all
BIN := .venv/bin

.PHONY: demo test test-fast test-cluster test-exchange coverage sheet report lint docs

demo: .venv/ready
	$(BIN)/snakemake --cores $(CORES) all package
	@$(BIN)/python -c "print(open('results/demo/tables/results.md', encoding='utf-8').read())"
	@echo "Tables: results/demo/tables/   figures: results/demo/figures/   everything on one page: results/demo/report.html"
	@echo "The best student reads two slides of the test patients, D053 (sheet_regular) and D054 (sheet_atypical):"
	@$(BIN)/lowpower read results/demo/packages/best data/demo/D053.tiff data/demo/D054.tiff --out results/demo/readings
	@cut -d, -f1,4,5 results/demo/readings/readings.csv

test: .venv/ready
	$(BIN)/python -m pytest

# Under a minute: without the tests marked slow (pyproject.toml), in two processes. Neighbors share a process, so that
# most fixtures of a module are made once.
test-fast: .venv/ready
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist worksteal

# Takes minutes: the rules' environments, and a SLURM that the tests start here, as root, from Debian's packages
# (slurm-wlm, munge). Their packages stay out of .venv. Where one is missing, its tests are skipped with a message.
test-cluster: .venv/ready
	-@$(MAKE) --silent --keep-going .cluster/slurm/ready .cluster/conda/ready
	$(BIN)/python -m pytest -o "pythonpath=tests/helpers .cluster/conda" tests/cluster

.cluster/%/ready: requirements-%.txt .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(@D) --requirement $<
	@touch $@

# Takes minutes and 10 GB: exported models in other programs, each in an environment of its own. Where one cannot be made,
# its tests are skipped with a message.
test-exchange: .venv/ready
	-@$(MAKE) --silent --keep-going .exchange/wsinfer/ready .exchange/torch-2.5.1/ready
	$(BIN)/python -m pytest tests/inference/test_exchange.py

.exchange/%/ready: requirements-%.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# A sheet to fill in, from a folder of slides: make sheet SLIDES=folder [SHEET=other.csv]
sheet: .venv/ready
	@$(BIN)/lowpower sheet "$(SLIDES)" "$(SHEET)"

# Snakemake's own report of the last demo run: rules, run times, code.
report: .venv/ready
	$(BIN)/snakemake --cores 1 --report results/demo/snakemake-report.zip

lint: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint
	$(BIN)/mypy

# The tests with the share of the library's lines that they run in their own processes; no share is required.
coverage: .venv/ready
	$(BIN)/python -m pytest --cov=lowpower --cov-report=term:skip-covered

# The schemas and the page of the config, from the settings classes.
docs: .venv/ready
	$(BIN)/python -m lowpower.config.config_page schemas/config.schema.yaml docs/configuration.md
	$(BIN)/python -m lowpower.claims.claims_schema schemas/claims.schema.yaml

.venv: .venv/ready

.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c "import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f'lowpower needs Python 3.11 or newer; {sys.executable} is {v.major}.{v.minor}. Write: make PYTHON=python3.12 ...')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
