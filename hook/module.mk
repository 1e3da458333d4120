# SPDX-License-Identifier: Apache-2.0
# The program ksm-hook.

HOOK_SRC := $(filter-out hook/kernel/filters_gen.c,$(wildcard hook/*.c hook/*/*.c))
# made by protoc-c; both builds of the program share it
NRI_PB := $(BUILD)/hook/nri/nri.pb-c
HOOK_OBJ := $(HOOK_SRC:%.c=$(BUILD)/%.o) $(NRI_PB).o
# What the start of a container goes through is linked last, where yajl and the C library are, which
# it goes through as well: what else one that asked does, and then what every one does. Reading a
# file's page brings its 64 KiB with it (fault_around_bytes), and each page more that a start touches
# is a microsecond, in the confined parser and in the tracer once more.
EARLY_NAMES := main applets/createruntime oci/hook_stage oci/decision oci/config_load policy/config_read \
	policy/annotations kernel/userns base/io base/log base/log_output base/options base/surroundings \
	base/clock base/dir_walk base/error base/text applets/runtime
ASKED_NAMES := kernel/sandbox base/json_reader base/json_position oci/state oci/decision_check oci/decision_host oci/decision_settle \
	policy/config_files policy/config policy/config_problems policy/config_rules policy/policy policy/rule_fit policy/engine policy/layout_policy policy/stop \
	inject/container_init inject/set_mergeable inject/merge_plan inject/inject inject/one_target inject/thread_rank \
	inject/tracee inject/long_call kernel/one_cpu kernel/privileges kernel/proc kernel/process kernel/ksm oci/method
EARLY := $(foreach d,hook faults/hook,$(EARLY_NAMES:%=$(BUILD)/$d/%.o))
ASKED := $(foreach d,hook faults/hook,$(ASKED_NAMES:%=$(BUILD)/$d/%.o))
# The same with switches for fault injection: tests only, never installed. They are in what includes one of
# these, and the rest is as it is.
FAULT_SRC := $(shell grep -lE '"(base/fault_injection|oci/takeover|kernel/privileges_attack)\.h"' $(HOOK_SRC))
FAULT_OBJ := $(FAULT_SRC:%.c=$(BUILD)/faults/%.o) $(filter-out $(FAULT_SRC:%.c=$(BUILD)/%.o),$(HOOK_OBJ))

# Position independent and without an interpreter. musl-gcc's specs do not know
# static-pie, hence the start files by name; the kernel's and yajl's headers are
# looked for last so that glibc's never come before musl's.
ifeq ($(LIBC),musl)
HOOK_CC  := $(MUSL_CC)
HOOK_CFLAGS := -fPIE -idirafter /usr/include \
	-idirafter /usr/include/$(shell $(CC) -print-multiarch)
