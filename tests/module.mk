# SPDX-License-Identifier: Apache-2.0
# The suites that `make check` and `make check-matrix` run, and their programs.

CHECK_SUITES += tests/oci.sh tests/podman.sh

# --- unit tests: the hook's own sources built for this machine, plain and sanitized
UNIT_NAMES := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
UNIT_LIB_SRC := $(filter-out hook/main.c hook/confine_gen.c hook/musl_fortify.c,$(wildcard hook/*.c))
UNIT_PROGRAMS := $(UNIT_NAMES:%=$(BUILD)/unit/unit-%)
UNIT_SAN_PROGRAMS := $(UNIT_NAMES:%=$(BUILD)/unit/unit-%-san)
UNIT_SANITIZE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
UNIT_CFLAGS := -Ihook -Itests/unit -I$(BUILD)/hook

$(BUILD)/unit/plain/%.o: %.c Makefile tests/module.mk
	$(call say,CC,"$< (unit)")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit/san/%.o: %.c Makefile tests/module.mk
	$(call say,CC,"$< (unit san)")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(UNIT_CFLAGS) $(UNIT_SANITIZE) -MMD -MP -c -o $@ $<

UNIT_LIB := $(UNIT_LIB_SRC:%.c=$(BUILD)/unit/plain/%.o)
UNIT_SAN_LIB := $(UNIT_LIB_SRC:%.c=$(BUILD)/unit/san/%.o)

$(UNIT_LIB) $(UNIT_SAN_LIB): | $(BUILD)/hook/confine_filter.h

$(BUILD)/unit/hook.a: $(UNIT_LIB)
$(BUILD)/unit/hook-san.a: $(UNIT_SAN_LIB)
$(BUILD)/unit/hook.a $(BUILD)/unit/hook-san.a:
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rc $@ $^

$(UNIT_PROGRAMS): $(BUILD)/unit/unit-%: $(BUILD)/unit/plain/tests/unit/%.o $(BUILD)/unit/hook.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lyajl -pthread

$(UNIT_SAN_PROGRAMS): $(BUILD)/unit/unit-%-san: $(BUILD)/unit/san/tests/unit/%.o \
		$(BUILD)/unit/hook-san.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(UNIT_SANITIZE) $(LDFLAGS) -o $@ $^ -lyajl -pthread

-include $(UNIT_LIB:.o=.d) $(UNIT_SAN_LIB:.o=.d)
-include $(UNIT_NAMES:%=$(BUILD)/unit/plain/tests/unit/%.d)
-include $(UNIT_NAMES:%=$(BUILD)/unit/san/tests/unit/%.d)

CHECK_PROGRAMS += $(UNIT_PROGRAMS) $(UNIT_SAN_PROGRAMS)
CHECK_SUITES += $(UNIT_PROGRAMS) $(UNIT_SAN_PROGRAMS)
.SECONDARY: $(UNIT_NAMES:%=$(BUILD)/unit/plain/tests/unit/%.o) \
	$(UNIT_NAMES:%=$(BUILD)/unit/san/tests/unit/%.o)
# --- end of unit tests

# --- bad input and confinement
CHECK_SUITES += tests/bad-input.sh tests/confine.sh
# --- end of bad input and confinement

# --- lint
CHECK_SUITES += tests/lint
# --- end of lint

# --- injection ---------------------------------------------------------------
# Victims check their own results; -i386 is the same source for 32 bits.
VICTIMS      := nanosleep poll read waitpid futex epoll threads mutex cpu regs seccomp int80 \
	zombie selfstop vfork exec
VICTIMS_I386 := nanosleep poll read futex int80
VICTIM_PROGRAMS := $(VICTIMS:%=$(BUILD)/victims/%) $(VICTIMS_I386:%=$(BUILD)/victims/%-i386)
ifneq ($(shell command -v go 2>/dev/null),)
VICTIM_PROGRAMS += $(BUILD)/victims/goroutines
endif

VICTIM_SRC = tests/victims/victim.c
victim_cc = $(CC) $(ALL_CFLAGS) -pthread -o $@ $< $(VICTIM_SRC)

$(BUILD)/victims/%: tests/victims/%.c $(VICTIM_SRC) tests/victims/victim.h tests/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(victim_cc)

$(BUILD)/victims/%-i386: tests/victims/%.c $(VICTIM_SRC) tests/victims/victim.h tests/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(victim_cc) -m32

$(BUILD)/victims/goroutines: tests/victims/goroutines.go tests/module.mk
	$(call say,GO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)GO111MODULE=off GOFLAGS=-mod=mod GOCACHE=$(abspath $(BUILD))/go-cache \
		go build -o $@ $<

$(BUILD)/tests/inject-drive.o: tests/inject-drive.c hook/inject.h hook/util.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# The injection itself is the test build's, with its switches for faults, but built for
# the C library of the tests.
INJECT_PARTS := inject proc util fault
$(BUILD)/tests/inject-%.o: hook/%.c hook/module.mk
	$(call say,CC,"$< (tests)")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -DKSM_TEST_FAULTS -MMD -MP -c -o $@ $<

$(BUILD)/inject-drive: $(BUILD)/tests/inject-drive.o $(INJECT_PARTS:%=$(BUILD)/tests/inject-%.o)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

-include $(INJECT_PARTS:%=$(BUILD)/tests/inject-%.d)

CHECK_PROGRAMS  += $(VICTIM_PROGRAMS) $(BUILD)/inject-drive
MATRIX_PROGRAMS += $(VICTIM_PROGRAMS) $(BUILD)/inject-drive
CHECK_SUITES    += tests/inject.sh
MATRIX_SUITES   += tests/inject-soak.sh
# --- end of injection ---------------------------------------------------------
