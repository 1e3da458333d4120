# SPDX-License-Identifier: Apache-2.0
# What LXC reads: a drop-in for all containers, includes for one.

# LXC looks for drop-ins here whatever our prefix is
LXCCONFDIR ?= /usr/share/lxc/config/common.conf.d

LXC_CONF := $(patsubst lxc/%.in,$(BUILD)/lxc/%,$(wildcard lxc/*.conf.in))

# a mount entry's target is relative to the container's root
$(BUILD)/lxc/%.conf: lxc/%.conf.in Makefile lxc/module.mk
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's|@SBINDIR@|$(SBINDIR)|; s|@DATADIR@|$(DATADIR)|; s|@LIBDIR@|$(LIBDIR)|; s|@TARGET@|$(LIBDIR:/%=%)/libksm_preload.so|' \
		$< >$@.tmp && mv $@.tmp $@

ALL += $(LXC_CONF)

install::
	$(INSTALL) -d $(DESTDIR)$(DATADIR)/ksm-hook/lxc
	$(INSTALL) -m 644 $(LXC_CONF) $(DESTDIR)$(DATADIR)/ksm-hook/lxc

# Not part of install: the drop-in puts the hook into the start of every container.
## install-lxc: the LXC drop-in, for all containers that include common.conf
install-lxc: $(BUILD)/lxc/50-ksm-hook.conf
	$(INSTALL) -D -m 644 $< $(DESTDIR)$(LXCCONFDIR)/50-ksm-hook.conf

# A drop-in that names a program which is gone would stop every container.
uninstall::
	rm -f $(DESTDIR)$(LXCCONFDIR)/50-ksm-hook.conf
	rm -rf $(DESTDIR)$(DATADIR)/ksm-hook/lxc

.PHONY: install-lxc

BENCHES += bench/lxc
