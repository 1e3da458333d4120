# SPDX-License-Identifier: Apache-2.0
# ksm-hook: build, install, check, bench. `make help` lists the targets.
#
# Each module.mk adds what it builds to ALL, its suites to CHECK_SUITES or
# MATRIX_SUITES, its benches to BENCHES, and its files with install:: rules.

VERSION := 0.2.0

PREFIX     ?= /usr/local
SBINDIR    ?= $(PREFIX)/sbin
LIBDIR     ?= $(PREFIX)/lib64
LIBEXECDIR ?= $(PREFIX)/libexec
DATADIR    ?= $(PREFIX)/share
MANDIR     ?= $(DATADIR)/man
SYSCONFDIR ?= /etc
# podman and CRI-O look for hooks here whatever the prefix is
HOOKSDIR   ?= /usr/share/containers/oci/hooks.d
# what `ksm-hook precreate` mounts into containers
PRELOAD_LIBRARY ?= $(LIBDIR)/libksm_preload.so
INSTALL    ?= install
# kernel developers export theirs, which is none of ours
ifeq ($(origin ARCH),environment)
ARCH :=
endif
BUILD      ?= build$(if $(ARCH),/$(ARCH))

# For another machine, `make ARCH=aarch64`: with the cross compiler of that name, and the libraries
# that it finds (Debian: gcc-aarch64-linux-gnu; libyajl-dev, libprotobuf-c-dev, libxxhash-dev, musl-dev and, for
# the agent's metrics, libmicrohttpd-dev, each with :arm64).
# What runs while building is built by HOSTCC.
ifneq ($(ARCH),)
ifneq ($(filter default undefined,$(origin CC)),)
CC := $(ARCH)-linux-gnu-gcc
endif
ifneq ($(filter default undefined,$(origin AR)),)
AR := $(ARCH)-linux-gnu-ar
endif
MUSL_SPECS := $(wildcard /usr/lib/$(ARCH)-linux-musl/musl-gcc.specs)
MUSL_CC ?= $(if $(MUSL_SPECS),$(CC) -specs $(MUSL_SPECS),$(ARCH)-linux-musl-gcc)
HOSTCC  ?= cc
endif
HOSTCC  ?= $(CC)
MACHINE := $(shell $(CC) -dumpmachine 2>/dev/null)

# How the program is linked. A hook is in the start of every container, so the
# default is the C library that starts fastest: musl where its compiler is there,
# else a static glibc, else whatever there is (docs/how-it-works.md has the figures).
MUSL_CC ?= musl-gcc
YAJL_A  ?= $(firstword $(wildcard $(shell $(CC) -print-file-name=libyajl_s.a) \
	$(shell $(CC) -print-file-name=libyajl.a)))
PROTOBUF_C_A ?= $(wildcard $(shell $(CC) -print-file-name=libprotobuf-c.a))
ifeq ($(origin LIBC),undefined)
LIBC := $(if $(and $(YAJL_A),$(PROTOBUF_C_A)),$(if $(shell command -v $(MUSL_CC) 2>/dev/null),musl,static),shared)
endif

# Programs of 32 bits beside those of 64. A compiler may know -m32 and lack headers: libc6-dev-i386
# has those of libc, gcc-multilib asm.
M32 := $(shell echo 'int x;' | $(CC) -m32 -xc -include asm/unistd.h -include sys/mman.h -c -o /dev/null - 2>/dev/null && echo y)

V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s%s\n' $(1) $(2))

CFLAGS   ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wformat=2 -Wno-missing-field-initializers
ALL_CFLAGS = -std=gnu11 $(WARNINGS) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-DVERSION='"$(VERSION)"' -DSYSCONFDIR='"$(SYSCONFDIR)"' -DSBINDIR='"$(SBINDIR)"' -DLIBEXECDIR='"$(LIBEXECDIR)"' -DPRELOAD_LIBRARY='"$(PRELOAD_LIBRARY)"' $(CFLAGS) $(CPPFLAGS)

