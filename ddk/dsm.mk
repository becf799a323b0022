# SPDX-License-Identifier: MIT
# Builds a DSM from its sources. A vendor's Makefile is three lines:
#
#     DSM  = mydsm
#     SRCS = driver.c path.c io.c
#     include $(DDK)/dsm.mk
#
# make            $(BUILD)/mydsm.so, native, for `mpio` on this host
# make sys        $(BUILD)/mydsm.sys, a PE image for x64 (also: make mydsm.sys)
# make x86        $(BUILD)/x86/mydsm.sys, a PE image for x86
# make stripped   $(BUILD)/stripped/mydsm.sys, without DWARF; unwind tables stay
# make objects    the objects of the .so only;  make pe-objects  those of the .sys
# make clean      removes $(BUILD)
#
# Settings (environment, command line or Makefile); docs/howto-build-profiles.md tells more:
#   BUILD=build  DBG=0|1  OPT=-O2  CFLAGS (added last)  LDFLAGS (.so only)
#   TOOLCHAIN=gcc|clang|msvc-clang    msvc-clang: .sys by clang and lld-link, for sources with __try
#   ARCH=x64|x86|arm64                x86: .sys, and with CC=i686-linux-gnu-gcc .so; arm64: .so only; default: this host's
#   INCLUDES="inc ../shared"  DEFINES="A B=1"  NTDDI=0x06010000  LIBS="storport" (beside ntoskrnl, mpio)
#   OBJS (more objects to link)       RC=my.rc (.sys only; DSM.rc when there is one)
#   MOF="a.mof b.mof=other.h"         headers and a.bmf, b.bmf in $(BUILD)/mof, on the include paths
#   WPP_FLAGS (as in a RUN_WPP line)  trace headers <source>.tmh in $(BUILD)/tmh
#   SAN=1 (ASan, UBSan)  SAN=align (unaligned accesses trap)  COV=1 (gcov) .so only
#   STACK_PROBES=0                    .sys without stack probes, for valgrind
#   LONGS=0                           no warnings about `long`, which is 8 bytes in the .so, 4 in the .sys
#   DDK_TOOLS=$(BUILD)/tools          where mofc and wpp are made on first use, by HOSTCC=cc
#   CC  PE_CC  PE_PREFIX (of the mingw-w64 tools)  CLANG  LLD_LINK  LLVM_DLLTOOL  LLVM_RC
# Sources are never touched. A change of a setting builds anew what depends on it.

ifndef DSM
$(error dsm.mk: set DSM to the name of the driver before including it)
endif
ifeq ($(strip $(SRCS)$(OBJS)),)
$(error dsm.mk: set SRCS to the list of C sources before including it)
endif

DDK_HOME := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
BUILD    ?= build
DBG      ?= 0
OPT      ?= $(if $(filter align,$(SAN)),-O0,$(if $(filter 1,$(DBG)),-O1,-O2))
HOSTCC   ?= cc
DDK_TOOLS ?= $(BUILD)/tools
TOOLCHAIN ?= gcc
ifeq ($(filter $(TOOLCHAIN),gcc clang msvc-clang),)
$(error dsm.mk: TOOLCHAIN=$(TOOLCHAIN) is not known; it is gcc, clang or msvc-clang)
endif
ifneq ($(filter-out x64 x86 arm64,$(ARCH)),)
$(error dsm.mk: ARCH=$(ARCH) is not known; it is x64, x86 or arm64)
endif
CLANG ?= clang
ifeq ($(origin CC),default)
CC := $(if $(filter gcc,$(TOOLCHAIN)),gcc,$(CLANG))
endif
DDK_TARGET := $(shell $(CC) -dumpmachine 2>/dev/null)
DDK_MACHINE := $(if $(filter aarch64%,$(DDK_TARGET)),arm64,$(if $(findstring 86-,$(DDK_TARGET)),x86,x64))
ifeq ($(ARCH),x86)
OUT := $(BUILD)/x86
PE_ARCH := x86
else
OUT := $(BUILD)
PE_ARCH := x64
endif
PE_PREFIX  ?= $(if $(filter x86,$(PE_ARCH)),i686,x86_64)-w64-mingw32-
PE_DLLTOOL ?= $(PE_PREFIX)dlltool
PE_WINDRES ?= $(PE_PREFIX)windres
LLD_LINK     ?= lld-link
LLVM_DLLTOOL ?= llvm-dlltool
LLVM_RC      ?= llvm-rc

