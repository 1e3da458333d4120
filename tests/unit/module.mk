# SPDX-License-Identifier: Apache-2.0
# Unit tests: the hook's own sources built for this machine, plain and sanitized
# tests/unit/FOLDER/NAME.c tests hook/FOLDER/NAME.c; its program is build/unit/FOLDER/NAME
UNIT_NAMES := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*/*.c))
UNIT_LIB_SRC := $(filter-out hook/main.c hook/kernel/filters_gen.c hook/base/musl_fortify.c,$(wildcard hook/*.c hook/*/*.c))
UNIT_PROGRAMS := $(UNIT_NAMES:%=$(BUILD)/unit/%)
UNIT_SAN_PROGRAMS := $(UNIT_NAMES:%=$(BUILD)/unit-san/%)
UNIT_SANITIZE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -U_FORTIFY_SOURCE
UNIT_CFLAGS := -Ihook -Itests/unit -I$(BUILD)/hook

$(BUILD)/unit-obj/plain/%.o: %.c Makefile tests/unit/module.mk
	$(call say,CC,"$< (unit)")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit-obj/san/%.o: %.c Makefile tests/unit/module.mk
	$(call say,CC,"$< (unit san)")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(UNIT_CFLAGS) $(UNIT_SANITIZE) -MMD -MP -c -o $@ $<

# what protoc-c makes is no source of ours
$(BUILD)/unit-obj/plain/nri.pb-c.o $(BUILD)/unit-obj/san/nri.pb-c.o: $(NRI_PB).c
	$(call say,CC,"$< (unit)")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -I$(BUILD)/hook $(if $(findstring /san/,$@),$(UNIT_SANITIZE)) -c -o $@ $<

UNIT_LIB := $(UNIT_LIB_SRC:%.c=$(BUILD)/unit-obj/plain/%.o) $(BUILD)/unit-obj/plain/nri.pb-c.o
UNIT_SAN_LIB := $(UNIT_LIB_SRC:%.c=$(BUILD)/unit-obj/san/%.o) $(BUILD)/unit-obj/san/nri.pb-c.o

$(UNIT_LIB) $(UNIT_SAN_LIB) $(foreach kind,plain san,$(UNIT_NAMES:%=$(BUILD)/unit-obj/$(kind)/tests/unit/%.o)): \
	| $(FILTERS) $(NRI_PB).h

$(BUILD)/unit-obj/hook.a: $(UNIT_LIB)
$(BUILD)/unit-obj/hook-san.a: $(UNIT_SAN_LIB)
$(BUILD)/unit-obj/hook.a $(BUILD)/unit-obj/hook-san.a:
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rc $@ $^

$(UNIT_PROGRAMS): $(BUILD)/unit/%: $(BUILD)/unit-obj/plain/tests/unit/%.o $(BUILD)/unit-obj/hook.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lyajl -lprotobuf-c -pthread

$(UNIT_SAN_PROGRAMS): $(BUILD)/unit-san/%: $(BUILD)/unit-obj/san/tests/unit/%.o \
		$(BUILD)/unit-obj/hook-san.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(UNIT_SANITIZE) $(LDFLAGS) -o $@ $^ -lyajl -lprotobuf-c -pthread

# what they start
$(BUILD)/unit/inject/set_mergeable_sparse $(BUILD)/unit-san/inject/set_mergeable_sparse: | $(BUILD)/tests/sparse

-include $(UNIT_LIB:.o=.d) $(UNIT_SAN_LIB:.o=.d)
-include $(UNIT_NAMES:%=$(BUILD)/unit-obj/plain/tests/unit/%.d)
-include $(UNIT_NAMES:%=$(BUILD)/unit-obj/san/tests/unit/%.d)

CHECK_PROGRAMS += $(UNIT_PROGRAMS) $(UNIT_SAN_PROGRAMS)
# what depends on the machine, and what it stands on
GUEST_PROGRAMS += $(foreach folder,base containers estimate inject kernel layout,$(filter $(BUILD)/unit/$(folder)/%,$(UNIT_PROGRAMS)))
CHECK_SUITES += $(UNIT_PROGRAMS) $(UNIT_SAN_PROGRAMS)
.SECONDARY: $(UNIT_NAMES:%=$(BUILD)/unit-obj/plain/tests/unit/%.o) \
	$(UNIT_NAMES:%=$(BUILD)/unit-obj/san/tests/unit/%.o)
