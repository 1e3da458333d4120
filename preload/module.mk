# SPDX-License-Identifier: Apache-2.0
# libksm_preload.so: one object for every libc, so it is linked with none.

LIBDIR32 ?= $(PREFIX)/lib

PRELOAD_SRC := $(wildcard preload/*.c)
PRELOAD     := $(BUILD)/libksm_preload.so
PRELOAD32   := $(if $(shell echo 'int x;' | $(CC) -m32 -xc -c -o /dev/null - 2>/dev/null && echo y),$(BUILD)/32/libksm_preload.so)

# -mgeneral-regs-only: the functions stand in for others that keep vector registers.
# -fcf-protection: one object without the mark takes it from the whole process.
# -O2 whatever CFLAGS say: dlopen and dlsym must be reached by a jump (hooks.c).
PRELOAD_CFLAGS := -O2 -ffreestanding -fPIC -fvisibility=hidden -ftls-model=initial-exec \
	-mgeneral-regs-only -fcf-protection=full -fomit-frame-pointer -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns
# noseparate-code: two mappings less in the start of every program.
PRELOAD_LDFLAGS := -shared -nostdlib -Wl,-soname,libksm_preload.so -Wl,--hash-style=both \
	-Wl,-z,defs,-z,text,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code

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

$(PRELOAD32): $(PRELOAD_SRC:%.c=$(BUILD)/32/%.o)
	$(call say,LD,$@)
	$(Q)$(CC) -m32 $(CFLAGS) $(PRELOAD_LDFLAGS) -o $@ $^

-include $(PRELOAD_SRC:%.c=$(BUILD)/%.d) $(PRELOAD_SRC:%.c=$(BUILD)/32/%.d)

ALL += $(PRELOAD) $(PRELOAD32)