# ---- flags -------------------------------------------------------------------------------------
# No strict aliasing and wrapping integers: what Microsoft's compiler gives and drivers rely on.
DDK_DEFINES := -DDBG=$(DBG) -DWINNT=1 $(if $(NTDDI),-DNTDDI_VERSION=$(NTDDI)) \
               $(patsubst %,-D%,$(patsubst -D%,%,$(DEFINES)))
DDK_INCLUDES := $(foreach i,$(filter-out -I,$(INCLUDES)),$(if $(filter -%,$(i)),$(i),-I$(i))) \
                $(if $(MOF),-I$(OUT)/mof) -I$(DDK_HOME)/include/crt -I$(DDK_HOME)/include
DDK_FLAGS := -ffreestanding -fcommon -fms-extensions -fno-strict-aliasing -fwrapv \
             -fasynchronous-unwind-tables -fno-omit-frame-pointer -fno-stack-protector $(DDK_DEFINES)
DDK_WARN  ?= -Wall -Wno-multichar -Wno-unknown-pragmas -Wno-error=incompatible-pointer-types
DDK_CLANG := -Wno-microsoft -Wno-four-char-constants -Wno-ignored-pragma-intrinsic -Wno-pragma-pack
# `char` has a sign on Windows; on x86, 64-bit members are aligned to eight bytes there.
DDK_SO_x64   := -D_WIN64=1 -D_AMD64_ -DAMD64 -mms-bitfields
DDK_SO_arm64 := -D_WIN64=1 -D_ARM64_ -DARM64 -fsigned-char
DDK_SO_x86   := -D_X86_=1 -mms-bitfields -malign-double -freg-struct-return
DDK_SO    := -g $(DDK_SO_$(DDK_MACHINE)) -fshort-wchar -fPIC
DDK_LINK  := -shared -Wl,-Bsymbolic -Wl,--exclude-libs,ALL
ifneq ($(shell $(CC) --version 2>/dev/null | grep -c clang),0)
DDK_SO += $(DDK_CLANG)
endif
ifeq ($(SAN),1)
DDK_SO   += -fsanitize=address,undefined -fno-sanitize=alignment
DDK_LINK += -fsanitize=address,undefined
endif
# What a processor that traps on unaligned accesses would do (IA-64): the driver stops there. Optimizers make one
# trap of a function's many, and the line is lost: hence -O0 above.
ifeq ($(SAN),align)
DDK_SO   += -fsanitize=alignment -fsanitize-undefined-trap-on-error
endif
ifeq ($(COV),1)
DDK_SO   += --coverage
DDK_LINK += --coverage
endif

# An x86 driver has callee-pop as its convention (-mrtd, Microsoft's /Gz); callers may leave the stack
# aligned to four bytes only.
DDK_PE_x64 := -D_WIN64=1 -D_AMD64_ -DAMD64
DDK_PE_x86 := -D_X86_=1 -mrtd
DDK_PE     := -nostdinc $(DDK_PE_$(PE_ARCH)) $(if $(filter 0,$(STACK_PROBES)),-mno-stack-arg-probe)
ifeq ($(TOOLCHAIN),msvc-clang)
PE_CC  ?= $(CLANG) --target=$(if $(filter x86,$(PE_ARCH)),i686,x86_64)-pc-windows-msvc
DDK_PE += -gdwarf -fms-compatibility $(DDK_CLANG)
DDK_PE_LIBRARY := $(DDK_PE) -O2 -fno-builtin
DDK_IMPORT = $(LLVM_DLLTOOL) -k -m $(if $(filter x86,$(PE_ARCH)),i386,i386:x86-64) -d $< -l $@
DDK_AR     := llvm-ar
DDK_STRIP  := llvm-strip --strip-debug
DDK_NEEDS  := $(firstword $(PE_CC)) $(LLD_LINK) $(LLVM_DLLTOOL)
DDK_PACKAGES := clang, lld and llvm
else
PE_CC  ?= $(PE_PREFIX)gcc
DDK_PE += -g -mms-bitfields $(if $(filter x86,$(PE_ARCH)),-mincoming-stack-boundary=2)
DDK_PE_LIBRARY := $(DDK_PE) -O2 -fno-builtin -fno-tree-loop-distribute-patterns
# gcc -mrtd leaves stdcall names undecorated, but decorates fastcall ones.
DDK_IMPORT = sed 's/^\( *[A-Za-z_][A-Za-z0-9_]*\)@[0-9]*$$/\1/' $< > $@.def && $(PE_DLLTOOL) -k -d $@.def -l $@
DDK_AR     := $(PE_PREFIX)ar
DDK_STRIP  := $(PE_PREFIX)strip --strip-debug
DDK_NEEDS  := $(PE_CC)
DDK_PACKAGES := gcc-mingw-w64-$(if $(filter x86,$(PE_ARCH)),i686,x86-64)
endif

