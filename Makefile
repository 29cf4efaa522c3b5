# The one place that knows the order of the steps. `make help` lists the commands.

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
PYTHON := $(VENV)/bin/python
# By content, so that copies of a tree find what is there whatever their time stamps say.
JAVASCRIPT := $(VENV)/javascript/$(shell cksum < book/play/package-lock.json | cut -d ' ' -f 1)
OUT := $(BUILD)/$(PROFILE)
SOURCES := $(wildcard notebooks/*.py)
EXECUTED := $(SOURCES:notebooks/%.py=$(OUT)/executed/%.ipynb)
LIBRARY := $(filter-out $(BENCHMARK) $(SOAK), \
    $(shell find dfa_utils -name __pycache__ -prune -o -type f -print | sort))
PAGES := $(wildcard $(BENCHMARK) $(SOAK)) $(shell find _config.yml _toc.yml book -path book/tools -prune -o -path book/profiles -prune -o -type f -print | sort)

# The tree's own dfa_utils, and one thread for each process: sums then round the same in every run.
export PYTHONPATH := $(CURDIR)
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export VECLIB_MAXIMUM_THREADS := 1
export BLIS_NUM_THREADS := 1
export PYTHONUNBUFFERED := 1

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help book test soak verify audit bench serve sync constraints clean FORCE

help: ## list the commands
	@echo "make COMMAND, one of:"
	@sed -n 's/^\([a-z]*\):.*## /  \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-13s %s\n", $$1, $$2 }'
	@echo "Variables: PROFILE=$(PROFILE) (a file of book/profiles), BUILD=$(BUILD), VENV=$(VENV),"
	@echo "  CELL_TIMEOUT=$(CELL_TIMEOUT) (seconds), PORT=$(PORT) (of serve), BENCHMARK=$(BENCHMARK),"
	@echo "  SOAK=$(SOAK), TOLERANCE=$(TOLERANCE) (of verify, in the unit of each record),"
	@echo "  CHROMIUM=$(CHROMIUM) (prints the PDF; empty is none)."
	@echo "make -j2 book runs two notebooks at once."

book: $(OUT)/.published ## execute what changed and build the pages (PROFILE=book)
	@echo "The book is ready: $(abspath $(OUT)/html/index.html)"

test: $(STAMP) $(JAVASCRIPT)/.installed ## run all tests, two at a time
	$(PYTHON) -m pytest -n 2 --dist worksteal

bench: $(STAMP) ## time this project beside others; writes BENCHMARK
	$(PYTHON) -m benchmarks $(BENCHMARK)

soak: $(STAMP) ## run the long tests (kills, damage, garbage, precision); writes SOAK
	$(PYTHON) tests/soak.py $(SOAK)

verify: $(EXECUTED) ## build every notebook again, in a folder of its own, and compare all records
	rm -rf $(BUILD)/verify
	$(MAKE) executed BUILD=$(BUILD)/verify
	$(PYTHON) book/tools/verify.py $(OUT)/executed $(BUILD)/verify/$(PROFILE)/executed \
	    --tolerance $(TOLERANCE)

audit: $(STAMP) ## ask the database of known vulnerabilities about every pinned version
	$(PYTHON) -m pip install --quiet --constraint constraints.txt pip-audit==2.10.1
	$(PYTHON) book/tools/audit.py constraints.txt pyproject.toml

serve: ## show the built pages at a local address
	@test -f $(OUT)/.published || { echo "Nothing to serve: make book PROFILE=$(PROFILE) first."; exit 1; }
	@echo "http://127.0.0.1:$(PORT)/ until Ctrl-C"
	@$(PYTHON) -m http.server $(PORT) --bind 127.0.0.1 --directory $(OUT)/html

sync: $(STAMP) ## write notebooks/*.ipynb, without outputs, from notebooks/*.py
	$(PYTHON) -m jupytext --to ipynb --update $(SOURCES)

constraints: $(STAMP) ## write constraints.txt anew with the latest versions
	$(PYTHON) -m pip install --quiet uv
	sed '/^[^#]/d' constraints.txt > $@.new
	$(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11.0 --fork-strategy fewest \
	    --no-annotate --no-header --extra book --extra test --extra torch pyproject.toml > $@.all
	grep -v -E '^(cuda|nvidia|torch|triton)' $@.all >> $@.new
	rm $@.all
	mv $@.new constraints.txt

clean: ## remove everything that was built, not the environment
	rm -rf $(BUILD)

# The environment. The stamp is written last, so an installation that broke off is taken up again.
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
	$(PYTHON) -m pip install --disable-pip-version-check --constraint constraints.txt \
	    --editable '.[book,test,$(ACCELERATOR)]'
	@rm -f $(VENV)/.installed-*
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
		book/profiles/$(PROFILE).yml book/tools/execute.py $(STAMP)
	$(PYTHON) book/tools/execute.py $< $@ --profile book/profiles/$(PROFILE).yml \
	    --cell-timeout $(CELL_TIMEOUT)

# The pages, whole, aside, and swapped in only if all went well.
$(OUT)/.published: $(EXECUTED) $(OUT)/pages.list $(PAGES) $(wildcard book/tools/*.py) \
		$(JAVASCRIPT)/.installed $(STAMP)
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
