# `make help` lists what is here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo test image image-test image-test-more image-test-update simulate powercut-shim powercut fuzz lint bench soak deb deb-test docs translations lock
help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

$(STAMP): requirements.lock setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "examroom needs Python 3.11 or newer.")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP) ## a centre, a box, a standby, their sync agents and a few simulated candidates on loopback (RESET=1 starts afresh)
	@$(BIN)/examroom-provision demo $(if $(RESET),--reset,)

test: $(STAMP) ## all tests, several at once (WORKERS=0: one after the other)
	@sh tests/ensure_programs.sh
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(or $(WORKERS),auto) --dist worksteal

simulate: $(STAMP) ## histories of a room by seeds, each with its faults (SEEDS=50 FIRST=1)
	EXAMROOM_SEEDS=$(or $(SEEDS),50) EXAMROOM_FIRST_SEED=$(or $(FIRST),1) $(BIN)/pytest tests/simulation/test_simulation.py

powercut-shim: $(STAMP) ## power cuts played by a library that is preloaded into the box (CUTS=1000)
	EXAMROOM_CUTS=$(or $(CUTS),1000) $(BIN)/pytest tests/integration/test_power_cut.py

powercut: $(STAMP) ## power cuts of a whole virtual machine (CUTS=5; needs QEMU, nbdkit, mmdebstrap)
	$(BIN)/python -m tests.powercut --cuts $(or $(CUTS),5)

fuzz: $(STAMP) ## spoilt documents for every parser, for so long each (SECONDS=60)
	EXAMROOM_FUZZ_SECONDS=$(or $(SECONDS),60) $(BIN)/pytest tests/fuzz

image: $(STAMP) ## the bootable images of box and client (root, mmdebstrap; about 8 GB; SECURE_BOOT=FOLDER signs them)
	$(BIN)/python -m usb_image.build_image $(if $(SECURE_BOOT),--secure-boot $(SECURE_BOOT))

image-test: SECURE_BOOT = build/secure-boot
image-test: image ## builds the images, signed, and plays whole sittings on them in QEMU (swtpm, ovmf, mtools; about an hour)
	@sh tests/image/ensure_programs.sh
	$(BIN)/python -m tests.image sitting
	$(BIN)/python -m tests.image take-over

image-test-more: $(STAMP) ## what else is played on the images of image-test (about an hour and a half)
	@sh tests/image/ensure_programs.sh
	for play in thief conduct rescue listening install key-stick new-chip doors wireless full-room plugs; do $(BIN)/python -m tests.image $$play || exit 1; done

image-test-update: $(STAMP) ## an update of the box's image by stick, and a broken one that is left, in QEMU (about an hour)
	@sh tests/image/ensure_programs.sh
	for version in 0.1.0 0.2.0 0.3.0; do $(BIN)/python -m usb_image.build_image box --version $$version --secure-boot build/secure-boot || exit 1; done
	$(BIN)/python -m tests.image.update

lint: $(STAMP) ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## the table of docs/performance.md, measured here
	$(BIN)/python -m benchmarks

soak: $(STAMP) ## the saves of four hours in ten minutes, and whether anything grows (MINUTES=10)
	$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),10)

deb: $(STAMP) ## the Debian package of the box, for Debian 12 and 13, in dist/
	$(BIN)/python systemd/debian/build_package.py dist

deb-test: deb ## install that package in a Debian 12 and a Debian 13 (needs root, mmdebstrap and a mirror)
	$(BIN)/python -m tests.image.deb_in_debian dist/examroom_*_amd64.deb

docs: $(STAMP) ## the pages of docs/ that are made from the code
	$(BIN)/python -m docs.generate

translations: $(STAMP) ## find new texts, merge them into the catalogues, compile
	@set -e; for part in "appliance/web appliance provisioning/system_update" "kiosk_client kiosk_client" "provisioning/printing provisioning/printing"; do set -- $$part; kept=$$1/translations; shift; \
	$(BIN)/pybabel -q extract -F babel.cfg --add-location=file --sort-by-file --project=examroom --version=0.1.0 --copyright-holder="the examroom authors" -o $$kept/messages.pot "$$@"; \
	$(BIN)/pybabel -q update --no-fuzzy-matching -i $$kept/messages.pot -d $$kept; \
	$(BIN)/pybabel -q compile -d $$kept; done

lock: $(STAMP) ## renew requirements.lock from setup.cfg
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-find-links --no-strip-extras --extra dev --output-file requirements.lock setup.cfg
