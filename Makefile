# SPDX-License-Identifier: MIT
# Every command a person types; `make help` lists them.
#
# CFG selects the build: rel (gcc -O2 -g), asan (ASan + UBSan), clang (clang -O2 -g), fuzzer (libFuzzer),
# win (mpio.exe by mingw-w64: `make CFG=win`), i686 and aarch64 (Linux on these processors).
# Objects, libraries and programs go to build/$(CFG)/, never beside the sources.

CFG ?= rel
B   := build/$(CFG)

CC_rel   := gcc
CC_asan  := gcc
CC_clang := clang
CC_fuzzer := clang
CC_win   := x86_64-w64-mingw32-gcc
CC_i686    := i686-linux-gnu-gcc
CC_aarch64 := aarch64-linux-gnu-gcc
CC       := $(CC_$(CFG))
OPT_rel   := -O2
OPT_asan  := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT_clang := -O2
OPT_win   := -O2
OPT_i686    := -O2
OPT_aarch64 := -O2
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

# The Windows host has its own half of mpio/host, loads PE images only, and has no libiscsi.
ifeq ($(CFG),win)
AR       := x86_64-w64-mingw32-ar
HOST_OS  := windows
LEFT_OUT := mpio/embed/real.c mpio/cli/target.c mpio/load/elf.c
# Formats are those of C99; the checker of this compiler only knows msvcrt's, and the other builds check them.
CFLAGS   += -D__USE_MINGW_ANSI_STDIO=1 -Wno-format -Wno-format-extra-args
else
HOST_OS  := posix
LEFT_OUT := mpio/embed/no_iscsi.c mpio/cli/no_target.c mpio/load/no_elf.c
endif
# No libiscsi and no libgcrypt for other processors.
ifneq ($(filter i686 aarch64,$(CFG)),)
AR       := $(CC:gcc=ar)
LEFT_OUT := mpio/embed/real.c mpio/cli/target.c mpio/load/no_elf.c
# Exceptions of images, and reads of a kernel's own pages: x64 only.
LEFT_OUT += mpio/load/seh.c mpio/load/traps.c mpio/load/exports_compiler.c mpio/host/emulate.c
endif
# `char` has a sign on Windows, whatever the processor.
ifeq ($(CFG),aarch64)
CFLAGS   += -fsigned-char
endif
# Drivers for x86 align 64-bit members to eight bytes and return small structures in registers, so the framework does.
# Linux' own structures differ: the host's half keeps to them.
ifeq ($(CFG),i686)
CFLAGS   += -malign-double -freg-struct-return
$(B)/mpio/host/%.o: CFLAGS := $(filter-out -malign-double,$(CFLAGS))
endif