# ---- files -------------------------------------------------------------------------------------
ddk_object = $(patsubst %.c,$(OUT)/$(1)/%.o,$(subst ../,up/,$(2)))
ddk_tmh    = $(patsubst %.c,$(OUT)/tmh/%.tmh,$(subst ../,up/,$(1)))
ddk_mof    = $(word 1,$(subst =, ,$(1)))
ddk_bmf    = $(OUT)/mof/$(notdir $(basename $(call ddk_mof,$(1)))).bmf
ddk_header = $(OUT)/mof/$(or $(word 2,$(subst =, ,$(1))),$(notdir $(basename $(call ddk_mof,$(1)))).h)
DDK_SO_OBJECTS := $(call ddk_object,so,$(SRCS))
DDK_PE_OBJECTS := $(call ddk_object,pe,$(SRCS))
DDK_TMH        := $(call ddk_tmh,$(SRCS))
DDK_MOF_MADE   := $(foreach m,$(MOF),$(call ddk_header,$(m)) $(call ddk_bmf,$(m)))
DDK_COMMON_LIB := wide narrow version trace
DDK_LIB_SO     := $(patsubst %,$(OUT)/so-lib/%.o,$(DDK_COMMON_LIB))
DDK_LIB_PE     := $(patsubst %,$(OUT)/pe-lib/%.o,$(DDK_COMMON_LIB) memory arithmetic chkstk)
DDK_HEADERS    := $(wildcard $(DDK_HOME)/include/*.h $(DDK_HOME)/include/*/*.h)
DDK_IMAGES     := $(filter $(basename $(notdir $(wildcard $(DDK_HOME)/lib/*.def))),$(LIBS))
DDK_MORE_LIBS  := $(filter-out $(DDK_IMAGES),$(LIBS))
DDK_IMPORTS    := $(patsubst %,$(OUT)/pe-lib/lib%.a,ntoskrnl mpio $(filter-out ntoskrnl mpio,$(DDK_IMAGES)) \
                  $(if $(filter msvc-clang,$(TOOLCHAIN)),seh))
RC             ?= $(wildcard $(DSM).rc)
DDK_RES        := $(if $(RC),$(OUT)/pe/$(notdir $(RC)).o)
DDK_WRONG_LIBS := $(filter-out %.a %.lib %.o %.obj,$(DDK_MORE_LIBS))
ifneq ($(DDK_WRONG_LIBS),)
$(error dsm.mk: LIBS: $(DDK_WRONG_LIBS): no such export list in $(DDK_HOME)/lib, and no file name with .a, .lib or .o)
endif

.PHONY: all so sys x86 stripped objects pe-objects clean $(DSM).so $(DSM).sys ddk-force
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
all: $(if $(filter msvc-clang,$(TOOLCHAIN))$(filter x86,$(ARCH)),sys,so)
so $(DSM).so: $(OUT)/$(DSM).so
objects: $(DDK_SO_OBJECTS)
pe-objects: $(DDK_PE_OBJECTS)
x86:
	@$(MAKE) --no-print-directory -f $(firstword $(MAKEFILE_LIST)) ARCH=x86 sys
clean:
	rm -rf $(BUILD)

# ---- what objects depend on beside their sources -------------------------------------------------
DDK_COMPILE_SO = $(CC) $(DDK_FLAGS) $(DDK_SO) $(DDK_WARN) $(OPT) $(DDK_INCLUDES)
DDK_COMPILE_PE = $(PE_CC) $(DDK_FLAGS) $(DDK_PE) $(DDK_WARN) $(OPT) $(DDK_INCLUDES)
DDK_NOTES = awk -f $(DDK_HOME)/tools/source-notes.awk -v ddk='$(DDK_HOME)/'
ddk_settings = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' > $@
$(OUT)/so/settings: ddk-force
	$(call ddk_settings,$(DDK_COMPILE_SO) $(CFLAGS))
$(OUT)/pe/settings: ddk-force
	$(call ddk_settings,$(DDK_COMPILE_PE) $(CFLAGS))
$(OUT)/tmh/settings: ddk-force
	$(call ddk_settings,$(WPP_FLAGS))

# ---- tools, built on first use -------------------------------------------------------------------
define ddk_tool
$$(DDK_TOOLS)/$(1): $$(wildcard $$(DDK_HOME)/tools/$(1)/*.[ch])
	@mkdir -p $$(@D)
	$$(HOSTCC) -O1 -o $$@ $$(filter %.c,$$^)
endef
$(foreach tool,mofc wpp,$(eval $(call ddk_tool,$(tool))))

define ddk_mof_rule
$(call ddk_header,$(1)): $(call ddk_mof,$(1)) $$(DDK_TOOLS)/mofc
	@mkdir -p $$(@D)
	$$(DDK_TOOLS)/mofc $$(addprefix -I ,$$(patsubst -I%,%,$$(filter-out -I,$$(INCLUDES)))) -o $$@ -b $(call ddk_bmf,$(1)) $$<
$(call ddk_bmf,$(1)): $(call ddk_header,$(1)) ;
endef
$(foreach m,$(MOF),$(eval $(call ddk_mof_rule,$(m))))

# One set of rules per source, so that sources in ../ and in subdirectories work.
define ddk_source_rules
$(call ddk_tmh,$(1)): $(1) $$(patsubst -scan:%,%,$$(filter -scan:%,$$(WPP_FLAGS))) $$(OUT)/tmh/settings $$(DDK_TOOLS)/wpp
	@mkdir -p $$(@D)
	$$(DDK_TOOLS)/wpp $$(foreach flag,$$(WPP_FLAGS),'$$(flag)') -o $$(@D) $$<
$(call ddk_object,so,$(1)): $(1) $(MAKEFILE_LIST) $$(OUT)/so/settings $(call ddk_tmh,$(1)) | $$(DDK_MOF_MADE)
	@mkdir -p $$(@D)
	$$(DDK_COMPILE_SO) -I$(dir $(call ddk_tmh,$(1))) $$(CFLAGS) -MMD -MP -c $$< -o $$@
	$$(if $$(filter-out 0,$$(or $$(LONGS),1)),@$$(DDK_COMPILE_SO) -I$(dir $(call ddk_tmh,$(1))) $$(CFLAGS) -w -E $$< | \
	    $$(DDK_NOTES) -v look=long >&2)
$(call ddk_object,pe,$(1)): $(1) $(MAKEFILE_LIST) $$(OUT)/pe/settings $(call ddk_tmh,$(1)) | $$(DDK_MOF_MADE)
	@mkdir -p $$(@D)
	$$(DDK_COMPILE_PE) -I$(dir $(call ddk_tmh,$(1))) $$(CFLAGS) -MMD -MP -c $$< -o $$@
	$$(if $$(filter msvc-clang,$$(TOOLCHAIN)),@$$(DDK_COMPILE_PE) -I$(dir $(call ddk_tmh,$(1))) $$(CFLAGS) -w -E $$< | \
	    $$(DDK_NOTES) -v look=try >&2)
endef
$(foreach source,$(SRCS),$(eval $(call ddk_source_rules,$(source))))

# ---- the static library every DSM links --------------------------------------------------------
$(OUT)/so-lib/%.o: $(DDK_HOME)/lib/dsmlib/%.c $(DDK_HEADERS) $(OUT)/so/settings
	@mkdir -p $(@D)
	$(CC) $(DDK_FLAGS) $(DDK_SO) $(DDK_INCLUDES) -O2 -c $< -o $@
$(OUT)/pe-lib/%.o: $(DDK_HOME)/lib/dsmlib/%.c $(DDK_HEADERS) $(OUT)/pe/settings
	@mkdir -p $(@D)
	$(PE_CC) $(DDK_FLAGS) $(DDK_PE_LIBRARY) $(DDK_INCLUDES) -c $< -o $@
$(OUT)/pe-lib/%.o: $(DDK_HOME)/lib/dsmlib/%.S $(OUT)/pe/settings
	@mkdir -p $(@D)
	$(PE_CC) -c $< -o $@
$(OUT)/so-lib/libdsm.a: $(DDK_LIB_SO)
	@rm -f $@
	$(AR) rcs $@ $^
$(OUT)/pe-lib/libdsm.a: $(DDK_LIB_PE)
	@rm -f $@
	$(DDK_AR) rcs $@ $^
$(OUT)/pe-lib/libseh.a: $(DDK_HOME)/lib/seh/$(PE_ARCH).def $(OUT)/pe/settings
	@mkdir -p $(@D)
	$(DDK_IMPORT)
$(OUT)/pe-lib/lib%.a: $(DDK_HOME)/lib/$(if $(filter x86,$(PE_ARCH)),x86/)%.def $(OUT)/pe/settings
	@mkdir -p $(@D)
	$(DDK_IMPORT)

# ---- images: kernel routines stay undefined in the .so and are bound when it is loaded ---------
ifeq ($(ARCH)-$(DDK_MACHINE),x86-x64)
$(OUT)/$(DSM).so: ddk-force
	@echo "dsm.mk: ARCH=x86 builds $(DSM).sys only: the .so runs in the processor's own mode; make ARCH=x86 sys, or set CC" \
	    "to a compiler for x86 (i686-linux-gnu-gcc) for an mpio of 32 bits" >&2; exit 1
else ifneq ($(filter-out $(DDK_MACHINE),$(ARCH)),)
$(OUT)/$(DSM).so: ddk-force
	@echo "dsm.mk: ARCH=$(ARCH), but $(CC) compiles for $(DDK_MACHINE); set CC to a compiler for $(ARCH)" >&2; exit 1
else
$(OUT)/$(DSM).so: $(DDK_SO_OBJECTS) $(OBJS) $(OUT)/so-lib/libdsm.a $(filter %.a %.o,$(DDK_MORE_LIBS))
	$(CC) $(DDK_LINK) -o $@ $^ $(LDFLAGS)
endif

DDK_MISSING := $(strip $(foreach tool,$(DDK_NEEDS),$(if $(shell command -v $(tool) 2>/dev/null),,$(tool))))
ifeq ($(ARCH),arm64)
sys $(DSM).sys stripped:
	@echo "dsm.mk: no PE image for arm64: this DDK has no compiler profile for it; $(DSM).so can be built for arm64," \
	    "the .sys for x64 and x86" >&2; exit 1
else ifneq ($(DDK_MISSING),)
sys $(DSM).sys stripped:
	@echo "$(DSM).sys needs $(DDK_MISSING) (Debian: $(DDK_PACKAGES)); $(DSM).so needs only $(CC)" >&2; exit 1
else
sys $(DSM).sys: $(OUT)/$(DSM).sys
stripped: $(OUT)/stripped/$(DSM).sys
endif
DDK_PE_INPUTS := $(DDK_PE_OBJECTS) $(OBJS) $(DDK_RES) $(OUT)/pe-lib/libdsm.a $(DDK_MORE_LIBS) $(DDK_IMPORTS)
ifeq ($(TOOLCHAIN),msvc-clang)
DDK_LINK_PE = $(LLD_LINK) /nologo /driver /nodefaultlib /subsystem:native /entry:DriverEntry$(if $(filter x86,$(PE_ARCH)),@8) \
    /machine:$(PE_ARCH) /base:$(if $(filter x86,$(PE_ARCH)),0x400000 /safeseh:no,0x140000000) /dynamicbase /nxcompat \
    /debug:dwarf /out:$@ $^
DDK_MAKE_RES = $(LLVM_RC) $(patsubst -I%,/I %,$(DDK_INCLUDES)) $(patsubst -D%,/D %,$(DDK_DEFINES)) /fo $@ $<
else
DDK_LINK_PE = $(PE_CC) -nostdlib -nostartfiles -shared -Wl,--subsystem,native \
    -Wl,--entry,$(if $(filter x86,$(PE_ARCH)),_)DriverEntry -Wl,--dynamicbase,--nxcompat -Wl,--exclude-all-symbols \
    -Wl,--image-base,$(if $(filter x86,$(PE_ARCH)),0x400000,0x140000000) -o $@ $^
DDK_MAKE_RES = $(PE_WINDRES) $(DDK_INCLUDES) $(DDK_DEFINES) $< $@
endif
$(OUT)/pe/%.rc.o: %.rc $(DDK_MOF_MADE) $(OUT)/pe/settings
	@mkdir -p $(@D)
	$(DDK_MAKE_RES)
$(OUT)/$(DSM).sys: $(DDK_PE_INPUTS)
	$(if $(filter 1 align,$(SAN) $(COV)),@echo "note: SAN=1 and COV=1 mean nothing for $(DSM).sys; use $(DSM).so for them" >&2)
	$(DDK_LINK_PE)
$(OUT)/stripped/$(DSM).sys: $(OUT)/$(DSM).sys
	@mkdir -p $(@D)
	$(DDK_STRIP) -o $@ $<

-include $(wildcard $(DDK_SO_OBJECTS:.o=.d) $(DDK_PE_OBJECTS:.o=.d))
