# The one place that knows the order of the steps. `make help` lists the commands.

comma := ,
PROFILE ?= book
BUILD ?= _build
VENV ?= .venv
CELL_TIMEOUT ?= 7200
PORT ?= 8000
TOLERANCE ?= 0
BENCHMARK ?= dfa_utils/results/benchmark.json
SOAK ?= dfa_utils/results/soak.json
# A browser of this family prints the PDF. Without one there is no PDF, and no link to it.
ifeq ($(origin CHROMIUM),undefined)
CHROMIUM := $(firstword $(foreach name,chromium chromium-browser google-chrome google-chrome-stable chrome, \
    $(shell command -v $(name) 2>/dev/null)))
endif

# cuda12 or cuda13 where an NVIDIA driver answers, by the CUDA version that it supports; else torch.
DRIVER_CUDA := $(shell nvidia-smi 2>/dev/null | sed -n 's/.*CUDA [A-Z ]*Version: *\([0-9]*\).*/\1/p' | head -n 1)
ifeq ($(DRIVER_CUDA),12)
ACCELERATOR ?= cuda12
else ifneq ($(filter-out 9 10 11,$(DRIVER_CUDA)),)
ACCELERATOR ?= cuda13
else
ACCELERATOR ?= torch
endif

STAMP := $(VENV)/.installed-$(ACCELERATOR)
TESTING := $(STAMP)-testing
# Where no accelerator brings a CuPy, the tests bring one, to look for the names that the code calls.
TEST_EXTRAS := test$(if $(filter torch,$(ACCELERATOR)),$(comma)test-cupy)
PYTHON := $(VENV)/bin/python
# By content, so that copies of a tree find what is there whatever their time stamps say.
JAVASCRIPT := $(VENV)/javascript/$(shell cksum < book/play/package-lock.json | cut -d ' ' -f 1)
OUT := $(BUILD)/$(PROFILE)
SOURCES := $(wildcard notebooks/*.py)
EXECUTED := $(SOURCES:notebooks/%.py=$(OUT)/executed/%.ipynb)
# What a notebook may read: neither the sweeps above it nor what only the pages show.
PACKAGE := $(shell find dfa_utils -name __pycache__ -prune -o -type f -print | sort)
LIBRARY := $(filter-out $(BENCHMARK) $(SOAK) dfa_utils/sweep/%,$(PACKAGE))
PAGES := $(PACKAGE) $(shell find _config.yml _toc.yml book benchmarks -path book/profiles -prune -o \
    -name __pycache__ -prune -o -type f -print | sort)

# The tree's own dfa_utils, and one thread for each process: sums then round the same in every run.
export PYTHONPATH := $(CURDIR)
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export VECLIB_MAXIMUM_THREADS := 1
export BLIS_NUM_THREADS := 1
export PYTHONUNBUFFERED := 1
# pip has left the compiling of modules to their first import: without this each process, some
# hundreds in one build and its tests, would do it again where a shell asks for no caches.
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help book test soak verify audit bench serve sync constraints clean FORCE

help: ## list the commands
	@echo "make COMMAND, one of:"
	@sed -n 's/^\([a-z-]*\):.*## /  \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-13s %s\n", $$1, $$2 }'
	@echo "Variables: PROFILE=$(PROFILE) (a file of book/profiles), BUILD=$(BUILD), VENV=$(VENV),"
	@echo "  CELL_TIMEOUT=$(CELL_TIMEOUT) (seconds), PORT=$(PORT) (of serve), BENCHMARK=$(BENCHMARK),"
	@echo "  SOAK=$(SOAK), TOLERANCE=$(TOLERANCE) (of verify, in the unit of each record),"
	@echo "  CHROMIUM=$(CHROMIUM) (prints the PDF; empty is none),"
	@echo "  TESTS='-k my_chapter' (of test: what pytest takes),"
	@echo "  DISCARD=1 (of sync: write over notebooks/*.ipynb that have been edited)."
	@echo "make -j2 book runs two notebooks at once."

book: $(OUT)/.published ## execute what changed and build the pages (PROFILE=book)
	@echo "The book is ready: $(abspath $(OUT)/html/index.html)"

test: $(TESTING) $(JAVASCRIPT)/.installed ## run all tests, two at a time, or those that TESTS selects
	$(PYTHON) -m pytest -n 2 --dist worksteal $(TESTS)

bench: $(TESTING) ## time this project beside others; writes BENCHMARK
	$(PYTHON) -m benchmarks $(BENCHMARK)

soak: $(TESTING) ## run the long tests (kills, damage, garbage, precision); writes SOAK
	$(PYTHON) tests/soak.py $(SOAK)

verify: $(EXECUTED) ## build every notebook again, aside; compare all records and what is shown
	rm -rf $(BUILD)/verify
	$(MAKE) executed BUILD=$(BUILD)/verify
	$(PYTHON) book/tools/verify.py $(OUT)/executed $(BUILD)/verify/$(PROFILE)/executed \
	    --tolerance $(TOLERANCE)

audit: $(TESTING) ## ask pip-audit about known vulnerabilities of what is installed
	$(PYTHON) -m pip install --quiet --constraint constraints.txt pip-audit==2.10.1
	$(PYTHON) -m pip_audit --local --skip-editable --progress-spinner off

serve: ## show the built pages at a local address
	@test -f $(OUT)/.published || { echo "Nothing to serve: make book PROFILE=$(PROFILE) first."; exit 1; }
	@echo "http://127.0.0.1:$(PORT)/ until Ctrl-C"
	@$(PYTHON) -m http.server $(PORT) --bind 127.0.0.1 --directory $(OUT)/html

sync: $(STAMP) ## write notebooks/*.ipynb from notebooks/*.py, and the list of the README
	$(PYTHON) book/tools/pair.py $(SOURCES) $(if $(DISCARD),--discard)
	$(PYTHON) book/tools/contents.py

constraints: $(STAMP) ## write constraints.txt anew with the latest versions
	$(PYTHON) -m pip install --quiet uv
	sed '/^[^#]/d' constraints.txt > $@.new
	$(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11.0 --fork-strategy fewest \
	    --no-annotate --no-header --extra book --extra test --extra torch --extra test-cupy pyproject.toml > $@.all
	grep -v -E '^(cuda|nvidia|torch|triton)' $@.all >> $@.new
	rm $@.all
	mv $@.new constraints.txt

clean: ## remove everything that was built, not the environment
	rm -rf $(BUILD)

# The environment. The stamp is written last, so an installation that broke off is taken up again.
# Python compiles each module when it is first imported: most modules of PyTorch and others never are.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c '' 2>/dev/null || { \
	for python in python3 python3.13 python3.12 python3.11; do \
	    $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && break; \
	    python=; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "The book needs Python 3.11, 3.12 or 3.13; python3 here is $$(python3 -V 2>&1 || true)." >&2; \
	    exit 1; \
	fi; \
	$$python -m venv --clear $(VENV); }
	$(PYTHON) -m pip install --disable-pip-version-check --no-compile --constraint constraints.txt \
	    --editable '.[book,$(ACCELERATOR)]'
	@rm -f $(VENV)/.installed-*
	@touch $@

# And what the tests and the benchmarks need besides.
$(TESTING): $(STAMP)
	$(PYTHON) -m pip install --disable-pip-version-check --no-compile --constraint constraints.txt \
	    --editable '.[book,$(ACCELERATOR),$(TEST_EXTRAS)]'
	@touch $@

# The scripts that the interactive pages load.
$(JAVASCRIPT)/.installed: | $(STAMP)
	rm -rf $(@D)
	mkdir -p $(@D)
	cp book/play/package.json book/play/package-lock.json $(@D)
	$(VENV)/bin/npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: executed
executed: $(EXECUTED)

# One executed notebook; those that are out of date run side by side under -j.
$(OUT)/executed/%.ipynb: notebooks/%.py $(OUT)/library.list $(LIBRARY) \
		book/profiles/$(PROFILE).yml book/tools/execute.py book/tools/pair.py $(STAMP)
	$(PYTHON) book/tools/execute.py $< $@ --profile book/profiles/$(PROFILE).yml \
	    --cell-timeout $(CELL_TIMEOUT)

# The pages, whole, aside, and swapped in only if all went well.
$(OUT)/.published: $(EXECUTED) $(OUT)/pages.list $(PAGES) $(JAVASCRIPT)/.installed $(STAMP)
	$(PYTHON) book/tools/assemble.py $(OUT)/source $(EXECUTED) --javascript $(JAVASCRIPT) \
	    $(if $(CHROMIUM),--pdf)
	rm -rf $(OUT)/new
	$(VENV)/bin/jupyter-book build --all -W -n --keep-going --path-output $(OUT)/new $(OUT)/source
	$(if $(CHROMIUM),$(PYTHON) book/tools/pdf.py $(OUT)/source $(OUT)/new/_build/html \
	    --browser '$(CHROMIUM)')
	rm -rf $(OUT)/html
	mv $(OUT)/new/_build/html $(OUT)/html
	rm -rf $(OUT)/new
	@touch $@

# A list of files changes when one of them appears or goes, which no time stamp tells.
$(OUT)/library.list: CONTENT = $(LIBRARY)
$(OUT)/pages.list: CONTENT = $(PAGES) $(SOURCES) $(CHROMIUM)
$(OUT)/%.list: FORCE
	@mkdir -p $(@D)
	@echo '$(CONTENT)' | cmp -s - $@ || echo '$(CONTENT)' > $@

# For maintainers: what the workflows of .github run, and how a chapter begins.

# Empty is this environment without the project; else an interpreter that gets Colab's packages.
COLAB_PYTHON ?=
COLAB_IMAGE ?= us-docker.pkg.dev/colab-images/public/cpu-runtime
NEWEST := $(BUILD)/newest
PART ?= Use it yourself

.PHONY: new-chapter colab colab-image newest gpu links lint-workflows where letters report-failure

new-chapter: $(STAMP) ## begin notebooks/NAME.py from the template (NAME=..., PART='$(PART)')
	@test -n '$(NAME)' || { echo "make new-chapter NAME=a_name [PART='$(PART)']" >&2; exit 1; }
	$(PYTHON) book/tools/new_chapter.py '$(NAME)' --part '$(PART)'
	@$(MAKE) --no-print-directory sync

colab: $(TESTING) ## run every notebook as Colab would (COLAB_PYTHON=python3.12: its packages)
	$(PYTHON) tests/colab.py \
	    $(if $(COLAB_PYTHON),--python '$(COLAB_PYTHON)' --packages tests/colab.txt)

colab-image: ## run every notebook inside Colab's own image, by Docker
	docker run --rm --user root --volume '$(CURDIR):/book:ro' --workdir /tmp --entrypoint python3 \
	    --env PYTHONDONTWRITEBYTECODE=1 $(COLAB_IMAGE) /book/tests/colab.py --here

newest: ## run the tests with the newest of everything that is not pinned in pyproject.toml
	rm -rf $(NEWEST)
	python3 -m venv $(NEWEST)
	$(NEWEST)/bin/python -m pip install --disable-pip-version-check --editable '.[book,test]' \
	    torch torchvision cupy-cuda13x
	touch $(NEWEST)/.installed-torch
	touch $(NEWEST)/.installed-torch-testing
	$(MAKE) test VENV=$(NEWEST) ACCELERATOR=torch

gpu: $(TESTING) ## run the tests that need a GPU; where none answers they fail
	$(PYTHON) -c 'from dfa_utils.array import cuda_is_available as ask; exit(not ask())'
	$(PYTHON) -m pytest -m gpu

links: $(TESTING) ## ask whether what the pages link to is still there
	$(PYTHON) book/tools/links.py

lint-workflows: $(TESTING) ## look for mistakes and dangers in .github
	$(PYTHON) -m pytest tests/test_workflows.py

where: ## say in a line what executes the book in a workflow
	@test -n "$$BOOK_RUNNER" \
	    && echo "The notebooks run on the runner $$BOOK_RUNNER (profile $(PROFILE))." \
	    || echo "The notebooks run on a CPU (profile $(PROFILE)): no variable BOOK_RUNNER is in force."

letters: ## install the letters of the page in Japanese (Debian, Ubuntu)
	$(if $(shell command -v sudo),sudo) apt-get update -qq
	$(if $(shell command -v sudo),sudo) apt-get install -y -qq fonts-noto-cjk

report-failure: ## open an issue about the weekly run, or add to the one that is open
	bash .ci/report_failure