# ---- rooms: one static library each; a program links its rooms from the top down --------------
ROOMS := cli embed mgmt load target disk core port/iscsi port/sim port pnp nt array world text host
src    = $(filter-out $(LEFT_OUT),$(wildcard mpio/$(1)/*.c mpio/$(1)/$(HOST_OS)/*.c mpio/$(1)/$(HOST_OS)/*.S))
obj    = $(patsubst mpio/%,$(B)/mpio/%.o,$(basename $(call src,$(1)))) $(gen_$(1))
gen_load = $(B)/gen/exports_table.o
lib    = $(B)/lib$(subst /,-,$(1)).a

.DEFAULT_GOAL := all

$(B)/mpio/%.o: mpio/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@
$(B)/ddk/%.o: ddk/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@
$(B)/mpio/%.o: mpio/%.S
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

# The compiler's own Windows headers, not the DDK's of the same names.
$(B)/mpio/host/windows/%.o: CFLAGS := $(filter-out -Iddk/include,$(CFLAGS)) -D_WIN32_WINNT=0x0602

# Drivers' imports: a table, and a wrapper per routine, from the export lists and the headers.
$(B)/gen/exports_table.c: Makefile tools/thunks.sh $(wildcard ddk/lib/*.def ddk/include/*.h ddk/include/openmpio/*.h mpio/load/exports_*.c)
	@mkdir -p $(@D)
	CC=$(if $(filter i686 aarch64,$(CFG)),$(CC),gcc) LEFT_OUT='$(LEFT_OUT)' sh tools/thunks.sh $(@D)/work > $@.new && mv $@.new $@
$(B)/gen/%.o: $(B)/gen/%.c
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
below_mgmt  := mgmt text host
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
below_load  := embed mgmt load disk core port/iscsi $(below_port)
below_embed := $(below_load)
whole_load  := yes
whole_embed := yes
TEST_ROOMS  := text host mgmt world array target nt port port/iscsi core disk load embed

NO_ISCSI := $(filter win i686 aarch64,$(CFG))
LIBS := -ldl -lm $(if $(NO_ISCSI),,-liscsi -lgcrypt)
CMOCKA := -lcmocka
OTHER_HOSTS := mpio/host/tests/test_windows.c
EXE :=
# On Windows: the rooms whose tests load no driver, with a header in CMocka's place.
ifeq ($(CFG),win)
TEST_ROOMS := text host world array nt port core disk
LIBS := -municode -static -Wl,--wrap=fopen -lws2_32 -ladvapi32
CMOCKA := -Itools/win-cmocka
below_text += host
OTHER_HOSTS := mpio/host/tests/test_host.c mpio/world/tests/test_host_clock.c
EXE := .exe
endif
comma := ,

define test_rules
$(B)/tests/$(1)/%$(EXE): mpio/$(1)/tests/%.c $(foreach r,$(below_$(1)),$(call lib,$(r))) $(if $(whole_$(1)),$(B)/exports.list)
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) -Wno-unused-function -Impio/$(1) -MMD -MP -MF $$@.d $$< -o $$@ $(LDOPT) \
	    $(if $(whole_$(1)),-Wl$(comma)--dynamic-list=$(B)/exports.list -Wl$(comma)--whole-archive,-Wl$(comma)--start-group) \
	    $(foreach r,$(below_$(1)),$(call lib,$(r))) $(if $(whole_$(1)),-Wl$(comma)--no-whole-archive,-Wl$(comma)--end-group) \
	    $$(CMOCKA) $$(LIBS)
tests_$(1) := $(patsubst mpio/$(1)/tests/%.c,$(B)/tests/$(1)/%$(EXE),$(filter-out $(OTHER_HOSTS),$(wildcard mpio/$(1)/tests/test_*.c)))
tests-$(1): $$(tests_$(1))
unit-$(1): $$(tests_$(1))
	@for t in $$(tests_$(1)); do echo "== $$$$t"; $$$$t || exit 1; done
.PHONY: unit-$(1) tests-$(1)
endef
$(foreach r,$(TEST_ROOMS),$(eval $(call test_rules,$(r))))



# ---- the mpio program ----------------------------------------------------------------------------
# It exports exactly the routines that ddk/lib/*.def list: a DSM resolves them at load time.
PROGRAM_ROOMS := cli embed mgmt load $(if $(NO_ISCSI),,target) disk core $(if $(NO_ISCSI),,port/iscsi) port/sim port pnp nt array world text host

$(B)/exports.list: $(wildcard ddk/lib/*.def) tools/exports.sh
	@mkdir -p $(@D)
	sh tools/exports.sh $(filter-out ddk/lib/crt.def,$(wildcard ddk/lib/*.def)) > $@

$(B)/bin/mpio: $(foreach r,$(PROGRAM_ROOMS),$(call lib,$(r))) $(B)/exports.list
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ -Wl,--dynamic-list=$(B)/exports.list -Wl,--whole-archive \
	    $(foreach r,$(PROGRAM_ROOMS),$(call lib,$(r))) -Wl,--no-whole-archive $(LDOPT) $(LIBS)

# On Windows an image is handed the routines by the generated table, so nothing is exported. One file is enough.
$(B)/bin/mpio.exe: $(foreach r,$(PROGRAM_ROOMS),$(call lib,$(r)))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ -municode -static -Wl,--wrap=fopen -Wl,--dynamicbase,--high-entropy-va,--nxcompat \
	    -Wl,--whole-archive $^ -Wl,--no-whole-archive -lws2_32 -ladvapi32

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

ifeq ($(CFG),win)
all: $(B)/bin/mpio.exe
else
all: $(B)/bin/mpio $(SAMPLE) $(B)/bin/path_proxy
endif

help:
	@echo "make            build mpio and the sample DSM into build/"
	@echo "make demo       30 simulated minutes of failures, then two real iSCSI sessions (under a minute)"
	@echo "make check      all tests, a few minutes; installs what it lacks from Debian's packages"
	@echo "make check-all  the long forms too"
	@echo "make unit-ROOM  unit tests of one room: $(TEST_ROOMS)"
	@echo "make asan       build with AddressSanitizer and UBSan (build/asan/)"
	@echo "make CFG=X      another build into build/X/: clang, win (mpio.exe for Windows and Wine), i686, aarch64"
	@echo "make bench      figures, as ratios in one run; CSV in build/bench/"
	@echo "make soak       SEEDS=10000 random worlds with random faults, about a quarter of an hour on two processors"
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
	@sh tools/need.sh check-all
	@sh tools/check.sh all

# ---- fuzz targets: clang's libFuzzer over what each needs, nothing more; objects of CFG=fuzzer ------
fuzz_text     := $(call src,text)
fuzz_ini      := $(fuzz_text)
fuzz_reg      := $(fuzz_text)
fuzz_inf      := $(call src,mgmt) $(fuzz_text)
fuzz_topology := $(wildcard mpio/world/topology*.c mpio/world/hba_personality.c) $(fuzz_text)
fuzz_cdb      := $(call src,array)
fuzz_vpd      := mpio/port/identity.c
fuzz_sense    := mpio/disk/sense.c mpio/disk/interpret.c
fuzz_pe       := mpio/load/pe_parse.c mpio/load/pe_place.c mpio/load/pe_import.c
fuzz_unwind   := mpio/load/pe_unwind.c mpio/load/pe_unwind_info.c mpio/load/pe_virtual_unwind.c mpio/host/pe_code.c
fuzz_pdu      := $(call src,target) $(call src,world) $(call src,array) $(call src,host) $(fuzz_text)
fuzz_keys     := $(fuzz_pdu)
fuzz_regload  := $(call src,nt) $(call src,world) $(call src,array) $(call src,host) $(fuzz_text)
fuzz_mof      := $(filter-out %/main.c,$(wildcard ddk/tools/mofc/*.c))
fuzz_sources  := $(wildcard mpio/*/tests/fuzz_*.c ddk/tools/*/tests/fuzz_*.c)
FUZZERS       := $(basename $(notdir $(fuzz_sources)))
fuzz_objects   = $(patsubst %,build/fuzzer/%.o,$(basename $($(1))))

build/fuzz/bin/%: FORCE
	@mkdir -p $(@D)
	@$(MAKE) --no-print-directory -s CFG=fuzzer $(call fuzz_objects,$*)
	@clang -std=gnu11 -g -O1 -w $(filter -f% -I%,$(CFLAGS)) -fsanitize=fuzzer,address,undefined \
	    $(foreach d,$(filter %/$*.c,$(fuzz_sources)),-I$(dir $(d)).. $(d)) $(call fuzz_objects,$*) -o $@ $(LIBS)
fuzzers:
	@$(MAKE) --no-print-directory -s CFG=fuzzer $(sort $(foreach f,$(FUZZERS),$(call fuzz_objects,$(f))))
	@$(MAKE) --no-print-directory -s $(addprefix build/fuzz/bin/,$(FUZZERS))
FORCE:

FUZZ_SECONDS ?= 60
fuzz:
	@sh tools/need.sh check
	@sh tools/fuzz.sh $(FUZZ_SECONDS)

SEEDS ?= 10000
soak:
	@sh tools/need.sh demo
	@$(MAKE) --no-print-directory -s all
	@$(B)/bin/mpio soak --dsm $(SAMPLE) --seeds $(SEEDS) --keep build/soak --list build/soak-seeds

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
	install -m 644 mpio/include/mpio.h mpio/include/mpio_array_plugin.h $(DESTDIR)$(PREFIX)/include/
	cp -R ddk dsm_sample docs/examples $(DESTDIR)$(PREFIX)/share/openmpio/
	rm -rf $(DESTDIR)$(PREFIX)/share/openmpio/dsm_sample/build
	install -d $(DESTDIR)$(PREFIX)/share/openmpio/profiles
	install -m 644 docs/profiles/*.ini $(DESTDIR)$(PREFIX)/share/openmpio/profiles/
	install -m 755 ddk/tools/mpio-cc $(DESTDIR)$(PREFIX)/bin/mpio-cc
	install -D -m 644 tools/gdb/openmpio.py $(DESTDIR)$(PREFIX)/share/openmpio/gdb/openmpio.py

bench:
	@sh tools/need.sh demo
	@$(MAKE) --no-print-directory -s all $(B)/bin/mpio-bench
	@sh tools/bench.sh

.PHONY: all help demo check check-all soak conformance asan fuzz fuzzers bench clean install FORCE

-include $(shell find build $(filter-out build/%,$(B)) -name "*.d" 2>/dev/null)
