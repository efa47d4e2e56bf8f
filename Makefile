# madpy: one word for each thing one does here.  `make help` lists them.
#
# Everything runs through madpy/dev/bootstrap.sh, which installs what is missing and does nothing when nothing is.
# Variables: PG_CONFIG, the PostgreSQL to use; PREFIX, where `make install` puts the Python part (in lib/madpy);
# TESTS, what `make test` runs, options of pytest included; BENCH, the arguments of `make bench`; FUZZ, those of the
# fuzzer: --calls, --seed, ....

PREFIX = /usr/local
TESTS  = tests
BENCH  =
FUZZ   =

export PG_CONFIG

in   = madpy/dev/bootstrap.sh
HOME_OF_MADPY = $(PREFIX)/lib/madpy

.PHONY: help demo test check fuzz check-memory bench bench-shards bench-stop server psql env stop build install uninstall

help:       ## this list
	@sed -n 's/^\([a-z-]*\): *## /  make \1\t/p' Makefile | expand -t 20

demo:       ## from nothing to a regression trained inside PostgreSQL on real data
	@$(in) python -m madpy.dev.demo

test:       ## every test
	@$(in) --with test python -m pytest $(TESTS)

check:      ## style, types, layers, C warnings, and the tests that need no database
	@$(in) --with test --with check sh -c 'set -e; \
	    ruff check; ruff format --check --quiet; mypy; lint-imports --no-cache; \
	    python -m madpy.dev.place check; python -m pytest -m "not database"'

fuzz:       ## calls of every C function with values at their limits; FUZZ="--calls 1000000 --seed 1"
	@$(in) --with test python -m tests.fuzz $(FUZZ)

check-memory: ## the same and the hostile tests under AddressSanitizer, UndefinedBehaviorSanitizer and valgrind
	@$(in) --with test --program valgrind python -m tests.fuzz.memory $(FUZZ)

bench:      ## the measurements, side by side with the alternatives
	@$(in) --with bench python -m benchmarks $(BENCH)

bench-shards: ## the same on several servers of this machine
	@$(in) --with bench python -m benchmarks.shards $(BENCH)

bench-stop: ## how soon calls end that are cancelled
	@$(in) --with bench python -m benchmarks.stop $(BENCH)

server:     ## start the private cluster, with the library as it is in the checkout
	@$(in) python -m madpy.dev.server start

psql:       ## connect to it
	@$(in) python -m madpy.dev.server psql

env:        ## print its address, for: eval "$(make -s env)"
	@$(in) python -m madpy.dev.server env

stop:       ## stop it; its data stay
	@state=$$($(in) --state) python=$$state/venv/bin/python; \
	    if [ -x "$$python" ]; then MADPY_STATE=$$state "$$python" -BEs -m madpy.dev.server stop; fi

build:      ## compile the C library and render the SQL
	@$(in) python -m madpy.dev.place build

install:    ## put madpy into the system's PostgreSQL (PG_CONFIG), its Python part into PREFIX
	@$(in) --venv $(HOME_OF_MADPY) python -m madpy.dev.place install

uninstall:  ## remove exactly what install put there
	@test -f $(HOME_OF_MADPY)/installed || { echo "nothing is installed in $(HOME_OF_MADPY)" >&2; exit 1; }
	@xargs -d '\n' rm -fv <$(HOME_OF_MADPY)/installed
	@rm -rf $(HOME_OF_MADPY)
