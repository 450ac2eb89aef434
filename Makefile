# The verbs of the house. People and CI run the same ones.
#
#   make drill   build, run bank-slowdown twice, compare the verdicts
#   make test    run every test, and say what could not run
#   make bench   measure what the lab itself costs
#   make drills  play every planted candidate of every drill, live
#   make up      a lab that stays; `make down` ends it. PLATFORM=docker or kubernetes: there
#   make image   the container image, from the binary
#   make dist    the binary for those who have no sources, and its checksum

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VARIANT ?= smoke
SCALE ?= 1
TARGET := $(or $(CARGO_TARGET_DIR),target)
CARGO := cargo

# One binary for people, tests and the image: linked statically where the system's C library can be. --target keeps what
# the build itself runs (derive macros) out of it.
HOST := $(shell rustc --print host-tuple 2>/dev/null)
STATIC := $(filter %-linux-gnu,$(HOST))
FIREDRILL_BIN := $(abspath $(TARGET))/$(if $(STATIC),$(HOST)/)ci/firedrill
export FIREDRILL_BIN

# Where `make up` starts a lab: local, docker or kubernetes.
PLATFORM ?= local

.PHONY: help build drill drills fixes up down image dist fmt lint doc deny test bench clean-runs

help:
	@sed -n 's/^#   //p' Makefile
	@echo 'also: build fmt lint doc deny'

build:
	$(if $(STATIC),RUSTFLAGS="$${RUSTFLAGS:-} -C target-feature=+crt-static") $(CARGO) build --locked --profile ci \
		--package firedrill $(if $(STATIC),--target $(HOST))
	@mkdir -p $(TARGET)/ci
	$(if $(STATIC),@ln -f $(FIREDRILL_BIN) $(TARGET)/ci/firedrill)

drill: build
	deploy/scripts/drill $(VARIANT) $(SCALE)

# Every planted candidate against its verdict, then every answer in every drill; a tenth of the scale, three labs side by
# side. DRILL=retry-storm SCALE=1 JOBS=1 CANDIDATES=a,b MATRIX=off|only OUTPUT=json restrict or change it.
drills fixes: SCALE := $(if $(filter file default,$(origin SCALE)),1/10,$(SCALE))
drills: build
	$(CARGO) build --locked --package drills
	$(abspath $(TARGET))/debug/drills --scale $(SCALE) --variant $(VARIANT)

# The fix table of retry-storm, beside the model's. LABS run side by side.
fixes: build
	deploy/scripts/fixes $(SCALE) $(or $(LABS),2) $(ONLY)

up: build $(if $(filter docker,$(PLATFORM)),image)
	$(if $(filter kubernetes,$(PLATFORM)),kubectl apply -k deploy/kubernetes/overlays/single-node)
	$(FIREDRILL_BIN) up --platform $(PLATFORM)

down: build
	$(FIREDRILL_BIN) down

# Pulls nothing: the image is the static binary and the drills.
image: build
	deploy/scripts/image

dist: build
	deploy/scripts/dist

# Formats; in CI it only looks.
fmt:
	$(CARGO) fmt --all $(if $(CI),--check)

lint:
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings

doc:
	RUSTDOCFLAGS='--deny warnings' $(CARGO) doc --locked --workspace --no-deps --document-private-items

deny:
	deploy/scripts/deny

# The lab under test is the binary that people get; the tests themselves are built
# with overflow checks and assertions. Whole-lab tests run one at a time.
test: build
	deploy/scripts/test-tools
	$(CARGO) test --locked --workspace --exclude tests
	$(CARGO) test --locked --package tests -- --test-threads=1

# ONLY=ready,saturated measures these sections; BENCH=full plays the whole default drill.
bench: build
	$(CARGO) build --locked --profile ci --package bench
	BENCH_BIN=$(abspath $(TARGET))/ci/bench deploy/scripts/bench

clean-runs:
	rm -rf runs
