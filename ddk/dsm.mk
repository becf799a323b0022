# SPDX-License-Identifier: MIT
# Builds a DSM from its sources. A vendor's Makefile is three lines:
#
#     DSM  = mydsm
#     SRCS = driver.c path.c io.c
#     include $(DDK)/dsm.mk
#
# make            $(BUILD)/mydsm.so, native, for `mpio` on this host
# make mydsm.sys  $(BUILD)/mydsm.sys, a PE image (x86_64-w64-mingw32-gcc); `make sys` is the same
# make clean      removes $(BUILD)
#
# Settings (environment, command line or Makefile): BUILD=build  CC=gcc  DBG=0|1  OPT=-O2
# SAN=1 (ASan and UBSan)  COV=1 (gcov)  CFLAGS (added last)  INCLUDES (-I ...)  RC (a resource
# script, PE only; DSM.rc when there is one)  PE_CC  PE_DLLTOOL  PE_WINDRES  PE_LIBS="ntoskrnl mpio" (also: storport, hal).
# Trace headers (<source>.tmh) are made in $(BUILD)/tmh. Sources are never touched.

ifndef DSM
$(error dsm.mk: set DSM to the name of the driver before including it)
endif
ifndef SRCS
$(error dsm.mk: set SRCS to the list of C sources before including it)
endif

DDK_HOME := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
BUILD    ?= build
DBG      ?= 0
OPT      ?= $(if $(filter 1,$(DBG)),-O1,-O2)
ifeq ($(origin CC),default)
CC := gcc
endif
PE_PREFIX  ?= x86_64-w64-mingw32-
PE_CC      ?= $(PE_PREFIX)gcc
PE_DLLTOOL ?= $(PE_PREFIX)dlltool
PE_WINDRES ?= $(PE_PREFIX)windres
PE_LIBS    ?= ntoskrnl mpio

# ---- flags -------------------------------------------------------------------------------------
# No strict aliasing and wrapping integers: what Microsoft's compiler gives and drivers rely on.
DDK_FLAGS := -ffreestanding -fcommon -fms-extensions -fno-strict-aliasing -fwrapv -g \
             -fasynchronous-unwind-tables -fno-omit-frame-pointer -fno-stack-protector \
             -DDBG=$(DBG) -D_AMD64_ -I$(DDK_HOME)/include/crt -I$(DDK_HOME)/include
DDK_WARN  ?= -Wall -Wno-multichar -Wno-unknown-pragmas -Wno-error=incompatible-pointer-types
DDK_SO    := -fshort-wchar -mms-bitfields -fPIC
DDK_PE    := -nostdinc -mms-bitfields
DDK_LINK  := -shared -Wl,-Bsymbolic -Wl,--exclude-libs,ALL
ifneq ($(shell $(CC) --version 2>/dev/null | grep -c clang),0)
DDK_SO += -Wno-microsoft-anon-tag -Wno-four-char-constants
endif
ifeq ($(SAN),1)
DDK_SO   += -fsanitize=address,undefined -fno-sanitize=alignment
DDK_LINK += -fsanitize=address,undefined
endif
ifeq ($(COV),1)
DDK_SO   += --coverage
DDK_LINK += --coverage
endif

# ---- files -------------------------------------------------------------------------------------
ddk_object = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(subst ../,up/,$(2)))
DDK_SO_OBJECTS := $(call ddk_object,so,$(SRCS))
DDK_PE_OBJECTS := $(call ddk_object,pe,$(SRCS))
DDK_TMH        := $(patsubst %.c,$(BUILD)/tmh/%.tmh,$(notdir $(SRCS)))
DDK_LIB_SO     := $(patsubst %,$(BUILD)/so-lib/%.o,wide narrow version)
DDK_LIB_PE     := $(patsubst %,$(BUILD)/pe-lib/%.o,wide narrow version memory chkstk)
DDK_HEADERS    := $(wildcard $(DDK_HOME)/include/*.h $(DDK_HOME)/include/*/*.h)
DDK_IMPORTS    := $(patsubst %,$(BUILD)/pe-lib/lib%.a,$(PE_LIBS))
RC             ?= $(wildcard $(DSM).rc)
DDK_RES        := $(if $(RC),$(BUILD)/pe/$(notdir $(RC)).o)

