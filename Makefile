# make serve: the demo as a live preview. make test: everything that must hold.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: serve build test lint types layers tests site test-lowest words bench clean

serve: .venv/.installed
	$(BIN)/mkdocs serve

build: .venv/.installed
	$(BIN)/mkdocs build

test: lint types layers tests site

lint: .venv/.developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.developed
	$(BIN)/mypy

layers: .venv/.developed
	$(BIN)/lint-imports

tests: .venv/.developed
	$(BIN)/pytest

site: .venv/.developed
	$(BIN)/mkdocs build --strict

# The tests with the lowest versions that pyproject.toml allows.
test-lowest: .venv-lowest/.developed
	.venv-lowest/bin/pytest

.venv-lowest/.developed: pyproject.toml tools/lowest.py
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python tools/lowest.py > .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pip install --quiet --constraint .venv-lowest/constraints.txt --editable '.[dev]'
	touch $@

# The words of templates, code and scripts, and their translations brought up to date.
words: .venv/.developed
	mkdir -p .cache
	$(BIN)/pybabel -q extract -F babel.cfg -k said --no-wrap --sort-output --add-location=never --omit-header -o .cache/words.pot .
	for po in site_template/locale/*/LC_MESSAGES/kpisite.po; do \
	  $(BIN)/pybabel -q update -i .cache/words.pot -o $$po -l $$(basename $$(dirname $$(dirname $$po))) \
	    --no-wrap --ignore-pot-creation-date --no-fuzzy-matching --ignore-obsolete || exit 1; done

# What kpisite costs, side by side with what it stands on; single rows: make bench ROWS="cold serve".
bench: .venv/.installed
	$(BIN)/python benchmarks/bench.py $(ROWS)

clean:
	rm -rf .venv .venv-lowest .cache archive site dist artifacts

.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/.developed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ .venv/.installed
