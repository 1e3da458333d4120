# SPDX-License-Identifier: Apache-2.0
# What engines read: hooks.d for podman and CRI-O, fragments for plain runc, containerd and CRI-O.

OCI_CONFIG := $(BUILD)/oci-config/hooks.d/50-ksm-hook.json \
	$(BUILD)/oci-config/hooks.d/50-ksm-hook-poststop.json $(BUILD)/oci-config/runc-hooks.json \
	$(BUILD)/oci-config/precreate.d/50-ksm-hook-precreate.json
# what an administrator copies, or appends to a file of his own
FRAGMENTS := $(addprefix $(BUILD)/oci-config/,containerd.toml containerd-v3.toml crio-ksm-runc.conf)

$(BUILD)/oci-config/%.json: oci-config/%.json.in Makefile
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's|@SBINDIR@|$(SBINDIR)|' $< >$@.tmp && mv $@.tmp $@

# these are whole as they stand, for `make install` without a prefix
$(FRAGMENTS): $(BUILD)/oci-config/%: oci-config/% Makefile
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's|/usr/local/sbin|$(SBINDIR)|; s|/usr/local/libexec|$(LIBEXECDIR)|' $< >$@.tmp && mv $@.tmp $@

ALL += $(OCI_CONFIG) $(FRAGMENTS)

install::
	$(INSTALL) -D -m 644 $(BUILD)/oci-config/hooks.d/50-ksm-hook.json \
		$(DESTDIR)$(HOOKSDIR)/50-ksm-hook.json
	$(INSTALL) -D -m 644 $(BUILD)/oci-config/hooks.d/50-ksm-hook-poststop.json \
		$(DESTDIR)$(HOOKSDIR)/50-ksm-hook-poststop.json
	@# never in the common directory: build, buildah and CRI-O refuse the stage there
	$(INSTALL) -D -m 644 $(BUILD)/oci-config/precreate.d/50-ksm-hook-precreate.json \
		$(DESTDIR)$(DATADIR)/ksm-hook/precreate.d/50-ksm-hook-precreate.json
	$(INSTALL) -D -m 644 $(BUILD)/oci-config/runc-hooks.json \
		$(DESTDIR)$(DATADIR)/ksm-hook/runc-hooks.json
	$(INSTALL) -D -m 755 oci-config/seccomp-refuse-merging \
		$(DESTDIR)$(DATADIR)/ksm-hook/seccomp-refuse-merging
	$(INSTALL) -D -m 644 oci-config/ksm-hook.schema.json \
		$(DESTDIR)$(DATADIR)/ksm-hook/ksm-hook.schema.json
	$(INSTALL) -m 644 $(FRAGMENTS) $(DESTDIR)$(DATADIR)/ksm-hook
	@# an administrator's file is never overwritten
	test -e $(DESTDIR)$(SYSCONFDIR)/ksm-hook/config.json || \
		$(INSTALL) -D -m 644 oci-config/config.json \
			$(DESTDIR)$(SYSCONFDIR)/ksm-hook/config.json

	@# the runtime wrapper: for a name that is chosen, and in a runtime's place
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR)/ksm-hook
	ln -sf ksm-hook $(DESTDIR)$(SBINDIR)/ksm-runc
	ln -sf ksm-hook $(DESTDIR)$(SBINDIR)/ksm-crun
	ln -srf $(DESTDIR)$(SBINDIR)/ksm-hook $(DESTDIR)$(LIBEXECDIR)/ksm-hook/runc
	ln -srf $(DESTDIR)$(SBINDIR)/ksm-hook $(DESTDIR)$(LIBEXECDIR)/ksm-hook/crun
	$(INSTALL) -d $(DESTDIR)$(MANDIR)/man8
	ln -sf ksm-hook-runtime.8 $(DESTDIR)$(MANDIR)/man8/ksm-runc.8
	ln -sf ksm-hook-runtime.8 $(DESTDIR)$(MANDIR)/man8/ksm-crun.8

## install-docker, uninstall-docker: register the runtime wrapper in Docker's daemon.json
install-docker: $(BUILD)/ksm-hook
	$(BUILD)/ksm-hook docker-register add $(DESTDIR)$(SYSCONFDIR)/docker/daemon.json $(SBINDIR)/ksm-runc

uninstall-docker: $(BUILD)/ksm-hook
	$(BUILD)/ksm-hook docker-register remove $(DESTDIR)$(SYSCONFDIR)/docker/daemon.json $(SBINDIR)/ksm-runc

.PHONY: install-docker uninstall-docker

uninstall::
	rm -f $(DESTDIR)$(SBINDIR)/ksm-runc $(DESTDIR)$(SBINDIR)/ksm-crun
	rm -f $(DESTDIR)$(MANDIR)/man8/ksm-runc.8 $(DESTDIR)$(MANDIR)/man8/ksm-crun.8
	rm -f $(DESTDIR)$(LIBEXECDIR)/ksm-hook/runc $(DESTDIR)$(LIBEXECDIR)/ksm-hook/crun
	-rmdir $(DESTDIR)$(LIBEXECDIR)/ksm-hook 2>/dev/null
	rm -f $(DESTDIR)$(HOOKSDIR)/50-ksm-hook.json $(DESTDIR)$(HOOKSDIR)/50-ksm-hook-poststop.json
	rm -rf $(DESTDIR)$(DATADIR)/ksm-hook
	@# kept if it was changed
	if cmp -s oci-config/config.json $(DESTDIR)$(SYSCONFDIR)/ksm-hook/config.json; then \
		rm -f $(DESTDIR)$(SYSCONFDIR)/ksm-hook/config.json; \
		rmdir --ignore-fail-on-non-empty $(DESTDIR)$(SYSCONFDIR)/ksm-hook; fi

BENCHES += bench/wrapper
