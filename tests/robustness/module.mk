# SPDX-License-Identifier: Apache-2.0
# libFuzzer targets: the parsers of text that a tenant, a local user or a mistake can write.

FUZZ_DIR := tests/robustness/fuzz
FUZZ_NAMES := $(patsubst $(FUZZ_DIR)/fuzz_%.c,%,$(wildcard $(FUZZ_DIR)/fuzz_*.c))
FUZZ_PROGRAMS := $(FUZZ_NAMES:%=$(BUILD)/fuzz/fuzz_%)
# all of hook/, of which the linker takes what a target needs
FUZZ_SRC := $(filter-out %/filters_gen.c %/musl_fortify.c,$(wildcard hook/*/*.c)) \
	openvz/conf.c $(FUZZ_DIR)/fake.c
FUZZ_OBJ := $(FUZZ_SRC:%.c=$(BUILD)/fuzz/obj/%.o) $(BUILD)/fuzz/obj/nri.pb-c.o
# FUZZ_SANITIZE=fuzzer is some times as fast, and sees less
FUZZ_SANITIZE ?= fuzzer,address,undefined
FUZZ_CFLAGS = $(UNIT_CFLAGS) -I. -O1 -g1 -U_FORTIFY_SOURCE -fno-sanitize-recover=all \
	-fsanitize=$(subst fuzzer,fuzzer-no-link,$(FUZZ_SANITIZE))
comma := ,
# what fake.c stands in for
FUZZ_WRAP := $(patsubst %,-Wl$(comma)--wrap=%,open64 openat64 fopen64 read pread64 fstat64 close \
	replace_file sandbox_call far_run far_read_file)

$(BUILD)/fuzz/obj/%.o: %.c tests/robustness/module.mk
	$(call say,FUZZ,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(ALL_CFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/obj/nri.pb-c.o: $(NRI_PB).c
	$(call say,FUZZ,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(ALL_CFLAGS) $(FUZZ_CFLAGS) -c -o $@ $<

$(FUZZ_OBJ) $(FUZZ_NAMES:%=$(BUILD)/fuzz/obj/$(FUZZ_DIR)/fuzz_%.o): | \
	$(FILTERS) $(NRI_PB).h

$(BUILD)/fuzz/hook.a: $(FUZZ_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rc $@ $^

$(FUZZ_PROGRAMS): $(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/$(FUZZ_DIR)/%.o $(BUILD)/fuzz/hook.a
	$(call say,LD,$@)
	$(Q)clang -fsanitize=$(FUZZ_SANITIZE) $(FUZZ_WRAP) -o $@ $^ -lyajl -lprotobuf-c -pthread

# The seeds and the reproducers of what was found, with the unit tests' compiler and library.
SEEDS_OBJ := $(FUZZ_NAMES:%=$(BUILD)/unit-obj/san/$(FUZZ_DIR)/fuzz_%.o)
SEEDS := $(BUILD)/fuzz/seeds

$(SEEDS_OBJ): $(BUILD)/unit-obj/san/$(FUZZ_DIR)/fuzz_%.o: $(FUZZ_DIR)/fuzz_%.c tests/robustness/module.mk
	$(call say,CC,"$< (seeds)")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(UNIT_CFLAGS) -I. $(UNIT_SANITIZE) \
		-DLLVMFuzzerTestOneInput=fuzz_$* -MMD -MP -c -o $@ $<

$(BUILD)/unit-obj/san/$(FUZZ_DIR)/seeds.o: UNIT_CFLAGS += -DCORPUS='"$(CURDIR)/$(FUZZ_DIR)/corpus"' \
	-DTARGETS='$(foreach n,$(FUZZ_NAMES),T($n))'
$(BUILD)/unit-obj/san/$(FUZZ_DIR)/seeds.o: $(wildcard $(FUZZ_DIR)/fuzz_*.c)

$(SEEDS): $(SEEDS_OBJ) $(addprefix $(BUILD)/unit-obj/san/,$(FUZZ_DIR)/seeds.o $(FUZZ_DIR)/fake.o \
		openvz/conf.o) $(BUILD)/unit-obj/hook-san.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(UNIT_SANITIZE) $(LDFLAGS) $(FUZZ_WRAP) -o $@ $^ -lyajl -lprotobuf-c -pthread

$(SEEDS_OBJ): | $(FILTERS) $(NRI_PB).h

-include $(FUZZ_OBJ:.o=.d) $(FUZZ_NAMES:%=$(BUILD)/fuzz/obj/$(FUZZ_DIR)/fuzz_%.d) $(SEEDS_OBJ:.o=.d)

## fuzz: libFuzzer on all parsers, SECONDS=n of them together (600)
fuzz: $(FUZZ_PROGRAMS)
	$(Q)BUILD=$(BUILD) tests/robustness/fuzz/run $(or $(SECONDS),600) $(TARGET)

.PHONY: fuzz
.SECONDARY: $(FUZZ_NAMES:%=$(BUILD)/fuzz/obj/$(FUZZ_DIR)/fuzz_%.o)

CHECK_PROGRAMS += $(SEEDS)
CHECK_SUITES += $(SEEDS)
MATRIX_PROGRAMS += $(FUZZ_PROGRAMS)