ALL :=
CHECK_SUITES :=
MATRIX_SUITES :=
GUEST_PROGRAMS :=
BENCHES :=

.DEFAULT_GOAL := all
include $(sort $(wildcard */module.mk tests/*/module.mk))

# Where things will lie is written into what is built: `make && make install PREFIX=/usr` has to
# build that anew.
PLACES := $(VERSION) $(SBINDIR) $(LIBDIR) $(LIBEXECDIR) $(DATADIR) $(SYSCONFDIR) $(PRELOAD_LIBRARY)
$(shell mkdir -p $(BUILD); echo '$(PLACES)' | cmp -s - $(BUILD)/places || echo '$(PLACES)' >$(BUILD)/places)
$(HOOK_OBJ) $(FAULT_OBJ) $(OPENVZ_OBJ) $(filter $(BUILD)/%.json $(BUILD)/%.conf \
	$(BUILD)/%.toml $(BUILD)/%.service,$(ALL)): $(BUILD)/places

## all: build everything
all: $(ALL)

## check-programs: build what the suites run
check-programs: all $(CHECK_PROGRAMS)

# what suites run in a machine of its own, another one with ARCH, which has no use for what debuggers read
STRIP ?= $(if $(ARCH),$(ARCH)-linux-gnu-)strip
guest-programs: $(GUEST_PROGRAMS)
	$(Q)rm -rf $(BUILD)/guest && mkdir -p $(sort $(dir $(^:$(BUILD)/%=$(BUILD)/guest/%)))
	$(Q)for p in $(^:$(BUILD)/%=%); do $(STRIP) -o $(BUILD)/guest/$$p $(BUILD)/$$p || exit 1; done

# on all processors, as the suites then run; with -j of its own make has its way
ALL_PROCESSORS = $(MAKE) $(if $(filter -j%,$(MAKEFLAGS)),,-j$$(nproc))

## check: unit tests and suites on the engines of this machine (as root)
check:
	$(Q)$(ALL_PROCESSORS) check-programs
	$(Q)tests/run $(CHECK_SUITES)

## check-falses: which tests pass though our programs do nothing (an hour)
check-falses:
	$(Q)$(ALL_PROCESSORS) check-programs
	$(Q)tests/falses

## check-matrix: other kernels, other engines, soaks, sanitizers (about 40 min)
check-matrix:
	$(Q)$(ALL_PROCESSORS) check-programs $(MATRIX_PROGRAMS)
	@# one for each processor, which they fill themselves, and one more for when they wait
	$(Q)SUITE_TIMEOUT=1800 JOBS=$${JOBS:-$$(($$(nproc) + 1))} tests/run $(MATRIX_SUITES)

## bench-compare BASE=REVISION: what costs more than another revision's, in the same rounds
bench-compare: $(BUILD)/ksm-hook $(BUILD)/libksm_preload.so $(BENCH_PROGRAMS)
	bench/compare "$(BASE)"

## bench: measure what the documentation claims
bench: all $(BENCH_PROGRAMS)
	$(Q)bench/all $(BENCHES)

## deps: install what building and testing need (Debian's or Fedora's packages)
deps:
	tests/deps

## demo: build, and watch real containers share their memory
demo:
	tests/demo

## lint: clang-format, clang-tidy, cppcheck, shellcheck
lint:
	tests/lint

## install, uninstall: DESTDIR and PREFIX as usual
install:: all
	@# every page says of which version it is
	cd $(DESTDIR)$(MANDIR) && sed -i --follow-symlinks 's/^\.Os$$/.Os "ksm-hook $(VERSION)"/' \
		man?/ksm-hook*.? man7/libksm_preload.7
uninstall::

## mutants: do the unit tests notice faults? (MUTANTS="-n 300 -s 2"; not part of check)
mutants:
	tests/mutants $(MUTANTS)

clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^## /make /p' $(MAKEFILE_LIST)

.PHONY: all check check-falses check-programs guest-programs check-matrix bench bench-compare deps demo lint mutants install uninstall clean help
