# SPDX-License-Identifier: Apache-2.0
# What engines read: hooks.d for podman and CRI-O, a fragment for plain runc.

OCI_CONFIG := $(BUILD)/oci-config/hooks.d/50-ksm-hook.json $(BUILD)/oci-config/runc-hooks.json \
	$(BUILD)/oci-config/precreate.d/50-ksm-hook-precreate.json

$(BUILD)/oci-config/%.json: oci-config/%.json.in Makefile
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's|@SBINDIR@|$(SBINDIR)|' $< >$@.tmp && mv $@.tmp $@

ALL += $(OCI_CONFIG)

install::
	$(INSTALL) -D -m 644 $(BUILD)/oci-config/hooks.d/50-ksm-hook.json \
		$(DESTDIR)$(HOOKSDIR)/50-ksm-hook.json
	@# never in the common directory: build, buildah and CRI-O refuse the stage there
	$(INSTALL) -D -m 644 $(BUILD)/oci-config/precreate.d/50-ksm-hook-precreate.json \
		$(DESTDIR)$(DATADIR)/ksm-hook/precreate.d/50-ksm-hook-precreate.json
	$(INSTALL) -D -m 644 $(BUILD)/oci-config/runc-hooks.json \
		$(DESTDIR)$(DATADIR)/ksm-hook/runc-hooks.json
	@# an administrator's file is never overwritten
	test -e $(DESTDIR)$(SYSCONFDIR)/ksm-hook/config.json || \
		$(INSTALL) -D -m 644 oci-config/config.json \
			$(DESTDIR)$(SYSCONFDIR)/ksm-hook/config.json

uninstall::
	rm -f $(DESTDIR)$(HOOKSDIR)/50-ksm-hook.json
	rm -rf $(DESTDIR)$(DATADIR)/ksm-hook
	@# kept if it was changed
	if cmp -s oci-config/config.json $(DESTDIR)$(SYSCONFDIR)/ksm-hook/config.json; then \
		rm -f $(DESTDIR)$(SYSCONFDIR)/ksm-hook/config.json; \
		rmdir --ignore-fail-on-non-empty $(DESTDIR)$(SYSCONFDIR)/ksm-hook; fi
