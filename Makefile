# ift: one makefile for everything. What is made lies in $(BUILD), programs in $(BUILD)/bin.
#
#   make            build, with every core unless -j says otherwise (installs missing libraries)
#   make test       run the tests; T=cli/format runs some, U=1 rewrites what they expect
#   make demo       the whole pipeline on data in this repository
#   make bench      measure beside the peers that are installed
#   make fuzz       hostile input for the readers, a minute each (clang); T=tokenizer for some
#   make lint       import rules, banned functions, man pages, scripts
#   make install    PREFIX=/usr/local DESTDIR=
#   make deps       only look for the libraries, and install what is missing
#   make clean help
#
#   CC=clang  OPT=-O2  WERROR=1  V=1 (show commands)  BUILD=dir  DEPS=no (install nothing)
#   SAN=1 (address and undefined)  SAN=thread: a build of its own with sanitizers
VERSION := 0.1.0

ifneq ($(filter fuzz,$(MAKECMDGOALS)),)
CC     := clang
SAN    := fuzzer
endif
PREFIX ?= /usr/local
CC     ?= cc
OPT    ?= $(if $(SAN),-O1,-O2) -g
BUILD  ?= build$(if $(SAN),/$(or $(patsubst thread,tsan,$(filter thread fuzzer,$(SAN))),san))

ifeq ($(MAKELEVEL)$(filter -j% --jobs%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all tests test demo bench fuzz lint install deps clean help FORCE
all:

comma := ,
SANITIZE := $(if $(SAN),-fno-omit-frame-pointer -fno-sanitize-recover=all \
    -fsanitize=$(if $(filter thread,$(SAN)),thread,address$(comma)undefined) \
    $(if $(filter fuzzer,$(SAN)),-fsanitize=fuzzer-no-link))
WARN := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wvla $(if $(WERROR),-Werror)
FLAGS = -std=gnu11 $(OPT) $(WARN) $(SANITIZE) -I. -D_GNU_SOURCE $(CPPFLAGS) $(ROOM) $(FACTS) \
    $(CFLAGS)
LDLIBS = -Wl,--as-needed $(FOUND_LIBS) -lm -lpthread -ldl

# Wildcards find every source: a new file or tool is built without a word here.
SRC   := $(sort $(shell find libcore kernels -name '*.c'))
OBJ   := $(SRC:%.c=$(BUILD)/obj/%.o)
LIB   := $(BUILD)/lib/libift.a
TOOLS := $(sort $(patsubst tools/%.c,$(BUILD)/bin/%,$(wildcard tools/ift-*.c)))
TESTS := $(sort $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c tests/ops/test_*.c)))
FUZZ  := $(sort $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c)))

# What was found, and how we compile: looked for once, kept in $(BUILD).
ifneq ($(filter-out clean help lint,$(or $(MAKECMDGOALS),all)),)
include $(BUILD)/config.mk
endif
$(BUILD)/config.mk: .ci/deps
	@mkdir -p $(@D)
	@CC='$(CC)' DEPS='$(DEPS)' .ci/deps libraries $@

# Rewritten only when they change, so that what depends on them is made anew just then.
$(BUILD)/flags: TEXT = $(CC) $(FLAGS)
$(BUILD)/sources: TEXT = $(OBJ)
$(BUILD)/flags $(BUILD)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(TEXT)' | cmp -s - $@ || echo '$(TEXT)' >$@

# $(call run,LD,command): with V=1 shows the command, with -s nothing, else "LD target".
SILENT = $(findstring s,$(firstword -$(MAKEFLAGS)))
run = $(if $(V),,@$(if $(SILENT),,echo '$(1)	$(patsubst $(BUILD)/%,%,$@)';)) $(2)

# The same bits on every processor: no fused multiply-add that the source does not ask for.
$(BUILD)/obj/libcore/%.o: private ROOM = -ffp-contract=off
# Of no effect on results, but without them gcc makes no vectors of what has a square root or a choice.
$(BUILD)/obj/libcore/base/rng.o: private FACTS = -fno-math-errno -fno-trapping-math
# Nothing is read there, and clang takes minutes to watch it.
$(if $(filter fuzzer,$(SAN)),$(BUILD)/obj/kernels/%.o: private SANITIZE :=)
# What only one file is told.
$(BUILD)/obj/libcore/base/version.o: private FACTS = -DIFT_VERSION='"$(VERSION)"' \
    -DIFT_LIBRARIES='"$(FOUND_TEXT)"'
$(BUILD)/obj/libcore/base/version.o: Makefile $(BUILD)/config.mk
$(BUILD)/obj/libcore/base/data.o: private FACTS = -DIFT_DATADIR='"$(PREFIX)/share/ift"'
$(BUILD)/obj/libcore/io/inflate_isal.o: private FACTS = $(if $(filter -lisal,$(FOUND_LIBS)),-DIFT_ISAL)
$(BUILD)/obj/libcore/io/inflate_isal.o: $(BUILD)/config.mk

# Files that are compiled once for each level of the instruction set change OBJ here.
-include kernels/cpu/isa.mk

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call run,CC,$(CC) $(FLAGS) -MMD -MP -c -o $@ $<)

$(LIB): $(OBJ) $(BUILD)/sources
	@mkdir -p $(@D); rm -f $@
	$(call run,AR,ar rcs $@ $(OBJ))

$(BUILD)/bin/%: $(BUILD)/obj/tools/%.o $(LIB)
	@mkdir -p $(@D)
	$(call run,LD,$(CC) $(FLAGS) $(LDFLAGS) -o $@ $< $(LIB) $(LDLIBS))

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(LIB)
	@mkdir -p $(@D)
	$(call run,LD,$(CC) $(FLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(LDLIBS))

# libFuzzer brings main.
$(FUZZ): private LDFLAGS += -fsanitize=fuzzer

-include $(OBJ:.o=.d) $(WIDE:.o=.d)
-include $(TOOLS:$(BUILD)/bin/%=$(BUILD)/obj/tools/%.d)
-include $(patsubst $(BUILD)/%,$(BUILD)/obj/%.d,$(TESTS) $(FUZZ))

all: $(LIB) $(TOOLS)

deps: $(BUILD)/config.mk
	@echo 'libraries$(FOUND_TEXT:,%=:%)'

tests: all $(TESTS)

test: tests
	@DEPS='$(DEPS)' .ci/deps commands mandoc zstd
	@BUILD='$(abspath $(BUILD))' T='$(T)' U='$(U)' tests/run

demo: all
	+@PATH="$(abspath $(BUILD))/bin:$$PATH" $(MAKE) --no-print-directory -f pipelines/demo.mk

bench: all
	@BUILD='$(abspath $(BUILD))' tests/bench/run

fuzz: $(FUZZ)
	@BUILD='$(abspath $(BUILD))' T='$(T)' tests/fuzz/run

lint:
	@BUILD='$(BUILD)' tests/lint/run

SHARE = $(DESTDIR)$(PREFIX)/share
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/ift $(SHARE)/bash-completion/completions
	install $(TOOLS) $(DESTDIR)$(PREFIX)/bin
	cp -R data/. $(SHARE)/ift
	for page in man/*.[1-9]; do \
	    [ ! -e "$$page" ] || install -D -m 644 "$$page" $(SHARE)/man/man$${page##*.}/$${page##*/}; done
	for tool in $(TOOLS); do \
	    $$tool --completion >$(SHARE)/bash-completion/completions/$${tool##*/} || exit; done

clean:
	rm -rf $(BUILD)

help:
	@sed -n '2,/^VERSION/s/^# \{0,1\}//p' Makefile
