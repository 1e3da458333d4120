# SPDX-License-Identifier: Apache-2.0
# Drop-ins for systemd: examples that an administrator copies, since they are all or nothing.
# And the units for the metrics, and of `ksm-hook enable --persist`.

SYSTEMD_DROPINS := $(wildcard systemd/*.d/50-ksm.conf)
# where systemd looks below any of the usual prefixes
UNITDIR ?= $(PREFIX)/lib/systemd/system

$(BUILD)/systemd/%: systemd/%.in Makefile
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's|@SBINDIR@|$(SBINDIR)|' $< >$@.tmp && mv $@.tmp $@

# the textfile collector's, ksmd's, the agent's, and economize's
UNITS := ksm-hook-metrics.service ksm-hook-metrics.timer ksm-hook-ksmd@.service ksm-hook-nri.service \
	ksm-hook-economize.service ksm-hook-economize.timer

ALL += $(BUILD)/systemd/ksm-hook-metrics.service $(BUILD)/systemd/ksm-hook-ksmd@.service \
	$(BUILD)/systemd/ksm-hook-nri.service $(BUILD)/systemd/ksm-hook-economize.service

install::
	for f in $(SYSTEMD_DROPINS); do \
		$(INSTALL) -D -m 644 "$$f" "$(DESTDIR)$(DATADIR)/ksm-hook/$$f" || exit 1; done
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)
	$(INSTALL) -m 644 $(BUILD)/systemd/ksm-hook-metrics.service systemd/ksm-hook-metrics.timer \
		$(BUILD)/systemd/ksm-hook-ksmd@.service $(BUILD)/systemd/ksm-hook-nri.service \
		$(BUILD)/systemd/ksm-hook-economize.service systemd/ksm-hook-economize.timer \
		$(DESTDIR)$(UNITDIR)

uninstall::
	rm -rf $(DESTDIR)$(DATADIR)/ksm-hook/systemd
	rm -f $(UNITS:%=$(DESTDIR)$(UNITDIR)/%)
