# make demo | test | check | bench | fix: each sets up .venv first where that is still to be done.

PYTHON ?= python3
BIN := .venv/bin

# Cached byte code saves seconds at every start; some machines switch it off.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check bench fix clean

demo: .venv/ready  ## the main job on the embedded default: a table on the screen, a run folder in runs/demo
	$(BIN)/evenreg compare digits-rotation --methods "sqinv; sqinv + lds; gai" --out runs/demo --overwrite

test: .venv/ready  ## all tests
	$(BIN)/python -m pytest tests

check: .venv/ready  ## style, types, layers, and every example in docstrings, README and docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --doctest-modules src tests/structure/test_docs_blocks.py

bench: .venv/ready  ## speed and memory of the parts, each against a plain reference; benchmarks/studies are experiments
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

fix: .venv/ready  ## what ruff can mend by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## everything that make made
	rm -rf .venv runs

# pip would compile on one core; compileall uses all of them. A file that does not compile is a library's template.
.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("evenreg needs Python 3.11 or newer, " + sys.executable + " is " + sys.version.split()[0] + "; call make PYTHON=/path/to/newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt -e '.[all,dev]'
	@$(BIN)/python -m compileall -q -j 0 -x '/tests?/' .venv/lib >/dev/null 2>&1 || true
	@touch $@
