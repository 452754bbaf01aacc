# One word each: run, test, lint, bench, lock, mutants, setup.
# Needs GNU make and Python 3.11 or newer; the rest is installed into .venv.

PYTHON ?= python3
UV_VERSION = 0.13.8

IN_VENV = .venv/bin/python
INSTALL = $(IN_VENV) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
COMPILE = .uv/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(UPGRADE)

.PHONY: help run test lint bench lock mutants setup

help:
	@echo "make run      the demo clinic at http://127.0.0.1:5000"
	@echo "make test     every test, on SQLite and PostgreSQL, in a real browser"
	@echo "make lint     ruff and mypy"
	@echo "make bench    measure speed (ONLY=rescreening or ONLY=waiting for one part)"
	@echo "make mutants  break screening/ on purpose and count what the tests notice"
	@echo "make lock     renew requirements/*.txt (UPGRADE=--upgrade for newer versions)"
	@echo "make setup    only install what development needs"

# exec: the signals meant for the clinic reach the clinic, with no shell in between.
run: .venv/run.stamp
	@exec $(IN_VENV) -m flask --app app up

# Two passes of two processes each: first the many small tests, then those marked serial,
# which start servers, workers and browsers of their own: these long ones are handed out
# one by one, so that neither process is left with many. Both passes always run; either
# one failing fails the command.
test: .venv/dev.stamp
	@$(IN_VENV) -m tools.chromium
	@failed=0; \
	$(IN_VENV) -m pytest -q -n 2 -m "not serial" || failed=1; \
	$(IN_VENV) -m pytest -q -n 2 --dist loadgroup -m serial || failed=1; \
	if [ $$failed = 0 ]; then echo "All tests passed."; else echo "Tests failed."; fi; \
	exit $$failed

lint: .venv/dev.stamp
	@$(IN_VENV) -m ruff check .
	@$(IN_VENV) -m ruff format --check .
	@$(IN_VENV) -m mypy

bench: .venv/dev.stamp
	@exec $(IN_VENV) -m bench $(ONLY)

mutants: .venv/dev.stamp
	@$(IN_VENV) -m tools.mutants $(ONLY)

setup: .venv/run.stamp .venv/dev.stamp

# dev first: run is a selection of it, so that both name the same versions.
lock: .uv/bin/uv
	@$(COMPILE) --group dev pyproject.toml --output-file requirements/dev.txt
	@$(COMPILE) --constraints requirements/dev.txt pyproject.toml --output-file requirements/run.txt

.venv/run.stamp: requirements/run.txt | .venv/made.stamp
	@echo "Installing what Clearslot needs into .venv ..."
	@$(INSTALL) -r requirements/run.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt | .venv/made.stamp
	@echo "Installing what the tests need into .venv ..."
	@$(INSTALL) -r requirements/dev.txt
	@touch $@

.venv/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Clearslot needs Python 3.11 or newer; '$(PYTHON)' is missing or older." >&2; \
	  echo "If another one is installed, name it: make PYTHON=python3.12 run" >&2; \
	  exit 1; }
	@$(PYTHON) -m venv --clear .venv || { \
	  rm -rf .venv; \
	  echo "Python could not make a virtual environment." >&2; \
	  echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	  exit 1; }
	@touch $@

.uv/bin/uv:
	@$(PYTHON) -m venv --clear .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
