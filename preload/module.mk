# SPDX-License-Identifier: Apache-2.0
# libksm_preload.so: one object for every libc, so it is linked with none.

LIBDIR32 ?= $(PREFIX)/lib

PRELOAD_SRC := $(wildcard preload/*.c)
PRELOAD     := $(BUILD)/libksm_preload.so
PRELOAD32   := $(if $(M32),$(BUILD)/32/libksm_preload.so)

# -mgeneral-regs-only: the functions stand in for others that keep vector registers.
# -fcf-protection, -mbranch-protection: one object without the property takes it from the whole
# process.
# -O2 whatever CFLAGS say: dlopen and dlsym must be reached by a jump (hooks.c).
# -mno-outline-atomics: those would be functions of libgcc.
ifneq ($(filter aarch64%,$(MACHINE)),)
PRELOAD_MACHINE := -mbranch-protection=standard -mno-outline-atomics
else
PRELOAD_MACHINE := -fcf-protection=full
endif
PRELOAD_CFLAGS := -O2 -ffreestanding -fPIC -fvisibility=hidden -ftls-model=initial-exec \
	-mgeneral-regs-only $(PRELOAD_MACHINE) -fomit-frame-pointer -fno-stack-protector \
	-fno-asynchronous-unwind-tables -ffunction-sections
# noseparate-code: two mappings less in the start of every program.
PRELOAD_LDFLAGS := -shared -nostdlib -Wl,-soname,libksm_preload.so -Wl,--hash-style=both \
	-Wl,-z,defs,-z,text,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code,--gc-sections

$(BUILD)/preload/%.o: preload/%.c Makefile preload/module.mk
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(PRELOAD_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/32/preload/%.o: preload/%.c Makefile preload/module.mk
	$(call say,CC,"$< (32 bit)")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -m32 $(ALL_CFLAGS) $(PRELOAD_CFLAGS) -MMD -MP -c -o $@ $<

$(PRELOAD): $(PRELOAD_SRC:%.c=$(BUILD)/%.o)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(PRELOAD_LDFLAGS) -o $@ $^

ifneq ($(PRELOAD32),)
$(PRELOAD32): $(PRELOAD_SRC:%.c=$(BUILD)/32/%.o)
	$(call say,LD,$@)
	$(Q)$(CC) -m32 $(CFLAGS) $(PRELOAD_LDFLAGS) -o $@ $^
endif

-include $(PRELOAD_SRC:%.c=$(BUILD)/%.d) $(PRELOAD_SRC:%.c=$(BUILD)/32/%.d)

ALL += $(PRELOAD) $(PRELOAD32)

# The tests' programs, for each libc: what a malloc becomes is not for the compiler.
CASES_SRC   := $(addprefix tests/programs/preload/,cases.c smaps.c special.c)
CASES_FLAGS := -std=gnu11 $(WARNINGS) -D_GNU_SOURCE -O2 -g -fno-builtin -pthread
CASES_DIR   := $(BUILD)/tests/preload
CASES_LINK  := -Wl,-rpath,'$$ORIGIN' -Wl,--enable-new-dtags
CASES       := $(addprefix $(CASES_DIR)/64/,cases libcases.so libinterpose.so) \
	$(if $(PRELOAD32),$(addprefix $(CASES_DIR)/32/,cases libcases.so)) \
	$(if $(shell command -v $(MUSL_CC) 2>/dev/null),$(addprefix $(CASES_DIR)/musl/,cases libcases.so))

$(CASES_DIR)/64/%: CASES_CC = $(CC)
$(CASES_DIR)/32/%: CASES_CC = $(CC) -m32
$(CASES_DIR)/musl/%: CASES_CC = $(MUSL_CC) -idirafter /usr/include \
	-idirafter /usr/include/$(shell $(CC) -print-multiarch)

$(CASES_DIR)/%/cases: $(CASES_SRC) tests/programs/preload/cases.h preload/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CASES_CC) $(CASES_FLAGS) $(CASES_LINK) -o $@ $(CASES_SRC) -ldl

$(CASES_DIR)/%/libcases.so: tests/programs/preload/library.c preload/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CASES_CC) $(filter-out -D_GNU_SOURCE,$(CASES_FLAGS)) -fPIC -shared -o $@ $<

$(CASES_DIR)/64/libinterpose.so: tests/programs/preload/interpose.c preload/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -D_GNU_SOURCE,$(CASES_FLAGS)) -fPIC -shared -o $@ $< -ldl

$(BUILD)/preload-cost: bench/preload-cost.c preload/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CASES_FLAGS) -o $@ $<

CHECK_PROGRAMS += $(CASES)
GUEST_PROGRAMS += $(PRELOAD) $(CASES)
BENCH_PROGRAMS += $(BUILD)/preload-cost
BENCHES        += bench/preload-coverage bench/preload-cost

install::
	$(INSTALL) -D -m 755 $(PRELOAD) $(DESTDIR)$(LIBDIR)/libksm_preload.so
ifneq ($(PRELOAD32),)
	$(INSTALL) -D -m 755 $(PRELOAD32) $(DESTDIR)$(LIBDIR32)/libksm_preload.so
endif
	$(INSTALL) -D -m 644 docs/libksm_preload.7 $(DESTDIR)$(MANDIR)/man7/libksm_preload.7

uninstall::
	rm -f $(DESTDIR)$(LIBDIR)/libksm_preload.so $(DESTDIR)$(LIBDIR32)/libksm_preload.so
	rm -f $(DESTDIR)$(MANDIR)/man7/libksm_preload.7
