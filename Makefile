# SPDX-License-Identifier: MIT
# Every command a person types; `make help` lists them.
#
# CFG selects the build: rel (gcc -O2 -g), asan (ASan + UBSan), clang (clang -O2 -g), fuzzer (libFuzzer).
# Objects, libraries and programs go to build/$(CFG)/, never beside the sources.

CFG ?= rel
B   := build/$(CFG)

CC_rel   := gcc
CC_asan  := gcc
CC_clang := clang
CC_fuzzer := clang
CC       := $(CC_$(CFG))
OPT_rel   := -O2
OPT_asan  := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT_clang := -O2
OPT_fuzzer := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
OPT       := $(OPT_$(CFG))
LDOPT_asan := -fsanitize=address,undefined
LDOPT     := $(LDOPT_$(CFG))

WARN   := -Wall -Wextra -Werror -Wno-multichar -Wno-unknown-pragmas
CFLAGS := -std=gnu11 -g $(OPT) $(WARN) -fno-strict-aliasing -fno-common -fms-extensions \
          -Iddk/include -Impio -Impio/include
ifneq ($(filter clang fuzzer,$(CFG)),)
CFLAGS += -Wno-microsoft-anon-tag -Wno-four-char-constants
endif

# ---- rooms: one static library each; a program links its rooms from the top down --------------
ROOMS := cli embed mgmt load target disk core port/iscsi port/sim port pnp nt array world text host
src    = $(wildcard mpio/$(1)/*.c mpio/$(1)/posix/*.c mpio/$(1)/posix/*.S)
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
below_world := world array text host
below_array := array host
below_target := target $(below_world)
below_nt    := nt $(below_world)
below_pnp   := pnp $(below_nt)
below_port/iscsi := port/iscsi $(below_world)
below_port  := port/sim port $(below_pnp)
below_core  := core $(below_port)
below_disk  := disk core $(below_port)
# Tests that load a DSM stand where the program stands: everything linked whole, kernel routines exported.
below_load  := embed load disk core port/iscsi $(below_port)
below_embed := $(below_load)
whole_load  := yes
whole_embed := yes
TEST_ROOMS  := text host world array target nt port port/iscsi core disk load embed

LIBS := -ldl -lm -liscsi -lgcrypt
comma := ,

define test_rules
$(B)/tests/$(1)/%: mpio/$(1)/tests/%.c $(foreach r,$(below_$(1)),$(call lib,$(r))) $(if $(whole_$(1)),$(B)/exports.list)
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) -Wno-unused-function -Impio/$(1) -MMD -MP -MF $$@.d $$< -o $$@ $(LDOPT) \
	    $(if $(whole_$(1)),-Wl$(comma)--dynamic-list=$(B)/exports.list -Wl$(comma)--whole-archive,-Wl$(comma)--start-group) \
	    $(foreach r,$(below_$(1)),$(call lib,$(r))) $(if $(whole_$(1)),-Wl$(comma)--no-whole-archive,-Wl$(comma)--end-group) \
	    -lcmocka $$(LIBS)
tests_$(1) := $(patsubst mpio/$(1)/tests/%.c,$(B)/tests/$(1)/%,$(wildcard mpio/$(1)/tests/test_*.c))
tests-$(1): $$(tests_$(1))
unit-$(1): $$(tests_$(1))
	@for t in $$(tests_$(1)); do echo "== $$$$t"; $$$$t || exit 1; done
.PHONY: unit-$(1) tests-$(1)
endef
$(foreach r,$(TEST_ROOMS),$(eval $(call test_rules,$(r))))



# ---- the mpio program ----------------------------------------------------------------------------
# It exports exactly the routines that ddk/lib/*.def list: a DSM resolves them at load time.
PROGRAM_ROOMS := cli embed load target disk core port/iscsi port/sim port pnp nt array world text host

$(B)/exports.list: $(wildcard ddk/lib/*.def) tools/exports.sh
	@mkdir -p $(@D)
	sh tools/exports.sh $(wildcard ddk/lib/*.def) > $@

$(B)/bin/mpio: $(foreach r,$(PROGRAM_ROOMS),$(call lib,$(r))) $(B)/exports.list
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ -Wl,--dynamic-list=$(B)/exports.list -Wl,--whole-archive \
	    $(foreach r,$(PROGRAM_ROOMS),$(call lib,$(r))) -Wl,--no-whole-archive $(LDOPT) $(LIBS)

SAMPLE := build/dsm_sample/$(CFG)/dsm_sample.so
$(SAMPLE): $(wildcard dsm_sample/*.c dsm_sample/*.h ddk/include/*.h ddk/include/openmpio/*.h) ddk/dsm.mk
	@$(MAKE) --no-print-directory -C dsm_sample DDK=../ddk BUILD=$(abspath $(@D)) CC=$(CC) $(if $(filter asan,$(CFG)),SAN=1)

$(B)/bin/mpio-bench: $(wildcard mpio/bench/*.[ch]) $(foreach r,$(PROGRAM_ROOMS),$(call lib,$(r))) $(B)/exports.list
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $(filter %.c,$^) -Wl,--dynamic-list=$(B)/exports.list -Wl,--whole-archive \
	    $(foreach r,$(filter-out cli,$(PROGRAM_ROOMS)),$(call lib,$(r))) -Wl,--no-whole-archive $(LDOPT) $(LIBS)

$(B)/bin/path_proxy: tools/path_proxy.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< $(LDOPT)

all: $(B)/bin/mpio $(SAMPLE) $(B)/bin/path_proxy

help:
	@echo "make            build mpio and the sample DSM into build/"
	@echo "make demo       30 simulated minutes of failures, then two real iSCSI sessions (under a minute)"
	@echo "make check      all tests, a few minutes; installs what it lacks from Debian's packages"
	@echo "make check-all  the long forms too"
	@echo "make unit-ROOM  unit tests of one room: $(TEST_ROOMS)"
	@echo "make asan       build with AddressSanitizer and UBSan (build/asan/)"
	@echo "make bench      figures, as ratios in one run; CSV in build/bench/"
	@echo "make conformance  libiscsi's suite against mpio target and tgt, about two minutes"
	@echo "make fuzz       every fuzz target for FUZZ_SECONDS=60 each"
	@echo "make install    PREFIX=/usr/local: mpio, the DDK and the sample"
	@echo "make clean      remove build/"

demo:
	@sh tools/need.sh demo
	@$(MAKE) --no-print-directory -s all
	@sh tools/demo.sh

check:
	@sh tools/need.sh check
	@sh tools/check.sh

check-all:
	@sh tools/need.sh check
	@sh tools/check.sh all

# ---- fuzz targets: clang's libFuzzer over what each needs, nothing more; objects of CFG=fuzzer ------
fuzz_text     := $(call src,text)
fuzz_ini      := $(fuzz_text)
fuzz_reg      := $(fuzz_text)
fuzz_topology := $(wildcard mpio/world/topology*.c) $(fuzz_text)
fuzz_cdb      := $(call src,array)
fuzz_vpd      := mpio/port/identity.c
fuzz_sense    := mpio/disk/sense.c mpio/disk/interpret.c
fuzz_pdu      := $(call src,target) $(call src,world) $(call src,array) $(call src,host) $(fuzz_text)
fuzz_keys     := $(fuzz_pdu)
fuzz_regload  := $(call src,nt) $(call src,world) $(call src,array) $(call src,host) $(fuzz_text)
FUZZERS       := $(basename $(notdir $(wildcard mpio/*/tests/fuzz_*.c)))
fuzz_objects   = $(patsubst %,build/fuzzer/%.o,$(basename $($(1))))

