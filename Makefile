# ift: one non-recursive makefile. Everything made lies in $(BUILD).
BUILD   ?= build
CC      ?= cc
OPT     ?= -O2 -g
CFLAGS  ?=
WARN     = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wvla $(if $(WERROR),-Werror)
VERSION ?= 0.1.0
CPPFLAGS += -I. -D_GNU_SOURCE -DIFT_VERSION='"$(VERSION)"'
ALLFLAGS = -std=gnu11 -ffp-contract=off $(OPT) $(WARN) $(CPPFLAGS) $(CFLAGS)
LDLIBS   = -Wl,--as-needed -larchive -ljq -lutf8proc -lzstd -lxxhash -ldnnl -lgomp -lm -lpthread

SRC   := $(shell find libcore kernels -name '*.c' 2>/dev/null)
TOOLS := $(patsubst tools/%.c,$(BUILD)/bin/%,$(wildcard tools/ift-*.c))
OBJ   := $(SRC:%.c=$(BUILD)/obj/%.o)
LIB   := $(BUILD)/lib/libift.a

all: $(TOOLS) $(LIB)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D); echo "CC $<"; $(CC) $(ALLFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(OBJ)
	@mkdir -p $(@D); rm -f $@; echo "AR $@"; ar rcs $@ $(OBJ)

$(BUILD)/bin/%: $(BUILD)/obj/tools/%.o $(LIB)
	@mkdir -p $(@D); echo "LD $@"; $(CC) $(ALLFLAGS) $(LDFLAGS) -o $@ $< $(LIB) $(LDLIBS)

$(BUILD)/tests/%: tests/%.c $(LIB)
	@mkdir -p $(@D); echo "CC $<"; $(CC) $(ALLFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(LIB) $(LDLIBS)

-include $(OBJ:.o=.d)
.PHONY: all
.SECONDARY:
