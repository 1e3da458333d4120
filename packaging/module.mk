# SPDX-License-Identifier: Apache-2.0
# Packages, the tarball that they are built from, and shell completion.

# who answers for a package: say yourself if you build one for others
MAINTAINER ?= ksm-hook maintainers <ksm-hook@localhost.localdomain>
# where zsh looks is a matter of the distribution
ZSHDIR     ?= $(DATADIR)/zsh/site-functions

# what is built is as old as the newest entry of the changelog, so that it can be built again
ifeq ($(origin SOURCE_DATE_EPOCH),undefined)
SOURCE_DATE_EPOCH := $(shell packaging/changelog epoch)
endif
export SOURCE_DATE_EPOCH

DIST   := ksm-hook-$(VERSION)
DEB    := $(BUILD)/package/deb
RPM    := $(BUILD)/package/rpm
# what was said to this make (BUILD, PREFIX) is not for the one that a package's tools start
BARE   := env -i PATH="$$PATH" HOME="$$HOME" LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH)

## dist: build/ksm-hook-VERSION.tar.gz of this tree as it stands
dist:
	$(Q)packaging/dist $(BUILD)/$(DIST).tar.gz $(DIST)

## deb: build/ksm-hook_VERSION_ARCH.deb (needs debhelper)
# -d: for another machine not every package of the list can be, or has to be, that machine's
deb: dist
	$(Q)rm -rf $(DEB) && mkdir -p $(DEB)
	$(Q)tar -xzf $(BUILD)/$(DIST).tar.gz -C $(DEB)
	$(Q)cp -r packaging/debian $(DEB)/$(DIST)/debian
	$(Q)sed -i 's|@MAINTAINER@|$(MAINTAINER)|' $(DEB)/$(DIST)/debian/control
	$(Q)packaging/changelog deb "$(MAINTAINER)" >$(DEB)/$(DIST)/debian/changelog
	$(Q)cd $(DEB)/$(DIST) && $(BARE) DEB_BUILD_OPTIONS="noautodbgsym $$DEB_BUILD_OPTIONS" \
		dpkg-buildpackage --build=binary -us -uc $(if $(ARCH),--host-arch=$(IMAGE_ARCH) -d) >../log 2>&1 || { cat ../log >&2; exit 1; }
	$(Q)mv $(DEB)/*.deb $(BUILD)/
	$(call say,DEB,"$$(ls $(BUILD)/ksm-hook_$(VERSION)_*.deb)")

## rpm: build/ksm-hook-VERSION-1.ARCH.rpm (needs rpmbuild)
# --nodeps: what is asked for by name has other names on other distributions
rpm: dist
	$(Q)rm -rf $(RPM) && mkdir -p $(RPM)/SOURCES
	$(Q)cp $(BUILD)/$(DIST).tar.gz $(RPM)/SOURCES
	$(Q)sed -e 's|@VERSION@|$(VERSION)|' -e 's|@MAINTAINER@|$(MAINTAINER)|' \
		packaging/rpm/ksm-hook.spec.in >$(RPM)/ksm-hook.spec
	$(Q)packaging/changelog rpm "$(MAINTAINER)" >>$(RPM)/ksm-hook.spec
	$(Q)$(BARE) rpmbuild -bb --nodeps $(if $(ARCH),--target $(ARCH)) --define "_topdir $(abspath $(RPM))" \
		--define "_buildhost localhost" --define "use_source_date_epoch_as_buildtime 1" \
		--define "clamp_mtime_to_source_date_epoch 1" \
		$(RPM)/ksm-hook.spec >$(RPM)/log 2>&1 || { cat $(RPM)/log >&2; exit 1; }
	$(Q)mv $(RPM)/RPMS/*/*.rpm $(BUILD)/
	$(call say,RPM,"$$(ls $(BUILD)/$(DIST)-1.*.rpm)")

# what only a package needs, whose removal has to take out what was registered
install-packaging: install
	sed -e 's|@SBINDIR@|$(SBINDIR)|g' -e 's|@DATADIR@|$(DATADIR)|g' \
		-e 's|@LIBEXECDIR@|$(LIBEXECDIR)|g' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g' \
		packaging/unregister.in >$(BUILD)/unregister
	$(INSTALL) -D -m 755 $(BUILD)/unregister $(DESTDIR)$(DATADIR)/ksm-hook/unregister

install::
	$(INSTALL) -D -m 644 packaging/completion/ksm-hook.bash \
		$(DESTDIR)$(DATADIR)/bash-completion/completions/ksm-hook
	$(INSTALL) -D -m 644 packaging/completion/_ksm-hook $(DESTDIR)$(ZSHDIR)/_ksm-hook
	$(INSTALL) -D -m 644 packaging/completion/ksm-hook.fish \
		$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/ksm-hook.fish

uninstall::
	rm -f $(DESTDIR)$(DATADIR)/bash-completion/completions/ksm-hook \
		$(DESTDIR)$(ZSHDIR)/_ksm-hook \
		$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/ksm-hook.fish

.PHONY: dist deb rpm install-packaging

## image: build/ksm-hook-VERSION.oci.tar, a container image of the programs and the preload library (needs podman)
# For another machine (ARCH=aarch64) image-files, where its compiler is, and image-pack, where podman is,
# may be called by themselves: nothing of the image is run for it.
IMAGE ?= localhost/ksm-hook:$(VERSION)$(if $(ARCH),-$(IMAGE_ARCH))
IMAGE_ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,amd64,$(or $(ARCH),$(shell uname -m))))
image: image-files
	$(Q)$(MAKE) --no-print-directory image-pack
image-files: $(BUILD)/ksm-hook $(BUILD)/ksm-hook-http | $(BUILD)/libksm_preload.so
	$(Q)for p in $^; do ! readelf -l $$p | grep -q INTERP || { echo "$$p is not linked statically:" \
		"musl-tools, libyajl-dev, libprotobuf-c-dev and libmicrohttpd-dev are needed for that" >&2; \
		exit 1; }; done
	$(Q)rm -rf $(BUILD)/image && mkdir -p $(BUILD)/image
	$(Q)for p in $(notdir $^) libksm_preload.so; do \
		$(STRIP) -o $(BUILD)/image/$$p $(BUILD)/$$p || exit 1; done
	$(Q)cp LICENSE packaging/debian/copyright packaging/image/Containerfile $(BUILD)/image
image-pack:
	$(Q)podman build --quiet --arch $(IMAGE_ARCH) --timestamp $(SOURCE_DATE_EPOCH) --tag $(IMAGE) $(BUILD)/image >/dev/null
	$(Q)rm -f $(BUILD)/$(DIST).oci.tar
	$(Q)podman save --quiet --format oci-archive --output $(BUILD)/$(DIST).oci.tar $(IMAGE)
	$(call say,IMAGE,$(BUILD)/$(DIST).oci.tar)

.PHONY: image image-files image-pack
