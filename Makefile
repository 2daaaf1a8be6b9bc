# photfit needs Python 3.11 or newer and make; everything else is installed into .venv, at the versions in constraints.txt.
#
# make demo      three real fits through the real service, beside their truth
# make serve     the service at http://127.0.0.1:8700
# make test      the tests; `make test-all` adds the slow ones, and the engine's once more in other orders of arithmetic
# make test-arithmetic   the engine's tests with other vector widths and two threads
# make test-chaos  the whole service under load and seeded faults, then an audit: JOBS, FAULTS, SEED, SETUP
# make fuzz      what reads bytes from outside, fuzzed for SECONDS: TARGETS
# make soak      mixed load for MINUTES, and the slopes of memory, open files, threads and disk
# make hostile   docs/reference/hostile-inputs.md, from what a running service answers to each
# make coverage  the tests, with the branches that they take counted, and each package held to its floor
# make lint      formatting, lint, types, the direction of imports, what nothing uses, unsafe patterns and secrets
# make hooks     has git run `make lint` before each commit
# make bench     the engine's figures on this machine
# make bench-proposals   propose, then lm, on simulated fields; sky alone on noise
# make bench-catalogues   objects a second: batches, one by one, and pyimfit where it is installed
# make bench-calibration   whether uncertainties are right, on 2,000 simulated galaxies
# make docs      what is made of the code: docs/reference, the map in docs/architecture.md, classes of photfit/model; and
#                the documentation as a site, docs/_build/site
# make notebooks  runs the notebooks of docs/tutorials, and keeps in them what they print and draw
# make changelog VERSION=1.2.3   the fragments of changelog.d into CHANGELOG.md, for a release
# make profile-pictures  the pictures of profiles and conventions in docs/images, by the engine
# make pictures  the pictures of the page in docs/images/page, by Chromium
# make pin-images  today's digests of the images in docker-compose.yml, as lines for .env; asks their registries
# make clean     what can be made again

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
STAMP := .venv/installed
ARGS ?=
TYPESCRIPT := 5.9.3
TSC := .tsc/node_modules/.bin/tsc

# Tests run side by side, each with one torch thread: threads of several would fight for the same cores.
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
SIDE_BY_SIDE ?= $(shell test $(CORES) -gt 4 && echo 4 || echo $(CORES))
ENGINE_TESTS = $(BIN)/python -m pytest -n $(SIDE_BY_SIDE) --dist worksteal -m "not slow" tests/fitting $(ARGS)
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
PYTEST := $(ONE_THREAD) $(BIN)/python -m pytest -n $(SIDE_BY_SIDE) --dist worksteal
COVERED := $(ONE_THREAD) $(BIN)/coverage run -m pytest -n $(SIDE_BY_SIDE) --dist worksteal

.PHONY: demo serve test test-all test-arithmetic test-chaos fuzz soak hostile coverage lint lint-format lint-rules lint-types lint-page lint-imports lint-unused lint-security lint-secrets hooks format \
	bench bench-catalogues bench-proposals bench-calibration docs notebooks changelog pictures profile-pictures pin-images clean install

demo: $(STAMP)
	$(BIN)/photfit demo $(ARGS)

serve: $(STAMP)
	$(BIN)/photfit serve $(ARGS)

test: $(STAMP)
	$(PYTEST) -m "not slow" $(ARGS)

test-all: $(STAMP)
	$(PYTEST) $(ARGS)
	$(MAKE) test-arithmetic

# The engine's tests under every width of vectors that this machine has, and with one and two threads: the order of sums
# differs between them. (One thread and the machine's own width are those of `make test`.)
test-arithmetic: $(STAMP)
	for threads in 1 2; do for width in default avx2; do \
		echo "ATEN_CPU_CAPABILITY=$$width, $$threads threads"; \
		ATEN_CPU_CAPABILITY=$$width OMP_NUM_THREADS=$$threads MKL_NUM_THREADS=$$threads $(ENGINE_TESTS) || exit 1; \
	done; done
	echo "the machine's own, 2 threads"; OMP_NUM_THREADS=2 MKL_NUM_THREADS=2 $(ENGINE_TESTS)

# Five campaigns of each set-up take hours; `make test` has a short one. The report lies in chaos-report/.
JOBS ?= 1000
FAULTS ?= 100
SEED ?= 1 2 3 4 5
SETUP ?= embedded outgrown
test-chaos: $(STAMP)
	$(ONE_THREAD) $(BIN)/python -m tests.chaos --jobs $(JOBS) --faults $(FAULTS) --seeds $(SEED) --setups $(SETUP) $(ARGS)

# Corpus and findings lie in .fuzz/. What is found and mended goes into tests/fuzz/found/, which `make test` tries.
SECONDS ?= 3600
TARGETS ?= fits asdf npz request expressions
fuzz: $(STAMP)
	$(ONE_THREAD) $(BIN)/python -m tests.fuzz --seconds $(SECONDS) --targets $(TARGETS) $(ARGS)

