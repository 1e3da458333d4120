# SPDX-License-Identifier: Apache-2.0
# What tests/estimate.sh looks at.

$(BUILD)/estimate/huge: tests/estimate/huge.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -static -o $@ $<

CHECK_PROGRAMS += $(BUILD)/estimate/huge $(BUILD)/bench/pages
MATRIX_SUITES += tests/estimate.sh
