# common.mk: what every recipe needs. A failing stage of a pipe fails the recipe, and a target that was not finished is
# removed, so that the next make starts from what is whole.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# The programs: of BIN, or of this tree when it is built, else those on PATH.
TREE := $(patsubst %/,%,$(dir $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))))
export PATH := $(if $(BIN),$(BIN),$(abspath $(TREE))/build/bin):$(PATH)
DATA ?= $(TREE)/data
export IFT_DATA ?= $(abspath $(DATA))
SEED ?= 1
