# make book, make test: each makes the environment it needs. make help lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
# the first of these that runs and is new enough
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
RUN := .venv/bin/python
export OPENBLAS_NUM_THREADS ?= 1
export PYDEVD_DISABLE_FILE_VALIDATION = 1
# libraries that go through a set add in the same order in every process
export PYTHONHASHSEED ?= 0

.PHONY: help env cluster book test fast lint sync rerun sweep screenshots pdf archive links readme bench lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

env: ## make .venv from the lock
	@if ! command -v "$(PYTHON)" >/dev/null; then \
	  echo "Python 3.11 or newer is needed; name one with make PYTHON=path/to/python" >&2; exit 1; fi
	@"$(PYTHON)" tools/env.py

# in a folder of its own: libraries that see Spark beside them load it, which is slow and warns
cluster: env ## put Spark into .cluster, for the test that builds the panel with it
	@.venv/bin/uv pip install --quiet --require-hashes --python $(RUN) --target .cluster \
	  --requirement requirements-cluster.lock

test: env ## run everything that CI checks
	@$(RUN) tools/check.py

fast: env ## run the quick tests, which need no book
	@$(RUN) -m pytest -q -n 2 -m "not slow" tests/unit

lint: env ## check style
	@$(RUN) -m ruff check . && $(RUN) -m ruff format --check .

book: env ## execute the notebooks and publish them in _build/html
	@$(RUN) tools/book.py

rerun: env ## publish SCENARIO=scenarios/NAME.yml, or all of them, beside the book
	@if [ -n "$(SWEEP)" ]; then echo "make rerun takes SCENARIO=; for SWEEP= it is make sweep" >&2; exit 2; fi
	@$(RUN) tools/book.py $(if $(SCENARIO),"$(SCENARIO)",--all)

sweep: env ## run every combination of SWEEP=scenarios/NAME.yml into one table and a page
	@if [ -n "$(SCENARIO)" ]; then echo "make sweep takes SWEEP=; for SCENARIO= it is make rerun" >&2; exit 2; fi
	@$(RUN) tools/sweep.py $(if $(SWEEP),"$(SWEEP)")

screenshots: env ## picture every page, wide and narrow, light and dark
	@$(RUN) tools/screenshots.py

pdf: env ## bind the built book into one PDF
	@$(RUN) tools/pdf.py

archive: env ## pack code, lock, executed notebooks and site, the same bytes twice
	@$(RUN) tools/archive.py

links: env ## ask every address that the text names whether it still answers
	@$(RUN) tools/links.py

readme: env ## fill the parts of README.md that are generated
	@$(RUN) tools/readme.py

sync: env ## pair every notebook's .md with its .ipynb, cells formatted
	@.venv/bin/jupytext --quiet --sync notebooks/[0-9]*.md
	@.venv/bin/ruff format --quiet --isolated --line-length 84 notebooks/*.ipynb
	@.venv/bin/jupytext --quiet --sync notebooks/[0-9]*.ipynb

lock: env ## resolve the requirements anew
	@.venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	  --no-annotate --no-header --extra book --extra test --extra dev pyproject.toml \
	  --output-file requirements.lock
	@echo pyspark | .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	  --no-annotate --no-header --constraints requirements.lock - --output-file requirements-cluster.lock

clean: ## remove the book, scenarios, sweeps, records and caches; .venv stays
	@"$(PYTHON)" tools/clean.py

bench: env ## print the benchmarks, SLOW=--slow for statsmodels with dummies
	@$(RUN) benchmarks/run.py $(SLOW)
