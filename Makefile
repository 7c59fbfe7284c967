# Three commands do everything on a machine with Python 3.11+ and make:
#   make app     make demo VIDEO=clip.mp4     make test
# Nothing is installed outside .venv; the pose model goes into the user's cache.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check --no-input

# The sample that `make demo` analyses; VIDEO=... takes any clip, spaces in its name included.
SAMPLE := $(firstword $(wildcard sample_videos/normal_across_and_back.mp4) $(sort $(wildcard sample_videos/*.mp4)))
export CLIP := $(if $(value VIDEO),$(value VIDEO),$(SAMPLE))

.PHONY: help
help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' Makefile | awk -F ':.*## ' '{ printf "  make %-7s %s\n", $$1, $$2 }'

.PHONY: app
app: setup  ## open the app in the browser
	@.venv/bin/streamlit run app.py

.PHONY: demo
demo: video setup  ## analyze VIDEO=clip.mp4 (default: a sample) into result/<its name>/
	@name=$${CLIP##*/}; out="result/$${name%.*}"; \
	.venv/bin/evenstride analyze --out "$$out" -- "$$CLIP" && \
	echo "Open this in a browser: $$out/report.html"

.PHONY: video
video:
	@[ -n "$$CLIP" ] || { echo "sample_videos/ holds no clip. Name one: make demo VIDEO=clip.mp4"; exit 2; }

.PHONY: test
test: setup .venv/.requirements-dev  ## check style, types and imports, and run all tests (what CI runs)
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check . || { echo "Run: .venv/bin/ruff format ."; exit 1; }
	@.venv/bin/mypy --no-error-summary
	@contracts=$$(.venv/bin/lint-imports --no-logo) || { echo "$$contracts"; exit 1; }
	@$(PY) -m validation.walker --fetch-body || echo "The walker's body cannot be had: tests that render are skipped."
	@$(PY) -m pytest -rs

.PHONY: setup
setup: .venv/.requirements libraries  ## make .venv, install everything, get the pose model
	@$(PY) -m vision.model heavy
	@$(PY) -m evenstride.ui.live_setup

.PHONY: clean
clean:  ## remove .venv and caches; results and the pose model stay
	@rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The system libraries of MediaPipe's wheel, which slim Linux systems lack.
.PHONY: libraries
libraries: .venv/.requirements
	@[ "$$(uname)" = Linux ] || exit 0; \
	for each in libGL.so.1:libgl1 libEGL.so.1:libegl1 libGLESv2.so.2:libgles2; do \
	  $(PY) -c "import ctypes; ctypes.CDLL('$${each%:*}')" 2>/dev/null || missing="$$missing $${each#*:}"; \
	done; \
	[ -z "$$missing" ] || { echo "System libraries are missing. Install them: sudo apt-get install$$missing"; exit 1; }

# Stamp files say what is installed; only what changed is done again.
.venv/.requirements: requirements.txt pyproject.toml | $(PY)
	@echo "Installing the packages of requirements.txt into .venv (once; some minutes)"
	@$(PIP) install -r requirements.txt
	@$(PIP) install --no-deps -e .
	@touch $@

.venv/.requirements-dev: requirements-dev.txt .venv/.requirements
	@echo "Installing the packages of requirements-dev.txt into .venv"
	@$(PIP) install -r requirements-dev.txt
	@touch $@

$(PY):
	@for python in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making .venv with $$("$$python" --version)"; \
	    "$$python" -m venv .venv && exit 0; \
	    rm -rf .venv; \
	    echo "Python cannot make a virtual environment. On Debian and Ubuntu: sudo apt-get install python3-venv"; \
	    exit 1; \
	  fi; \
	done; \
	echo "Python 3.11 or newer was not found. Install it: https://www.python.org/downloads/"; exit 1
