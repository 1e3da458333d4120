# SPDX-License-Identifier: Apache-2.0
# Drop-ins for systemd: examples that an administrator copies, since they are all or nothing.

SYSTEMD_DROPINS := $(wildcard systemd/*.d/50-ksm.conf)

install::
	for f in $(SYSTEMD_DROPINS); do \
		$(INSTALL) -D -m 644 "$$f" "$(DESTDIR)$(DATADIR)/ksm-hook/$$f" || exit 1; done

uninstall::
	rm -rf $(DESTDIR)$(DATADIR)/ksm-hook/systemd
