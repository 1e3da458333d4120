# SPDX-License-Identifier: Apache-2.0
# ksm-hook-http, which serves the agent's metrics and probes.

# Linked statically where that can be, as the shared library's own take some MiB for TLS, which
# nobody uses here; by the compiler's own C library, as nothing waits for its start.
MICROHTTPD_A ?= $(wildcard $(shell $(CC) -print-file-name=libmicrohttpd.a))
HTTP_STATIC := $(and $(filter-out shared,$(LIBC)),$(MICROHTTPD_A),$(wildcard $(shell $(CC) -print-file-name=libc.a)))
HTTP_DIR := $(LIBEXECDIR)/ksm-hook
HTTP_OBJ := $(BUILD)/http/main.o $(if $(HTTP_STATIC),$(BUILD)/http/no_tls.o)
HTTP_LDFLAGS := $(if $(HTTP_STATIC),-static-pie,-pie) -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections

$(BUILD)/http/%.o: http/%.c Makefile http/module.mk
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -fPIE -fstack-protector-strong -Ihook -I$(BUILD)/hook -MMD -MP -c -o $@ $<

$(BUILD)/http/main.o: $(BUILD)/hook/kernel/http_filter.h

$(BUILD)/ksm-hook-http: $(HTTP_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(HTTP_LDFLAGS) -o $@ $^ $(if $(HTTP_STATIC),$(MICROHTTPD_A),-lmicrohttpd)

-include $(HTTP_OBJ:.o=.d)

ALL += $(BUILD)/ksm-hook-http

install::
	$(INSTALL) -D -m 755 $(BUILD)/ksm-hook-http $(DESTDIR)$(HTTP_DIR)/ksm-hook-http

uninstall::
	rm -f $(DESTDIR)$(HTTP_DIR)/ksm-hook-http
	$(Q)rmdir $(DESTDIR)$(HTTP_DIR) 2>/dev/null || :
