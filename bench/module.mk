# SPDX-License-Identifier: Apache-2.0
# What `make bench` runs.

BENCH_PROGRAMS += $(BUILD)/bench/hook $(BUILD)/bench/alternate $(BUILD)/bench/empty-glibc \
	$(BUILD)/bench/empty $(BUILD)/bench/filter $(BUILD)/bench/ksmd \
	$(BUILD)/bench/scan-cost $(BUILD)/bench/rewrite $(BUILD)/bench/look-load $(BUILD)/bench/spent
BENCHES += bench/oci bench/precreate bench/attach bench/look bench/look-truth bench/ksmd \
	bench/scan-cost bench/merge-cost bench/layout bench/layout-cost

$(BUILD)/bench/alternate $(BUILD)/bench/filter $(BUILD)/bench/hook $(BUILD)/bench/rewrite $(BUILD)/bench/ksmd: bench/pairs.h

$(BUILD)/bench/%: bench/%.c Makefile $(wildcard bench/*.h)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $<

CHECK_PROGRAMS += $(BUILD)/bench/look-load $(BUILD)/bench/alternate $(BUILD)/bench/filter
GUEST_PROGRAMS += $(BUILD)/bench/look-load
# thousands of processes of it, so a small one
$(BUILD)/bench/look-load: bench/look-load.c hook/module.mk bench/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOOK_CC) $(ALL_CFLAGS) $(HOOK_CFLAGS) $(HOOK_LDFLAGS) -o $@ $(filter %.c,$^) $(HOOK_LIBS) $(HOOK_END)

# a static program as users would link one, and one linked as the hook is
$(BUILD)/bench/empty-glibc: bench/empty.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -static -o $@ $<

$(BUILD)/bench/empty: bench/empty.c hook/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOOK_CC) $(HOOK_CFLAGS) $(HOOK_LDFLAGS) -o $@ $(filter %.c,$^) $(HOOK_LIBS) $(HOOK_END)

# what one injection is made of, and the processes that it and the state's reader are kept in
LEAST_PARTS := inject/inject inject/one_target inject/long_call inject/thread_rank inject/tracee kernel/sandbox kernel/one_cpu \
	kernel/proc base/child base/surroundings base/dir_walk base/error base/io base/near_path base/text base/clock
LEAST_FILTERS := sandbox sandbox_server
BENCH_PROGRAMS += $(BUILD)/bench/least
$(BUILD)/bench/least: bench/least.c $(LEAST_PARTS:%=hook/%.c) $(LEAST_FILTERS:%=$(BUILD)/hook/kernel/%_filter.h) hook/module.mk bench/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOOK_CC) $(ALL_CFLAGS) $(HOOK_CFLAGS) $(HOOK_LDFLAGS) -o $@ $(filter %.c,$^) $(HOOK_LIBS) $(HOOK_END)

BENCH_PROGRAMS += $(BUILD)/bench/pages $(BUILD)/estimate/huge
BENCHES += bench/estimate bench/efficiency bench/economize bench/nri bench/nri-pods bench/nri-answers
BENCHES += bench/busy bench/many-starts bench/layout-runtimes bench/php-opcache
