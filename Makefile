# The commands of this checkout; `make help` lists them. README.md says which ones matter.
PORT ?= 8000
LAN ?=
PYTHON ?=
PY := .venv/bin/python

# Some shells keep the machine's name in HOST: from the environment only an address counts.
ifeq ($(origin HOST),environment)
  ifeq ($(filter localhost 0.% 10.% 127.% 172.% 192.% :%,$(HOST)),)
    override HOST := 127.0.0.1
  endif
endif
HOST ?= 127.0.0.1
NO := 0 no false off
export PYTHON

HISTORIES ?= 10000 100000 1000000
# Both are measured, whatever the first one finds; the results go beside those of the runs before.
measured = failed=0; for where in embedded cluster; do \
        $(PY) -m bench run $(1) --$$where --out var/bench/$$(date +%Y%m%d-%H%M)-$$where.json $(ARGS) || failed=1; \
    done; exit $$failed

.DEFAULT_GOAL := help
.PHONY: help run demo admin cluster cluster-down break bench bench-full bench-web test test-python test-stock faults test-js lint types fmt lock clean setup setup-dev setup-distributed prepare

help: ## List these commands
	@printf 'Chatsite. The first command to try: make run\n\n'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'
	@printf '\nPORT=8123, HOST=0.0.0.0, LAN=1 and DATA_DIR=/path are honoured: make run PORT=8123\n'

run: prepare ## Serve at http://localhost:8000; LAN=1 also invites phones of the local network
	@exec $(PY) manage.py serve --host "$(HOST)" --port "$(PORT)" $(if $(filter-out $(NO),$(LAN)),--lan)

demo: prepare ## Fill an instance with a few people, groups and a long history
	@exec $(PY) manage.py demo

admin: prepare ## Make an account for the admin pages
	@exec $(PY) manage.py admin

cluster: setup-distributed ## Serve by many processes on real servers, two api and two nodes, at http://localhost:8000
	@PORT="$(PORT)" bin/cluster up

cluster-down: ## End what make cluster started
	@bin/cluster down

break: setup-distributed ## Kill a node of the cluster while two people chat, and count what is lost
	@PORT="$(PORT)" $(PY) bin/break-a-node

bench: setup-distributed ## Measure what a message costs, embedded and as a cluster, in some minutes; tables in docs/performance.md
	@$(call measured,w1 w1r w2 w3 w4 --seconds 10 --sockets 2000)

bench-web: setup-dev ## Measure the web client in a real browser: switching, scrolling, Lighthouse
	@cd bench/web && { [ -d node_modules ] || npm ci --no-audit --no-fund --loglevel=error; }
	@$(PY) -m bench.web $(ARGS)

bench-full: setup-distributed ## All of it, an hour: ten thousand sockets, a reconnect storm, growth. HISTORIES="…" chooses lengths
	@$(call measured,--seconds 20 --histories $(HISTORIES) --busy 10 100 1000)

test: setup-dev ## Run every check and every test, after installing what they need
	@$(MAKE) --no-print-directory lint types test-js test-python

test-python: setup-dev ## Only the Python tests; ARGS="-k send" chooses some
	@$(PY) -m pytest $(ARGS)

test-stock: setup-dev ## The Python tests with sockets held by the websockets library, not by our own protocol
	@WEBSOCKETS=stock $(PY) -m pytest $(ARGS)

faults: setup-dev ## Break every piece of a distributed instance under load; docs/reliability.md gets the result
	@FAULTS_REPORT=1 $(PY) -m pytest -m 'servers or faults' tests/faults $(ARGS)

test-js: setup-dev ## Only the JavaScript tests
	@files=$$(find tests/js -name '*.test.js' -o -name '*.test.mjs' | sort); [ -z "$$files" ] || node --test --test-reporter=spec $$files

lint: setup-dev ## Style, imports between the apps, templates, scripts
	@echo 'Checking style …'
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet . || { echo 'Some files are not formatted: make fmt'; exit 1; }
	@$(PY) -m importlinter.cli lint >.venv/imports.log 2>&1 || { cat .venv/imports.log; exit 1; }
	@$(PY) -m djlint --quiet --lint templates
	@[ ! -f package.json ] || npx --no-install biome ci --reporter=summary . >.venv/biome.log 2>&1 || { cat .venv/biome.log; exit 1; }

types: setup-dev ## Types of Python and JavaScript
	@echo 'Checking types …'
	@$(PY) -m mypy --no-error-summary
	@[ ! -f tsconfig.json ] || npx --no-install tsc --noEmit

fmt: setup-dev ## Bring all files into our format
	@$(PY) -m ruff check --quiet --fix . || true
	@$(PY) -m ruff format --quiet .
	@[ ! -f package.json ] || npx --no-install biome check --write --log-level=error .

lock: setup-dev ## Pin requirements*.in anew; UPGRADE=1 takes newer versions
	@for name in requirements requirements-distributed requirements-dev; do \
	    CUSTOM_COMPILE_COMMAND='make lock' $(PY) -m piptools compile --quiet --no-emit-index-url --no-emit-find-links --strip-extras \
	        --no-config $(if $(UPGRADE),--upgrade) --output-file=$$name.txt $$name.in || exit 1; \
	done

clean: ## Remove all that was installed or cached here; the data in var/ stays
	@rm -rf .venv .jars node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup:
	@bin/setup

setup-dev:
	@bin/setup dev

setup-distributed:
	@bin/setup distributed

prepare: setup
	@$(PY) manage.py prepare
