# Every target sets up what it needs; nothing has to be installed but Python 3.11+ and make.

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
UV := .tools/bin/uv
NODE_TOOLS := tests/acceptance/generators

# The machine's certificates, so that a company's own proxy or mirror is trusted too.
export UV_SYSTEM_CERTS := 1
# The environment lives here, whatever is activated around us.
unexport VIRTUAL_ENV UV_PROJECT_ENVIRONMENT PYTHONPATH

# Advisories are part of PyPI's document on each version, which a mirror of packages may not have.
ASK_PYPI := import importlib.metadata as m, json, urllib.request as u; \
	where = 'https://pypi.org/pypi/uvicorn/' + m.version('uvicorn') + '/json'; \
	json.load(u.urlopen(where, timeout=20))['vulnerabilities']

.PHONY: help setup quickstart serve test check lint format types layers bench faults openapi client contract gallery packages sbom audit clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: .venv/.ready ## make .venv as uv.lock says

.venv/.ready: pyproject.toml uv.lock $(UV)
	@echo "Setting up .venv ..."
	@$(UV) sync --quiet --locked --all-extras --compile-bytecode --python $(PYTHON)
	@echo "Compiling the loops of the engine ..."
	@$(BIN)/simulacra compile
	@touch $@

$(UV):
	@echo "Fetching uv $(UV_VERSION) ..."
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

quickstart: setup ## run the product end to end on a temporary server
	@$(BIN)/python -m examples.run_quickstart

serve: setup ## run a server on ./simulacra-data
	@$(BIN)/simulacra serve

test: setup ## run the whole test suite
	@$(BIN)/pytest -n 2 --dist loadfile

check: lint types layers ## lint, formats, types and import directions

lint: setup ## lint and check the formatting
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

format: setup ## format the code and apply safe fixes
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

types: setup ## check the types
	@$(BIN)/mypy

layers: setup ## check who may import whom
	@$(BIN)/lint-imports

bench: setup ## measure what the documents quote, into docs/benchmarks
	@$(UV) sync --quiet --locked --all-extras --group bench --python $(PYTHON)
	@$(BIN)/python -m benchmarks.run all
	@$(BIN)/python -m benchmarks.service

contract: setup .tools/contract/.ready ## lint the published documents, generate clients, make up calls
	@SIMULACRA_CONTRACT_TOOLS=$(CURDIR)/.tools/contract $(BIN)/pytest tests/acceptance/test_generators.py

.tools/contract/.ready: $(NODE_TOOLS)/package.json $(NODE_TOOLS)/package-lock.json pyproject.toml uv.lock
	@echo "Installing the tools of the contract ..."
	@mkdir -p .tools/contract
	@UV_PROJECT_ENVIRONMENT=.tools/contract/python $(UV) sync --quiet --locked --only-group contract \
		--python $(PYTHON)
	@if command -v npm >/dev/null; then \
		cp $(NODE_TOOLS)/package.json $(NODE_TOOLS)/package-lock.json .tools/contract && \
		npm ci --prefix .tools/contract --ignore-scripts --no-audit --no-fund --loglevel=error; \
	else \
		echo "npm is missing, so what needs its packages is skipped."; \
	fi
	@touch $@

faults: setup ## inject faults into a cluster for five minutes, and look for lost work
	@$(BIN)/python -m tests.acceptance.faults --minutes 5

openapi: setup ## write the documents in contract/ from the code
	@$(BIN)/python -m simulacra.cli.main openapi > contract/openapi.json
	@$(BIN)/python -m simulacra.cli.main openapi --arazzo > contract/arazzo.json

client: setup ## write the blocking client and its exceptions from the code they follow from
	@$(BIN)/python -m tools.client

gallery: setup ## write code, output and pictures of docs/gallery.md from examples/gallery
	@$(UV) sync --quiet --locked --all-extras --group bench --python $(PYTHON)
	@$(BIN)/python -m tools.gallery

packages: setup ## build the packages, and try them in empty environments of each Python
	@$(BIN)/python -m tools.packages

sbom: $(UV) ## write the bill of materials of the service (CycloneDX) to sbom.cdx.json
	@$(UV) export --quiet --locked --no-dev --extra service --preview-features sbom-export \
		--format cyclonedx1.5 --output-file sbom.cdx.json
	@echo "sbom.cdx.json"

audit: setup ## look the locked packages up in the advisory database of PyPI
	@$(UV) sync --quiet --locked --all-extras --group audit --python $(PYTHON)
	@$(UV) export --quiet --locked --no-dev --extra service --no-emit-workspace \
		--format requirements.txt --output-file .audit-requirements.txt
	@if $(BIN)/python -c "$(ASK_PYPI)" 2>/dev/null; then \
		$(BIN)/pip-audit --requirement .audit-requirements.txt --require-hashes --disable-pip --strict; \
	else \
		echo "The audit is skipped: pypi.org, which has the advisories, cannot be reached."; \
	fi

clean: ## remove the environment and the caches
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
