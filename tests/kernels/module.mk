# SPDX-License-Identifier: Apache-2.0
# Other kernels (tests/kernels/README.md).

# They run where there is no C library: static, and musl's is the smallest.
KERNEL_PROGRAMS := $(patsubst tests/programs/%.c,$(BUILD)/tests/%,$(wildcard tests/programs/kernels/*.c))

$(BUILD)/tests/kernels/%: tests/programs/kernels/%.c Makefile tests/kernels/module.mk
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSL_CC) $(ALL_CFLAGS) -MMD -MP -static -o $@ $<

-include $(KERNEL_PROGRAMS:=.d)

# about 4 minutes, once; without it the suites name what they skip
$(BUILD)/kernels/exec-6.12/vmlinuz:
	$(call say,KERNEL,$@)
	$(Q)tests/kernels/build $(BUILD)/kernels >/dev/null || true

MATRIX_PROGRAMS += $(KERNEL_PROGRAMS)
# one suite of other engines does not wait for it
ifneq ($(findstring kernels,$(or $(SUITE),kernels)),)
MATRIX_PROGRAMS += $(BUILD)/kernels/exec-6.12/vmlinuz
endif
