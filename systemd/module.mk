# SPDX-License-Identifier: Apache-2.0
# Drop-ins for systemd: examples that an administrator copies, since they are all or nothing.

SYSTEMD_DROPINS := $(wildcard systemd/*.d/50-ksm.conf)
# where systemd looks below any of the usual prefixes
UNITDIR ?= $(PREFIX)/lib/systemd/system

$(BUILD)/systemd/%: systemd/%.in Makefile
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's|@SBINDIR@|$(SBINDIR)|' $< >$@.tmp && mv $@.tmp $@

# the textfile collector's
ALL += $(BUILD)/systemd/ksm-hook-metrics.service

install::
	for f in $(SYSTEMD_DROPINS); do \
		$(INSTALL) -D -m 644 "$$f" "$(DESTDIR)$(DATADIR)/ksm-hook/$$f" || exit 1; done
	$(INSTALL) -D -m 644 $(BUILD)/systemd/ksm-hook-metrics.service \
		$(DESTDIR)$(UNITDIR)/ksm-hook-metrics.service
	$(INSTALL) -D -m 644 systemd/ksm-hook-metrics.timer \
		$(DESTDIR)$(UNITDIR)/ksm-hook-metrics.timer

uninstall::
	rm -rf $(DESTDIR)$(DATADIR)/ksm-hook/systemd
	rm -f $(DESTDIR)$(UNITDIR)/ksm-hook-metrics.service \
		$(DESTDIR)$(UNITDIR)/ksm-hook-metrics.timer