.PHONY: all so sys clean $(DSM).so $(DSM).sys
.DEFAULT_GOAL := all
all so $(DSM).so: $(BUILD)/$(DSM).so
clean:
	rm -rf $(BUILD)

$(BUILD)/tmh/%.tmh:
	@mkdir -p $(@D)
	@echo '#include <openmpio/wpp.h>' > $@

# One rule per source, so that sources in ../ and in subdirectories work.
define ddk_compile
$(call ddk_object,so,$(1)): $(1) $(MAKEFILE_LIST) | $$(DDK_TMH)
	@mkdir -p $$(@D)
	$$(CC) $$(DDK_FLAGS) $$(DDK_SO) $$(DDK_WARN) $$(OPT) -I$$(BUILD)/tmh $$(INCLUDES) $$(CFLAGS) \
	    -MMD -MP -c $$< -o $$@
$(call ddk_object,pe,$(1)): $(1) $(MAKEFILE_LIST) | $$(DDK_TMH)
	@mkdir -p $$(@D)
	$$(PE_CC) $$(DDK_FLAGS) $$(DDK_PE) $$(DDK_WARN) $$(OPT) -I$$(BUILD)/tmh $$(INCLUDES) \
	    $$(CFLAGS) -MMD -MP -c $$< -o $$@
endef
$(foreach source,$(SRCS),$(eval $(call ddk_compile,$(source))))

# ---- the static library every DSM links --------------------------------------------------------
$(BUILD)/so-lib/%.o: $(DDK_HOME)/lib/dsmlib/%.c $(DDK_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(DDK_FLAGS) $(DDK_SO) -O2 -c $< -o $@
$(BUILD)/pe-lib/%.o: $(DDK_HOME)/lib/dsmlib/%.c $(DDK_HEADERS)
	@mkdir -p $(@D)
	$(PE_CC) $(DDK_FLAGS) $(DDK_PE) -O2 -fno-tree-loop-distribute-patterns -c $< -o $@
$(BUILD)/pe-lib/%.o: $(DDK_HOME)/lib/dsmlib/%.S
	@mkdir -p $(@D)
	$(PE_CC) -c $< -o $@
$(BUILD)/so-lib/libdsm.a: $(DDK_LIB_SO)
	@rm -f $@
	$(AR) rcs $@ $^
$(BUILD)/pe-lib/libdsm.a: $(DDK_LIB_PE)
	@rm -f $@
	$(PE_PREFIX)ar rcs $@ $^
$(BUILD)/pe-lib/lib%.a: $(DDK_HOME)/lib/%.def
	@mkdir -p $(@D)
	$(PE_DLLTOOL) -d $< -l $@

# ---- images: kernel routines stay undefined in the .so and are bound when it is loaded ---------
$(BUILD)/$(DSM).so: $(DDK_SO_OBJECTS) $(BUILD)/so-lib/libdsm.a
	$(CC) $(DDK_LINK) -o $@ $^ $(LDFLAGS)

ifneq ($(shell command -v $(PE_CC) 2>/dev/null),)
sys $(DSM).sys: $(BUILD)/$(DSM).sys
else
sys $(DSM).sys:
	@echo "$(DSM).sys needs $(PE_CC) (Debian: gcc-mingw-w64-x86-64); $(DSM).so needs only $(CC)" >&2; \
	exit 1
endif
$(BUILD)/pe/%.rc.o: %.rc
	@mkdir -p $(@D)
	$(PE_WINDRES) -I$(DDK_HOME)/include $(INCLUDES) $< $@
$(BUILD)/$(DSM).sys: $(DDK_PE_OBJECTS) $(DDK_RES) $(BUILD)/pe-lib/libdsm.a $(DDK_IMPORTS)
	$(PE_CC) -nostdlib -nostartfiles -shared -Wl,--subsystem,native -Wl,--entry,DriverEntry \
	    -Wl,--image-base,0x140000000 -Wl,--dynamicbase,--nxcompat -Wl,--exclude-all-symbols \
	    -o $@ $(DDK_PE_OBJECTS) $(DDK_RES) $(BUILD)/pe-lib/libdsm.a $(DDK_IMPORTS)

-include $(wildcard $(DDK_SO_OBJECTS:.o=.d) $(DDK_PE_OBJECTS:.o=.d))