# The report lies in soak-report/.
MINUTES ?= 60
soak: $(STAMP)
	$(ONE_THREAD) $(BIN)/python -m tests.soak --minutes $(MINUTES) $(ARGS)

hostile: $(STAMP)
	PHOTFIT_WRITE_TABLES=1 $(ONE_THREAD) $(BIN)/python -m pytest -q tests/app/test_hostile_inputs.py $(ARGS)

# Takes up to twice as long as the tests alone: each line of Python is counted, in all processes.
coverage: $(STAMP)
	rm -rf .coverage-data
	$(COVERED) -m "not slow" $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage json --quiet
	$(BIN)/python -m tests.coverage_floors

# The same as hooks of git in .pre-commit-config.yaml.
lint: lint-format lint-rules lint-types lint-page lint-imports lint-unused lint-security lint-secrets

lint-format: $(STAMP)
	$(BIN)/ruff format --check .

lint-rules: $(STAMP)
	$(BIN)/ruff check .

lint-types: $(STAMP)
	$(BIN)/mypy

# Types of the page's modules, which their comments tell. TypeScript comes from npm, into .tsc; without it the check is left out.
lint-page:
	@if test -x $(TSC) || timeout 90 npm install --silent --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000 --prefix .tsc typescript@$(TYPESCRIPT) 2> /dev/null; \
		then $(TSC) -p tsconfig.json; else echo "lint-page: left out, since npm gives no TypeScript here"; fi

lint-imports: $(STAMP)
	$(BIN)/lint-imports

# Dependencies that are missing or not used, and code that nothing reaches.
lint-unused: $(STAMP)
	$(BIN)/deptry .
	$(BIN)/vulture

# What ruff's rules of security do not see. B104 is ruff's S104, whose exception stands in the line.
lint-security: $(STAMP)
	$(BIN)/bandit --quiet --severity-level medium --skip B104 --recursive app jobs worker fitting photfit

# Keys and passwords in what is committed. Letters that look random are colour maps and ids here; the names
# here are the passwords of tests; password is that of examples in docs/.
lint-secrets: $(STAMP)
	git ls-files -z -- ':!app/page/vendor' ':!*.fits' ':!*.png' ':!constraints.txt' | xargs -0 $(BIN)/detect-secrets-hook \
		--disable-plugin Base64HighEntropyString --disable-plugin HexHighEntropyString \
		--exclude-secrets '^(test|word|wrong|a-key-of-the-service|password|whsec_.?)$$' --exclude-lines 'whsec_(" \+|\$$\()'

hooks: $(STAMP)
	$(BIN)/pre-commit install

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)
	$(BIN)/python -m benchmarks $(ARGS)

bench-proposals: $(STAMP)
	$(BIN)/python -m benchmarks.proposals $(ARGS)

bench-catalogues: $(STAMP)
	$(BIN)/python -m benchmarks.catalogues $(ARGS)

bench-calibration: $(STAMP)
	$(BIN)/python -m benchmarks.calibration $(ARGS)

docs: $(STAMP)
	$(BIN)/python docs/generate_model.py
	$(BIN)/python docs/generate_reference.py
	$(BIN)/python docs/generate_rest.py
	$(BIN)/python docs/generate_map.py
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -b html docs docs/_build/site

# Run anew what the documentation's notebooks show: on a quiet machine, since they show times.
notebooks: $(STAMP)
	$(BIN)/python docs/run_notebooks.py

# Draw anew the pictures of the profiles' page: where one came, or its values changed.
profile-pictures: $(STAMP)
	$(BIN)/python docs/draw_profiles.py
	$(BIN)/python docs/draw_conventions.py

changelog: $(STAMP)
	@test -n "$(VERSION)" || { echo "Which version? make changelog VERSION=1.2.3" >&2; exit 1; }
	$(BIN)/towncrier build --yes --version $(VERSION)

pictures: $(STAMP)
	$(BIN)/python -m tests.e2e.page.pictures $(ARGS)

pin-images:
	@sed -n 's/.*$${\(PHOTFIT_[A-Z]*_IMAGE\):-\([^}]*\)}.*/\1=\2/p' docker-compose.yml | sort -u | while read -r line; do \
		digest=$$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$${line#*=}") || exit 1; \
		echo "$$line@$$digest"; \
	done

clean:
	rm -rf build dist *.egg-info demo-output chaos-report soak-report .fuzz .coverage-data .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "photfit needs Python 3.11 or newer; none was found. Name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { \
		echo "$(PYTHON) cannot make a virtual environment: on Debian and Ubuntu, install python3-venv." >&2; rm -rf .venv; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[server,worker,fast,docs,dev]'
	$(BIN)/python -m fitting.render.compiled
	@touch $(STAMP)
