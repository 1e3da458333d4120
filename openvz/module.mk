# SPDX-License-Identifier: Apache-2.0
# The OpenVZ action scripts and their helper. Not part of `make install`: only an
# OpenVZ host has a use for them.

OPENVZ_DIR := $(LIBEXECDIR)/ksm-hook
VZDIR      ?= $(SYSCONFDIR)/vz

# A static musl program runs on any kernel; a static glibc one built today refuses
# Linux 2.6.32. Without musl it is linked for the machine that builds it.
ifneq ($(shell command -v $(MUSL_CC) 2>/dev/null),)
OPENVZ_CC      := $(MUSL_CC)
OPENVZ_LDFLAGS := -static
else
OPENVZ_CC      := $(CC)
OPENVZ_LDFLAGS :=
endif

# what the hook has for errors, files and the log, built for this C library
OPENVZ_BASE := clock error io log log_output near_path reason surroundings text
OPENVZ_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard openvz/*.c)) \
	$(OPENVZ_BASE:%=$(BUILD)/openvz/base/%.o)
OPENVZ_CFLAGS  := -Ihook -ffunction-sections
OPENVZ_LDFLAGS += -Wl,--gc-sections

$(BUILD)/openvz/%.o: openvz/%.c Makefile openvz/module.mk
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(OPENVZ_CC) $(ALL_CFLAGS) $(OPENVZ_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/openvz/base/%.o: hook/base/%.c Makefile openvz/module.mk
	$(call say,CC,"$< (openvz)")
	$(Q)mkdir -p $(@D)
	$(Q)$(OPENVZ_CC) $(ALL_CFLAGS) $(OPENVZ_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/ksm-openvz: $(OPENVZ_OBJ)
	$(call say,LD,$@)
	$(Q)$(OPENVZ_CC) $(CFLAGS) $(LDFLAGS) $(OPENVZ_LDFLAGS) -o $@ $^

-include $(OPENVZ_OBJ:.o=.d)

$(BUILD)/tests/openvz_%: tests/programs/openvz/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $<

$(BUILD)/tests/openvz_hello32: tests/programs/openvz/hello.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -m32 $(ALL_CFLAGS) -o $@ $<

$(BUILD)/tests/openvz_%.so: tests/programs/openvz/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -shared -fPIC -o $@ $<

ALL += $(BUILD)/ksm-openvz
CHECK_PROGRAMS += $(BUILD)/tests/openvz_swap $(if $(M32),$(BUILD)/tests/openvz_hello32) \
	$(BUILD)/tests/openvz_own.so

# The places that the scripts name are known only now, so they are filled in here.
## install-openvz: the vps.mount and vps.umount of an OpenVZ host, beside its own
install-openvz: $(BUILD)/ksm-openvz
	$(INSTALL) -D -m 755 $(BUILD)/ksm-openvz $(DESTDIR)$(OPENVZ_DIR)/ksm-openvz
	$(Q)mkdir -p $(BUILD)/openvz/scripts
	$(Q)for s in vps.mount vps.umount; do \
		sed -e 's|@LIBEXECDIR@|$(OPENVZ_DIR)|g' -e 's|@LIBDIR@|$(LIBDIR)|g' \
			-e 's|@LIBDIR32@|$(LIBDIR32)|g' \
			-e 's|@VZCONFDIR@|$(VZDIR)/conf|g' -e 's|@VZDIR@|$(VZDIR)|g' \
			openvz/$$s >$(BUILD)/openvz/scripts/$$s || exit 1; \
	done
	openvz/action-scripts install $(BUILD)/openvz/scripts $(DESTDIR)$(VZDIR)/conf

## uninstall-openvz: take them away, and put the host's own back
uninstall-openvz:
	openvz/action-scripts uninstall $(DESTDIR)$(VZDIR)/conf
	rm -f $(DESTDIR)$(OPENVZ_DIR)/ksm-openvz
	$(Q)rmdir $(DESTDIR)$(OPENVZ_DIR) 2>/dev/null || :

.PHONY: install-openvz uninstall-openvz
