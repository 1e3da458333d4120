# SPDX-License-Identifier: Apache-2.0
# attach and detach: programs that grow and fork, statically linked, and the suites.
ATTACH_PROGRAMS := $(BUILD)/attach/grow $(BUILD)/attach/forker

$(BUILD)/attach/%: tests/attach/%.c tests/attach/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -static -o $@ $<

CHECK_PROGRAMS  += $(ATTACH_PROGRAMS)
MATRIX_PROGRAMS += $(ATTACH_PROGRAMS)
CHECK_SUITES    += tests/attach.sh
MATRIX_SUITES   += tests/attach-soak.sh tests/attach-kernels.sh
# it boots kernels that tests/kernels builds
MATRIX_PROGRAMS += $(BUILD)/kernels/exec-6.12/vmlinuz
