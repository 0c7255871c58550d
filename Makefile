# `make help` lists the targets. Variables: PYTHON (which Python makes the environment), CORES,
# PROFILE (quick, paper, full), e.g. `make report PROFILE=paper CORES=8`.
PYTHON ?= python3
CORES ?= all
PROFILE ?= quick

VENV := .venv
RUN := $(VENV)/bin/python -m
INSTALLED := $(VENV)/installed
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --no-input --quiet
OVERLAY := $(if $(filter-out quick,$(PROFILE)),--configfile config/$(PROFILE).yaml)
SNAKEMAKE := $(RUN) snakemake --cores $(CORES) $(OVERLAY)

# Snakemake cannot run without a folder for its cache; without a writable home, it gets this one.
ifneq ($(shell test -w "$${HOME:-/nowhere}" && echo yes),yes)
export XDG_CACHE_HOME ?= $(CURDIR)/build/cache
endif

PEERS := .venv-peers
GPU := .venv-gpu
CUDA ?= cuda13
OLDEST := .venv-oldest
NEWEST := .venv-newest
TESTS ?= tests

.PHONY: help env report results-current test test-all test-oldest test-newest test-slurm lint audit \
  bench bench-peers gpu gpu-rehearsal docs lock dist clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

$(INSTALLED): requirements.lock pyproject.toml
	@case "$$(realpath -m '$(VENV)')" in *' '*) echo 'Snakemake cannot run a Python whose path has' \
	  'a space; name another place for the environment: make VENV=$$HOME/strsbp-env' >&2; exit 1;; esac
	@echo 'Making the environment in $(VENV) from requirements.lock; this takes a minute or two.'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Python 3.11 or newer is needed; name one: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

env: $(INSTALLED) ## make the environment in .venv

report: $(INSTALLED) ## make the environment, run the workflow, print the verdicts
	@$(SNAKEMAKE) --prioritize activation # compiles the kernels while others simulate
	@$(RUN) strsbp.study.report.terminal results/$(PROFILE)/judge_claims/claims.csv \
	  results/$(PROFILE)/report.html

# For results of a fresh clone, or runs copied from elsewhere: Snakemake then takes them as made by
# the current settings and code. tests/test_results.py checks whether they were.
results-current: $(INSTALLED) ## tell Snakemake that the results of PROFILE are up to date
	@$(SNAKEMAKE) --touch --forceall --quiet all

# On all cores; the tests of a file stay together, because they share fixtures.
PYTEST := pytest -n auto --dist loadfile --no-loadscope-reorder

test: $(INSTALLED) ## run the tests
	@$(RUN) $(PYTEST)

test-all: $(INSTALLED) ## run the slow tests too (STRSBP_DATA_DIR=FOLDER for those that need images)
	@$(RUN) $(PYTEST) -m 'not slurm'

# `make test-oldest TESTS=tests/test_study.py` runs a single file.
$(OLDEST)/installed: RESOLUTION := lowest-direct
$(NEWEST)/installed: RESOLUTION := highest
$(OLDEST)/installed $(NEWEST)/installed: pyproject.toml | $(INSTALLED)
	@$(VENV)/bin/uv venv --quiet --clear --python $(VENV)/bin/python $(@D)
	@$(VENV)/bin/uv pip install --quiet --python $(@D) --resolution $(RESOLUTION) -e '.[dev,docs,workflow]'
	@touch $@

test-oldest: $(OLDEST)/installed ## run the tests with the oldest versions that pyproject.toml allows
	@$(OLDEST)/bin/python -m $(PYTEST) $(TESTS)

test-newest: $(NEWEST)/installed ## run them with the newest versions
	@$(NEWEST)/bin/python -m $(PYTEST) $(TESTS)

audit: $(INSTALLED) ## look for known vulnerabilities in the packages of requirements.lock
	@$(VENV)/bin/uv tool run pip-audit --strict --progress-spinner off --require-hashes \
	  --disable-pip -r requirements.lock \
	  || { echo 'Not clean: a vulnerability is listed above, or the service could not be asked' \
	  'about every package; see docs/maintainers.md.' >&2; exit 1; }

# Says what to install if Slurm's programs are missing; installs nothing itself.
test-slurm: $(INSTALLED) ## run the workflow on its own Slurm cluster of one node
	@$(RUN) pytest -m slurm tests/test_slurm.py

lint: $(INSTALLED) ## check style, types, imports and the workflow
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) snakefmt --check workflow
	@$(RUN) mypy
	@$(VENV)/bin/python -c 'from importlinter.cli import lint_imports_command as lint; lint()'
	@$(RUN) snakemake --lint

bench: $(INSTALLED) ## time the engine and the simulation on this machine
	@$(VENV)/bin/python benchmarks/bench_engine.py

$(PEERS)/installed: benchmarks/requirements-peers.txt pyproject.toml
	@$(PYTHON) -m venv --clear $(PEERS)
	@$(PEERS)/bin/python -m pip --disable-pip-version-check --quiet install \
	  -r benchmarks/requirements-peers.txt -e .
	@touch $@

bench-peers: $(PEERS)/installed ## time other libraries for comparison, in an environment of their own
	@$(PEERS)/bin/python benchmarks/bench_peers.py

# CuPy is installed on top of the lock. With WHEELS=FOLDER, pip also looks in that folder. If numba is
# there, the folder is taken to be complete, and pip looks nowhere else (docs/how-to/gpu.md).
FIND := $(if $(WHEELS),--find-links $(WHEELS) $(if $(wildcard $(WHEELS)/numba-*),--no-index))
$(GPU)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -m venv --clear $(GPU)
	@$(GPU)/bin/python -m pip --quiet install $(FIND) --require-hashes -r requirements.lock
	@$(GPU)/bin/python -m pip --quiet install $(FIND) --no-build-isolation -e '.[$(CUDA)]'
	@touch $@

gpu: $(GPU)/installed ## test and time everything on an NVIDIA GPU, in eight minutes (docs/how-to/gpu.md)
	@$(GPU)/bin/python benchmarks/bench_gpu.py

gpu-rehearsal: $(INSTALLED) ## the same at a small size, with a stand-in for the GPU
	@PYTHONPATH=$(CURDIR)/tests/cuda_host/on_path $(VENV)/bin/python benchmarks/bench_gpu.py \
	  --rehearsal --out build/gpu

docs: $(INSTALLED) ## refresh the generated parts of README and docs, and build the site
	@$(RUN) strsbp.study.documents
	@NO_MKDOCS_2_WARNING=1 $(RUN) mkdocs build --quiet
	@echo 'The documentation is in build/site/index.html.'

lock: $(INSTALLED) ## rewrite requirements.lock from pyproject.toml
	@$(VENV)/bin/uv --no-config pip compile pyproject.toml --extra dev --extra docs --extra workflow \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --upgrade --quiet --custom-compile-command 'make lock' -o requirements.lock

dist: $(INSTALLED) ## build the wheel, the sdist and an archive of the paper-size results in dist/
	@rm -rf dist
	@$(VENV)/bin/uv build --quiet
	@git archive --output dist/results-paper.tar.gz HEAD results/paper

clean: ## remove environments and caches; results stay
	rm -rf $(VENV) $(OLDEST) $(NEWEST) $(GPU) $(PEERS) .snakemake .*_cache build dist *.egg-info
	find strsbp tests workflow -name __pycache__ -type d -prune -exec rm -rf {} +
