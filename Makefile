# Everything a developer or CI calls. `make run` and `make test` need only Python 3.11+ (with venv), git and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# twice the cores that CI has: half of a test's time is waiting for servers that it starts itself
JOBS   ?= 4
# these weigh memory and count polls a minute
LONG_JOBS ?= 2

# where it is set, as in many containers, each of the tests' hundred starts compiles all of monitor/ anew
unexport PYTHONDONTWRITEBYTECODE

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

.DEFAULT_GOAL := all
.PHONY: all help run test long check format install gate rules tables bench dist install-service clean

all: check test

help:  ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' Makefile | expand -t 18

install: $(STAMP)

# --no-deps: the lock is whole, and pip check says if it is not. Following the packages' own wishes, pip before 23.3 warns that lxml
# has no extra html_clean: it compares that spelling with html-clean, the normal form under which lxml lists it.
$(STAMP): requirements.lock pyproject.toml
	@echo "installing into $(VENV)/: a minute or two, the first time and after an upgrade"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check --disable-pip-version-check
	touch $(STAMP)

run: $(STAMP)  ## the service on embedded defaults: SQLite and alerts as files under state/
	exec $(BIN)/coopwatch run

test: $(STAMP)  ## all tests but the long ones: under five minutes on two cores
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not long"

long: $(STAMP)  ## kills, soaks, fleet, a million rows: under 30 minutes
	$(BIN)/python -m pytest -q -n $(LONG_JOBS) --dist loadfile -m long --timeout 1800

check: $(STAMP)  ## format, lint, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

tables: $(STAMP)  ## monitor/store/tables.py anew, after a change of monitor/store/rows.py
	$(BIN)/python .ci/tables.py >.tables.py
	$(BIN)/ruff format .tables.py
	mv .tables.py monitor/store/tables.py

.venv-bench/.installed: bench/requirements.lock
	test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bench/requirements.lock
	touch .venv-bench/.installed

bench: $(STAMP) .venv-bench/.installed  ## the table of docs/performance.md, beside lemon24/reader; about 13 minutes
	$(BIN)/python -m bench

dist: $(STAMP)  ## dist/wheelhouse: everything that an installation without internet needs, of this machine's kind
	rm -rf build dist
	mkdir -p dist/wheelhouse
	$(BIN)/python .ci/runtime_lock.py >dist/wheelhouse/requirements.txt
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --require-hashes -w dist/wheelhouse -r dist/wheelhouse/requirements.txt
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w dist/wheelhouse .
	rm -rf build
	tar -C dist -czf dist/coopwatch-$(VERSION)-wheelhouse.tar.gz wheelhouse

dist/wheelhouse:
	$(MAKE) dist

install-service: dist/wheelhouse  ## a folder for this version, the link `current`, units, /etc/coopwatch; starts nothing
	WHEELHOUSE=dist/wheelhouse VERSION=$(VERSION) PYTHON="$(PYTHON)" PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" sh systemd/install.sh

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
