# Everything happens in .venv, made by the first target that needs it.
#   make lab        open JupyterLab at notebook 00
#   make run        run the whole course, leave runs/<time>/index.html
#   make test       every check and every test
#   make test-browser   every notebook in JupyterLab in Chromium; pictures in build/screenshots
#   make site       build the site into build/site
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2
# Arguments for pytest, for instance: make test ARGS=tests/kernels
ARGS ?=

.PHONY: run lab test test-browser check notebooks site assets bench lock clean

run: .venv/lab.stamp
	$(BIN)/labkit run

lab: .venv/lab.stamp
	$(BIN)/jupyter lab notebooks/00_start_here.ipynb

test: check
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

test-browser: .venv/dev.stamp
	bash scripts/install_chromium.sh
	LABKIT_BROWSER=all $(BIN)/python -m pytest tests/browser $(ARGS)

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

notebooks: .venv/dev.stamp
	$(BIN)/python scripts/build_notebooks.py

site: .venv/docs.stamp assets
	$(BIN)/python -m scripts.website

# Fonts, MathJax, the widget manager and axe-core, from the npm registry into build/vendor.
assets: .venv/dev.stamp
	$(BIN)/python -m scripts.website.assets

# Peers are large; they get an environment of their own.
bench: .venv-bench/bench.stamp
	for name in $$(cd benchmarks && ls [!_]*.py | sed 's/\.py$$//'); do \
		.venv-bench/bin/python -m benchmarks.$$name --json runs/benchmarks/$$name.json || exit 1; \
	done

lock: .venv/dev.stamp
	bash scripts/lock.sh

clean:
	rm -rf .venv .venv-bench runs build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/lab.stamp: requirements.lock pyproject.toml scripts/setup.sh
	bash scripts/setup.sh .venv requirements.lock "$(PYTHON)"
	touch $@

.venv/dev.stamp: requirements-dev.lock pyproject.toml scripts/setup.sh
	bash scripts/setup.sh .venv requirements-dev.lock "$(PYTHON)"
	touch $@ .venv/lab.stamp

.venv/docs.stamp: requirements-docs.lock .venv/dev.stamp
	bash scripts/setup.sh .venv requirements-docs.lock "$(PYTHON)"
	touch $@

.venv-bench/bench.stamp: requirements-dev.lock pyproject.toml scripts/setup.sh
	bash scripts/setup.sh .venv-bench requirements-dev.lock "$(PYTHON)"
	.venv-bench/bin/python -m pip install -q -c requirements-dev.lock -e ".[bench]"
	touch $@