build/fuzz/bin/%: FORCE
	@mkdir -p $(@D)
	@$(MAKE) --no-print-directory -s CFG=fuzzer $(call fuzz_objects,$*)
	@clang -std=gnu11 -g -O1 -w $(filter -f% -I%,$(CFLAGS)) -fsanitize=fuzzer,address,undefined \
	    $(foreach d,$(wildcard mpio/*/tests/$*.c),-I$(dir $(d)).. $(d)) $(call fuzz_objects,$*) -o $@ $(LIBS)
fuzzers:
	@$(MAKE) --no-print-directory -s CFG=fuzzer $(sort $(foreach f,$(FUZZERS),$(call fuzz_objects,$(f))))
	@$(MAKE) --no-print-directory -s $(addprefix build/fuzz/bin/,$(FUZZERS))
FORCE:

FUZZ_SECONDS ?= 60
fuzz:
	@sh tools/need.sh check
	@sh tools/fuzz.sh $(FUZZ_SECONDS)

conformance:
	@sh tools/need.sh check
	@$(MAKE) --no-print-directory -s all
	@sh tools/conformance.sh all

asan:
	@$(MAKE) --no-print-directory CFG=asan all

clean:
	rm -rf build

PREFIX ?= /usr/local
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/share/openmpio
	install -m 755 $(B)/bin/mpio $(DESTDIR)$(PREFIX)/bin/mpio
	install -m 644 mpio/include/mpio.h $(DESTDIR)$(PREFIX)/include/mpio.h
	cp -R ddk dsm_sample docs/examples $(DESTDIR)$(PREFIX)/share/openmpio/

bench:
	@sh tools/need.sh demo
	@$(MAKE) --no-print-directory -s all $(B)/bin/mpio-bench
	@sh tools/bench.sh

.PHONY: all help demo check check-all conformance asan fuzz fuzzers bench clean install FORCE

-include $(shell find build -name "*.d" 2>/dev/null)