musl_lib := $(dir $(filter %/Scrt1.o,$(shell $(MUSL_CC) -\#\#\# -x c /dev/null 2>&1)))
HOOK_LDFLAGS := -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text \
	$(musl_lib)rcrt1.o $(musl_lib)crti.o
HOOK_LIBS := $(PROTOBUF_C_A) $(YAJL_A)
HOOK_END := $(musl_lib)crtn.o
else ifeq ($(LIBC),static)
HOOK_CC := $(CC)
HOOK_CFLAGS := -fPIE
HOOK_LDFLAGS := -static-pie
HOOK_LIBS := $(PROTOBUF_C_A) $(YAJL_A)
else
HOOK_CC := $(CC)
HOOK_CFLAGS := -fPIE
HOOK_LDFLAGS := -pie
HOOK_LIBS := -lyajl -lprotobuf-c
endif
HOOK_LDFLAGS += -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections
# each file's texts where its other constants are, not those of all files in one place (gcc)
HOOK_CFLAGS += $(shell $(HOOK_CC) -Werror -fno-merge-constants -x c -c -o /dev/null /dev/null 2>/dev/null && \
	echo -fno-merge-constants)
HOOK_CFLAGS += -fstack-protector-strong -ffunction-sections -Ihook -I$(BUILD)/hook

$(BUILD)/hook/%.o: hook/%.c Makefile hook/module.mk
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOOK_CC) $(ALL_CFLAGS) $(HOOK_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/faults/hook/%.o: hook/%.c Makefile hook/module.mk
	$(call say,CC,"$< (faults)")
	$(Q)mkdir -p $(@D)
	$(Q)$(HOOK_CC) $(ALL_CFLAGS) $(HOOK_CFLAGS) -DKSM_TEST_FAULTS -MMD -MP -c -o $@ $<

# Filters are compiled to BPF by libseccomp at build time: loading one then costs one system
# call in a hook, and the program does not carry the library.
$(BUILD)/filters_gen: hook/kernel/filters_gen.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) $(if $(ARCH),-std=gnu11 -D_GNU_SOURCE -O2,$(ALL_CFLAGS)) -o $@ $< -lseccomp

FILTERS := $(patsubst %,$(BUILD)/hook/kernel/%_filter.h,sandbox sandbox_server look http)

$(FILTERS): $(BUILD)/hook/kernel/%_filter.h: $(BUILD)/filters_gen
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$< $* $(ARCH) >$@.tmp && mv $@.tmp $@

$(BUILD)/hook/kernel/sandbox.o $(BUILD)/faults/hook/kernel/sandbox.o \
$(BUILD)/hook/kernel/privileges.o $(BUILD)/faults/hook/kernel/privileges.o: $(FILTERS)

# NRI's messages, by protobuf's compiler for C
$(NRI_PB).h: hook/nri/nri.proto
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)command -v protoc-c >/dev/null || { echo "protoc-c is missing: \`make deps\` installs it" \
		"(Debian: protobuf-c-compiler, libprotobuf-c-dev)" >&2; exit 1; }
	$(Q)protoc-c --proto_path=hook --c_out=$(BUILD)/hook $<

$(NRI_PB).c: $(NRI_PB).h ;

$(NRI_PB).o: $(NRI_PB).c Makefile hook/module.mk
	$(call say,CC,$<)
	$(Q)$(HOOK_CC) $(ALL_CFLAGS) $(HOOK_CFLAGS) -c -o $@ $<

$(HOOK_OBJ) $(FAULT_OBJ): | $(NRI_PB).h

$(BUILD)/ksm-hook: $(HOOK_OBJ)
$(BUILD)/ksm-hook-faults: $(FAULT_OBJ)
$(BUILD)/ksm-hook $(BUILD)/ksm-hook-faults:
	$(call say,LD,$@)
	$(Q)$(HOOK_CC) $(CFLAGS) $(LDFLAGS) $(HOOK_LDFLAGS) -o $@ \
		$(filter-out $(EARLY) $(ASKED),$^) $(filter $(ASKED),$^) $(filter $(EARLY),$^) \
		$(HOOK_LIBS) -lc $(HOOK_END)

-include $(sort $(HOOK_OBJ:.o=.d) $(FAULT_OBJ:.o=.d))

ALL += $(BUILD)/ksm-hook
CHECK_PROGRAMS += $(BUILD)/ksm-hook-faults
GUEST_PROGRAMS += $(BUILD)/ksm-hook $(BUILD)/ksm-hook-faults

# ksm-hook(8), and a page for each command or pair of commands
MANUALS := $(notdir $(wildcard docs/ksm-hook*.8))

install::
	$(INSTALL) -D -m 755 $(BUILD)/ksm-hook $(DESTDIR)$(SBINDIR)/ksm-hook
	$(INSTALL) -d $(DESTDIR)$(MANDIR)/man8
	$(INSTALL) -m 644 $(MANUALS:%=docs/%) $(DESTDIR)$(MANDIR)/man8
	ln -sf ksm-hook-attach.8 $(DESTDIR)$(MANDIR)/man8/ksm-hook-detach.8
	ln -sf ksm-hook-enable.8 $(DESTDIR)$(MANDIR)/man8/ksm-hook-disable.8
	$(INSTALL) -D -m 644 docs/ksm-hook.conf.5 $(DESTDIR)$(MANDIR)/man5/ksm-hook.conf.5
	$(INSTALL) -D -m 644 docs/ksm-hook-reasons.7 $(DESTDIR)$(MANDIR)/man7/ksm-hook-reasons.7
	$(INSTALL) -D -m 644 docs/grafana-dashboard.json \
		$(DESTDIR)$(DATADIR)/ksm-hook/grafana-dashboard.json
	$(INSTALL) -D -m 644 docs/prometheus-rules.yml \
		$(DESTDIR)$(DATADIR)/ksm-hook/prometheus-rules.yml

uninstall::
	rm -f $(DESTDIR)$(SBINDIR)/ksm-hook $(MANUALS:%=$(DESTDIR)$(MANDIR)/man8/%) \
		$(DESTDIR)$(MANDIR)/man8/ksm-hook-detach.8 $(DESTDIR)$(MANDIR)/man8/ksm-hook-disable.8 \
		$(DESTDIR)$(MANDIR)/man5/ksm-hook.conf.5 $(DESTDIR)$(MANDIR)/man7/ksm-hook-reasons.7 \
		$(DESTDIR)$(DATADIR)/ksm-hook/grafana-dashboard.json \
		$(DESTDIR)$(DATADIR)/ksm-hook/prometheus-rules.yml
