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

# --- sanitizers, compilers, fuzzing
FUZZ_NAMES := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_PROGRAMS := $(FUZZ_NAMES:%=$(BUILD)/fuzz/%)
FUZZ_SRC := $(filter hook/config.c hook/json.c hook/log.c hook/policy.c hook/state.c hook/util.c,\
	$(UNIT_LIB_SRC))

$(FUZZ_PROGRAMS): $(BUILD)/fuzz/%: tests/fuzz/%.c $(FUZZ_SRC) $(wildcard hook/*.h)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(ALL_CFLAGS) -Ihook -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -o $@ $< $(FUZZ_SRC) -lyajl

## fuzz: half a minute of libFuzzer for each parser (FUZZ_SECONDS=3600 for more)
fuzz: $(FUZZ_PROGRAMS)
	tests/run tests/fuzz.sh
.PHONY: fuzz

MATRIX_PROGRAMS += $(FUZZ_PROGRAMS)
MATRIX_SUITES += tests/sanitize.sh tests/fuzz.sh
# --- end of sanitizers, compilers, fuzzing
