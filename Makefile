# SPDX-License-Identifier: MIT
# Every command a person types; `make help` lists them.
#
# CFG selects the build: rel (gcc -O2 -g), asan (ASan + UBSan), clang (clang -O2 -g).
# Objects, libraries and programs go to build/$(CFG)/, never beside the sources.

CFG ?= rel
B   := build/$(CFG)

CC_rel   := gcc
CC_asan  := gcc
CC_clang := clang
CC       := $(CC_$(CFG))
OPT_rel   := -O2
OPT_asan  := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT_clang := -O2
OPT       := $(OPT_$(CFG))
LDOPT_asan := -fsanitize=address,undefined
LDOPT     := $(LDOPT_$(CFG))

WARN   := -Wall -Wextra -Werror -Wno-multichar -Wno-unknown-pragmas
CFLAGS := -std=gnu11 -g $(OPT) $(WARN) -fno-strict-aliasing -fno-common -fms-extensions \
          -Iddk/include -Impio -Impio/include
ifeq ($(CFG),clang)
CFLAGS += -Wno-microsoft-anon-tag -Wno-four-char-constants
endif

# ---- rooms: one static library each; a program links its rooms from the top down --------------
ROOMS := cli embed mgmt load target disk core port/iscsi port/sim port pnp nt array world text host
src    = $(wildcard mpio/$(1)/*.c mpio/$(1)/posix/*.c mpio/$(1)/*.S)
obj    = $(patsubst mpio/%,$(B)/mpio/%.o,$(basename $(call src,$(1))))
lib    = $(B)/lib$(subst /,-,$(1)).a

.DEFAULT_GOAL := all

$(B)/mpio/%.o: mpio/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@
$(B)/mpio/%.o: mpio/%.S
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

define room_rules
$(call lib,$(1)): $(call obj,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(AR) rcs $$@ $$^
room-$(subst /,-,$(1)): $(call lib,$(1))
.PHONY: room-$(subst /,-,$(1))
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

# ---- unit tests: mpio/<room>/tests/test_*.c, one CMocka program each ---------------------------
# A test of a room links that room and what lies below it.
below_text  := text
below_host  := host
below_world := world text host
below_array := array
below_nt    := nt $(below_world)
below_pnp   := pnp $(below_nt)
below_port  := port/sim port array $(below_pnp)
below_core  := core $(below_port)
below_disk  := disk core $(below_port)
below_load  := load $(below_nt)
below_embed := embed mgmt load disk core port/iscsi $(below_port)
TEST_ROOMS  := text host world array nt pnp port core disk load embed

LIBS := -ldl -lm -liscsi

define test_rules
$(B)/tests/$(1)/%: mpio/$(1)/tests/%.c $(foreach r,$(below_$(1)),$(call lib,$(r)))
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) -Impio/$(1) -MMD -MP -MF $$@.d $$< -o $$@ $(LDOPT) \
	    -Wl,--start-group $(foreach r,$(below_$(1)),$(call lib,$(r))) -Wl,--end-group -lcmocka $$(LIBS)
tests_$(1) := $(patsubst mpio/$(1)/tests/%.c,$(B)/tests/$(1)/%,$(wildcard mpio/$(1)/tests/test_*.c))
unit-$(1): $$(tests_$(1))
	@for t in $$(tests_$(1)); do echo "== $$$$t"; $$$$t || exit 1; done
.PHONY: unit-$(1)
endef
$(foreach r,$(TEST_ROOMS),$(eval $(call test_rules,$(r))))

-include $(shell find build -name '*.d' 2>/dev/null)
