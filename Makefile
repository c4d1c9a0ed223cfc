# Linekeeper: `make` alone lists what can be done.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

PYTHON ?= python3
SETUP ?=
TESTS ?=
WORKERS ?= 3
DAYS ?= 100000
MINUTES ?= 10
EXAMPLES ?= 50

# Our programs are started some thousand times by the tests: what was compiled once is kept.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
SANITIZED := .build-core/sanitized

# Folders and files that know no clock, socket or loop are checked the strict way.
PURE := appliance/core appliance/languages appliance/settings appliance/control/messages.py appliance/doctor appliance/health \
	$(wildcard appliance/lines/at $(addprefix appliance/lines/dahdi/,callerid.py fxo.py fxs.py sounds.py) appliance/mail/letter.py appliance/monitor/lines.py appliance/webhooks/events.py $(addprefix appliance/mqtt/,topics.py discovery.py homie.py privacy.py requests.py actions.py ladder.py proofs.py))
C_FILES = $(wildcard appliance/core/*.c appliance/sip/*.c appliance/lines/*.c appliance/lines/dahdi/*.c appliance/lines/pump/*.c)
CHECKED_PYTHON := appliance image tests bench

.PHONY: help setup demo test lint lint-python lint-c format sanitize model fuzz modem-fuzz flood hundred modem-sound storm phonesim timers log-ins api-fuzz network dahdi hotplug uac soak screenshots homeassistant bench asterisk clean

help: ## list these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make everything that is needed: packages, PJSIP, .venv, our C (some minutes, the first time)
	@$(PYTHON) image/setup $(SETUP)

demo: quiet-setup ## a simulated office: telephones, callers, a broker; prints the address of its live page
	@$(BIN)/linekeeper demo

test: quiet-setup ## all tests, WORKERS (3) files at a time; some of them: make test TESTS=tests/calls
	@code=0; $(BIN)/pytest --cache-clear -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS) || code=$$?; \
	if [ $$code -eq 1 ]; then $(BIN)/python -m tests.alone; else exit $$code; fi

lint: quiet-setup lint-python lint-c ## style, types, who may import whom, and our C

lint-python:
	$(BIN)/ruff check $(wildcard $(CHECKED_PYTHON))
	$(BIN)/ruff format --check $(wildcard $(CHECKED_PYTHON))
	$(BIN)/mypy --strict $(PURE)
	$(BIN)/lint-imports --no-logo

lint-c:
	@echo clang-tidy $(C_FILES)
	@printf '%s\n' $(C_FILES) | xargs -r -n 1 -P $$(nproc) clang-tidy --quiet -p .build 2>&1 \
		| sed '/warnings\? generated/d; /^Suppressed/d; /^Use -header-filter/d'

format: quiet-setup ## put the Python code into the one form
	$(BIN)/ruff check --fix $(wildcard $(CHECKED_PYTHON))
	$(BIN)/ruff format $(wildcard $(CHECKED_PYTHON))

sanitize: quiet-setup ## the C tests of the core and of the audio pump under the address and undefined-behaviour sanitizers
	@[ -f $(SANITIZED)/build.ninja ] || $(BIN)/meson setup $(SANITIZED) -Dextensions=false \
		-Db_sanitize=address,undefined -Dc_args=-fno-sanitize-recover=all
	@$(BIN)/meson test -C $(SANITIZED) --print-errorlogs

model: quiet-setup ## the core and its model through DAYS random days (100000: 10 min on two free cores)
	@$(BIN)/python -m tests.core.many_days $(DAYS)

fuzz: quiet-setup ## the core under libFuzzer for MINUTES (10), plans and days side by side, with sanitizers
	@$(BIN)/python -m tests.fuzz.fuzz --minutes $(MINUTES)

modem-fuzz: quiet-setup ## what modems say, altered at random, for MINUTES (10): no fault, no growth, the same in any pieces
	@$(BIN)/python -m tests.lines.fuzz $(MINUTES)

flood: quiet-setup ## a thousand events a second through the bridge, for a minute
	@$(BIN)/python -m tests.mqtt.flood 60

hundred: quiet-setup ## a hundred calls at once, all of them with sound, which takes a minute and both processors
	@$(BIN)/pytest -s tests/calls/hundred.py

modem-sound: quiet-setup ## calls by modems whose clocks are 100 ppm off, for MINUTES (10): every step of a tone is counted
	@MINUTES=$(MINUTES) $(BIN)/pytest -s tests/sip/modem_sound.py

storm: quiet-setup ## a thousand text messages, the power cut forty times among them: each is told once
	@$(BIN)/pytest -s tests/lines/storm.py

phonesim: quiet-setup ## the modem line at a simulator that is not ours, ofono's (needs root; first it is fetched)
	@$(BIN)/python -m tests.phonesim.install
	@$(BIN)/pytest tests/phonesim/story.py

timers: quiet-setup ## sessions that are refreshed and run out, refreshes that cross (some minutes)
	@$(BIN)/pytest tests/sip/session_timers.py tests/calls/glare.py

log-ins: quiet-setup ## ten thousand wrong passwords; the owner comes in all the same (some minutes)
	@$(BIN)/pytest tests/web/ten_thousand.py

api-fuzz: quiet-setup ## requests made at random from docs/openapi.json, EXAMPLES (50) of each kind: no fault (minutes; first it is installed)
	@$(BIN)/python -m tests.web.fuzzer
	@EXAMPLES=$(EXAMPLES) $(BIN)/pytest -s tests/web/api_fuzz.py

network: quiet-setup ## a broker whose cable is pulled, name servers that say nothing; in namespaces (needs root)
	@$(BIN)/pytest tests/mqtt/network.py tests/calls/names.py

dahdi: quiet-setup ## lines, telephones and a whole office at the real DAHDI driver, in a machine under QEMU (root; ten minutes, the first time ten more)
	@$(BIN)/python -m tests.box.guest
	@$(BIN)/pytest -s tests/dahdi/story.py

hotplug: quiet-setup ## a box under a real systemd whose modems are plugged in and pulled out, in a machine under QEMU (root; as dahdi)
	@$(BIN)/python -m tests.box.guest
	@$(BIN)/pytest -s tests/hotplug/story.py

uac: quiet-setup ## sound cards of modems at the real ALSA drivers, in a machine under QEMU (root; some minutes, the first time ten more)
	@$(BIN)/python -m tests.uac.guest
	@$(BIN)/pytest -s tests/uac/story.py

soak: quiet-setup ## a day of more than five thousand calls through a whole box, and the account of it (about 20 min)
	@$(BIN)/pytest -s tests/soak/whole_day.py

screenshots: quiet-setup ## every page at the desk and on a telephone, light and dark, into .build/screenshots
	@SCREENSHOTS=.build/screenshots $(BIN)/pytest -q tests/web/test_*_in_a_browser.py

homeassistant: quiet-setup ## Home Assistant itself beside a whole box (minutes; the first time it is installed)
	@$(BIN)/python -m tests.homeassistant.install
	@$(BIN)/pytest tests/homeassistant/story.py

bench: quiet-setup ## every measurement in bench/, one after another (but asterisk)
	@$(BIN)/python bench/testbed/others.py
	@for script in $(filter-out bench/asterisk.py,$(wildcard bench/*.py)); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

asterisk: quiet-setup ## the switch beside Asterisk 22, which is installed in a folder of its own (root; 5 min)
	@PYTHONPATH=bench $(BIN)/python -m testbed.asterisk
	@$(BIN)/python bench/asterisk.py

clean: ## remove what was built here (the PJSIP cache in ~/.cache stays)
	rm -rf appliance/web/static/fetched .build .build-bench .build-core .build-fuzz .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find appliance -type l -delete

.PHONY: quiet-setup
quiet-setup:
	@$(PYTHON) image/setup --quiet $(SETUP)
