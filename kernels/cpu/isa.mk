# The ops of the CPU backend are compiled once for each level of the instruction set, and
# kernels/cpu/cpu.c picks one at run time (see cpu.h): attn.v3.o is attn.c for x86-64-v3.
CPU_ONCE := kernels/cpu/cpu.c kernels/cpu/operand.c kernels/cpu/team.c
CPU_OPS  := $(filter-out $(CPU_ONCE),$(filter kernels/cpu/%,$(SRC)))
CPU_ISAS := $(if $(filter x86_64%,$(shell $(CC) -dumpmachine)),v2 v3 v4,base)

OBJ := $(filter-out $(CPU_OPS:%.c=$(BUILD)/obj/%.o),$(OBJ)) \
    $(foreach isa,$(CPU_ISAS),$(CPU_OPS:%.c=$(BUILD)/obj/%.$(isa).o))

# Not -ffast-math: sums keep the order they are written in, and NaN stays NaN.
# -Wno-pass-failed: that clang left a loop rolled is no error.
# -O3 where loops are the compiler's; what is unrolled by hand only takes longer to compile with it.
# From gcc 13 on, some sums of a function become multiply-adds and some do not, as suits the AMD
# processors of the day; then a product depends on which of its loops an element falls into.
CPU_FMA := $(shell $(CC) --param=avoid-fma-max-bits=0 -Werror -E -x c /dev/null >/dev/null 2>&1 && \
    echo --param=avoid-fma-max-bits=0)
CPU_FLAGS = $(if $(filter -O2,$(OPT)),$(if $(findstring /skinny_,$<),,-O3)) -ffp-contract=fast \
    -fno-math-errno -fno-trapping-math -Wno-pass-failed $(CPU_FMA)
MARCH_v2 := -march=x86-64-v2
MARCH_v3 := -march=x86-64-v3
MARCH_v4 := -march=x86-64-v4 -mprefer-vector-width=512

define CPU_RULE
$(BUILD)/obj/%.$(1).o: %.c $(BUILD)/flags kernels/cpu/isa.mk
	@mkdir -p $$(@D)
	$$(call run,CC,$$(CC) $$(FLAGS) $$(CPU_FLAGS) $(MARCH_$(1)) -DIFT_CPU_ISA=$(1) -MMD -MP \
	    -c -o $$@ $$<)
endef
$(foreach isa,$(CPU_ISAS),$(eval $(call CPU_RULE,$(isa))))

# For tests/ops a level of their own: the vectors and tiles of AVX-512, each vector in the parts that AVX2 (or what
# another processor has) makes of it. What the sources do with 16 lanes is proven everywhere that way.
WIDE := $(CPU_OPS:%.c=$(BUILD)/obj/%.wide.o) $(BUILD)/obj/kernels/cpu/cpu.wide.o
$(filter-out %/cpu.wide.o,$(WIDE)): private ROOM = -DIFT_CPU_ISA=wide $(if $(filter v3,$(CPU_ISAS)),$(MARCH_v3))
$(WIDE): $(BUILD)/obj/%.wide.o: %.c $(BUILD)/flags kernels/cpu/isa.mk
	@mkdir -p $(@D)
	$(call run,CC,$(CC) $(FLAGS) $(CPU_FMA) -ffp-contract=fast -fno-math-errno -Wno-psabi -DIFT_CPU_WIDE \
	    -MMD -MP -c -o $@ $<)
$(filter $(BUILD)/tests/ops/%,$(TESTS)): $(WIDE)
