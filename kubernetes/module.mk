# SPDX-License-Identifier: Apache-2.0
# For `kubectl apply -k` and `helm install`, beside the documents.

install::
	$(INSTALL) -d $(DESTDIR)$(DATADIR)/ksm-hook
	rm -rf $(DESTDIR)$(DATADIR)/ksm-hook/kubernetes
	cp -r kubernetes $(DESTDIR)$(DATADIR)/ksm-hook/kubernetes
	rm $(DESTDIR)$(DATADIR)/ksm-hook/kubernetes/module.mk

uninstall::
	rm -rf $(DESTDIR)$(DATADIR)/ksm-hook/kubernetes
