# madpy: the commands for users and developers.  `make help` lists them.
#
# Everything runs through madpy/dev/bootstrap.sh, which installs what is missing and does nothing when nothing is.
# Variables: PG_CONFIG, the PostgreSQL to use; PREFIX, where `make install` puts the Python part (in lib/madpy);
# EXTRAS, extras of pyproject.toml for `make install`; TESTS, what `make test` runs, options of pytest included; BENCH, the
# arguments of `make bench`; FUZZ, the arguments of the fuzzer: --calls, --seed, ...; DBT, a command of dbt.

PREFIX = /usr/local
EXTRAS =
TESTS  = tests
BENCH  =
FUZZ   =
DBT    =

export PG_CONFIG

in   = madpy/dev/bootstrap.sh
HOME_OF_MADPY = $(PREFIX)/lib/madpy

.PHONY: help demo test check dbt fuzz check-memory bench bench-shards bench-stop bench-gpu bench-dbt server psql env stop build install uninstall

help:       ## use: list these commands
	@for group in use develop measure; do \
	    echo "To $$group madpy:"; sed -n "s/^\([a-z-]*\): *## $$group: /  make \1\t/p" Makefile | expand -t 22; done

demo:       ## use: install what is missing, start a server, train a regression on real data
	@$(in) python -m madpy.dev.demo

test:       ## develop: every test; TESTS="tests/regr -x" for some of them
	@$(in) --with test --extension cron --apart dbt python -m pytest $(TESTS)

check:      ## develop: style, types, layers, warnings of C, and the tests that need no database
	@$(in) --with test --with check sh -c 'set -e; \
	    ruff check; ruff format --check --quiet; mypy; lint-imports --no-cache; \
	    python -m madpy.dev.place check; python -m pytest -m "not database"'

dbt:        ## develop: the tests of the dbt package; DBT="build" runs a command of dbt in the example project
	@$(in) --with test --apart dbt python -m $(if $(DBT),madpy.dev.dbt $(DBT),pytest tests/dbt)

fuzz:       ## develop: call every C function with values at their limits; FUZZ="--calls 1000000 --seed 1"
	@$(in) --with test python -m tests.fuzz $(FUZZ)

check-memory: ## develop: the fuzzer and the hostile tests under sanitizers and valgrind
	@$(in) --with test --program valgrind python -m tests.fuzz.memory $(FUZZ)

bench:      ## measure: compare with the alternatives; BENCH="speed nb" for some of the tables
	@$(in) --with bench python -m benchmarks $(BENCH)

bench-shards: ## measure: compare on several servers of this machine
	@$(in) --with bench python -m benchmarks.shards $(BENCH)

bench-stop: ## measure: how soon a cancelled call ends
	@$(in) --with bench python -m benchmarks.stop $(BENCH)

bench-gpu:  ## measure: fits on a GPU beside the CPU; says so where there is no GPU
	@$(in) $(if $(wildcard /dev/nvidia0),--with gpu) python -m benchmarks.gpu $(BENCH)

bench-dbt:  ## measure: memory and traffic of a training by dbt, beside a notebook
	@$(in) --with bench --apart dbt python -m benchmarks.dbt $(BENCH)

server:     ## develop: start the private server with the library of the checkout
	@$(in) python -m madpy.dev.server start

psql:       ## use: open a prompt in the database of that server
	@$(in) python -m madpy.dev.server psql

env:        ## develop: print the address of the server, for: eval "$(make -s env)"
	@$(in) python -m madpy.dev.server env

stop:       ## use: stop that server; its data stay
	@state=$$($(in) --state) python=$$state/venv/bin/python; \
	    if [ -x "$$python" ]; then MADPY_STATE=$$state "$$python" -BEs -m madpy.dev.server stop; fi

build:      ## develop: compile the C library and render the SQL
	@$(in) python -m madpy.dev.place build

install:    ## use: put madpy into a PostgreSQL (PG_CONFIG), its Python part into PREFIX; EXTRAS=onnx
	@$(in) $(addprefix --with ,$(EXTRAS)) --venv $(HOME_OF_MADPY) python -m madpy.dev.place install

uninstall:  ## use: remove what install put there, and nothing else
	@test -f $(HOME_OF_MADPY)/installed || { echo "nothing is installed in $(HOME_OF_MADPY)" >&2; exit 1; }
	@xargs -d '\n' rm -fv <$(HOME_OF_MADPY)/installed
	@rm -rf $(HOME_OF_MADPY)
