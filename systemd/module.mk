# SPDX-License-Identifier: Apache-2.0
# Drop-ins for systemd: examples that an administrator copies, since they are all or nothing.
# And the unit that `ksm-hook enable --persist` switches on.

SYSTEMD_DROPINS := $(wildcard systemd/*.d/50-ksm.conf)
# where systemd looks below any of the usual prefixes
UNITDIR ?= $(PREFIX)/lib/systemd/system

$(BUILD)/systemd/%: systemd/%.in Makefile
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's|@SBINDIR@|$(SBINDIR)|' $< >$@.tmp && mv $@.tmp $@

ALL += $(BUILD)/systemd/ksm-hook-ksmd@.service

install::
	for f in $(SYSTEMD_DROPINS); do \
		$(INSTALL) -D -m 644 "$$f" "$(DESTDIR)$(DATADIR)/ksm-hook/$$f" || exit 1; done
	$(INSTALL) -D -m 644 $(BUILD)/systemd/ksm-hook-ksmd@.service \
		$(DESTDIR)$(UNITDIR)/ksm-hook-ksmd@.service

uninstall::
	rm -rf $(DESTDIR)$(DATADIR)/ksm-hook/systemd
	rm -f $(DESTDIR)$(UNITDIR)/ksm-hook-ksmd@.service
