# SPDX-License-Identifier: Apache-2.0
# The programs that suites run, look at or inject into. (preload/, openvz/ and tests/kernels
# build theirs, for other C libraries and without one.)

# Victims check their own results; -32 is the same source for 32 bits. On aarch64 that is ARM code or
# Thumb's: Debian's C library has the latter, and entry32 its own way in, in both.
ARM32_CC := $(if $(shell command -v arm-linux-gnueabihf-gcc 2>/dev/null),arm-linux-gnueabihf-gcc -static)
CC32 := $(if $(M32),$(CC) -m32,$(if $(filter aarch64%,$(MACHINE)),$(ARM32_CC)))
VICTIMS      := nanosleep poll read waitpid futex epoll threads mutex cpu regs seccomp spin \
	zombie selfstop vfork exec $(if $(filter x86_64%,$(MACHINE)),entry32)
VICTIMS_32   := $(if $(CC32),nanosleep poll read futex entry32 mutex)
# those of aarch64 may jump to marked places only (BTI), and sign their return addresses (PAC)
VICTIMS_BTI  := $(if $(filter aarch64%,$(MACHINE)),nanosleep read threads regs)
VICTIM_PROGRAMS := $(VICTIMS:%=$(BUILD)/victims/%) $(VICTIMS_32:%=$(BUILD)/victims/%-32) \
	$(VICTIMS_BTI:%=$(BUILD)/victims/%-bti) \
	$(if $(M32),,$(if $(CC32),$(BUILD)/victims/entry32-thumb))
ifneq ($(shell command -v go 2>/dev/null),)
VICTIM_PROGRAMS += $(BUILD)/victims/goroutines
endif

VICTIM_SRC = tests/programs/victims/victim.c
victim_cc = $(ALL_CFLAGS) -pthread -o $@ $< $(VICTIM_SRC)

$(BUILD)/victims/%: tests/programs/victims/%.c $(VICTIM_SRC) tests/programs/victims/victim.h tests/programs/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(victim_cc)

$(BUILD)/victims/%-32: tests/programs/victims/%.c $(VICTIM_SRC) tests/programs/victims/victim.h tests/programs/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC32) $(if $(M32),,$(if $(filter entry32,$*),-marm)) $(victim_cc)

$(BUILD)/victims/%-thumb: tests/programs/victims/%.c $(VICTIM_SRC) tests/programs/victims/victim.h tests/programs/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC32) -mthumb $(victim_cc)

go_build = GO111MODULE=off GOFLAGS=-mod=mod GOCACHE=$(abspath $(BUILD))/go-cache CGO_ENABLED=0 \
	$(if $(ARCH),GOARCH=$(ARCH:aarch64=arm64)) go build -o $@ $<

$(BUILD)/victims/%-bti: tests/programs/victims/%.c $(VICTIM_SRC) tests/programs/victims/victim.h tests/programs/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -mbranch-protection=standard -Wl,-z,force-bti $(victim_cc)

$(BUILD)/victims/goroutines: tests/programs/victims/goroutines.go tests/programs/module.mk
	$(call say,GO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(go_build)

$(BUILD)/tests/inject-drive.o: tests/programs/inject-drive.c hook/inject/inject.h hook/base/error.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Ihook -c -o $@ $<

# The injection itself is the test build's, with its switches for faults, but built for
# the C library of the tests.
INJECT_PARTS := inject/inject inject/one_target inject/long_call inject/thread_rank inject/tracee kernel/one_cpu kernel/proc base/dir_walk base/error base/io base/near_path \
	base/text base/clock base/fault_injection
$(BUILD)/tests/inject-%.o: hook/%.c hook/module.mk
	$(call say,CC,"$< (tests)")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Ihook -DKSM_TEST_FAULTS -MMD -MP -c -o $@ $<

$(BUILD)/inject-drive: $(BUILD)/tests/inject-drive.o $(INJECT_PARTS:%=$(BUILD)/tests/inject-%.o)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

-include $(INJECT_PARTS:%=$(BUILD)/tests/inject-%.d)

# what suites attach to, and what stands for a runtime
ATTACH_PROGRAMS := $(BUILD)/attach/escape $(BUILD)/attach/swap $(BUILD)/attach/many $(BUILD)/attach/grow $(BUILD)/attach/forker $(BUILD)/attach/nothing

$(BUILD)/attach/%: tests/programs/%.c tests/programs/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -static -o $@ $<

# what tests/commands/estimate.sh looks at
$(BUILD)/estimate/huge: tests/programs/huge.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -static -o $@ $<

# a process without its main thread
$(BUILD)/tests/leaderless: tests/programs/leaderless.c tests/programs/module.mk
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -pthread -o $@ $<

# one whose threads end when they are told to
$(BUILD)/tests/threads-end: tests/programs/threads-end.c tests/programs/module.mk
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -pthread -o $@ $<

# who keeps others from looking at it
$(BUILD)/tests/hold-lock: tests/programs/hold-lock.c tests/programs/module.mk
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -static -pthread -o $@ $<

CHECK_PROGRAMS  += $(BUILD)/tests/leaderless $(BUILD)/tests/threads-end $(BUILD)/tests/hold-lock $(VICTIM_PROGRAMS) $(BUILD)/inject-drive $(ATTACH_PROGRAMS) \
	$(BUILD)/estimate/huge $(BUILD)/bench/pages
MATRIX_PROGRAMS += $(VICTIM_PROGRAMS) $(BUILD)/inject-drive $(ATTACH_PROGRAMS)

# static: it runs in containers that have nothing else
$(BUILD)/tests/merge-self: tests/programs/merge-self.c tests/programs/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -static -o $@ $<
CHECK_PROGRAMS += $(BUILD)/tests/merge-self

# static, too; and in other kernels
$(BUILD)/tests/equal: tests/programs/equal.c tests/programs/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -static -o $@ $<
$(BUILD)/tests/pieces: tests/programs/pieces.c tests/programs/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -static -o $@ $<
$(BUILD)/tests/sparse: tests/programs/sparse.c tests/programs/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -static -o $@ $<

CHECK_PROGRAMS  += $(BUILD)/tests/equal $(BUILD)/tests/pieces $(BUILD)/tests/sparse
MATRIX_PROGRAMS += $(BUILD)/tests/equal $(BUILD)/tests/sparse

# what containers run: the same in programs of every kind
KINDS := $(if $(shell command -v $(MUSL_CC) 2>/dev/null),musl)
KINDS := $(patsubst %,$(BUILD)/kinds/%/report,dynamic static $(KINDS)) \
	$(patsubst %,$(BUILD)/kinds/%/probe,dynamic static nopie $(if $(CC32),bits32) $(KINDS))
KINDS_GO := $(if $(shell command -v go 2>/dev/null),$(BUILD)/kinds/go/report $(BUILD)/kinds/go/probe)
$(BUILD)/kinds/dynamic/%: KIND_CC = $(CC)
$(BUILD)/kinds/static/%: KIND_CC = $(CC) -static
$(BUILD)/kinds/nopie/%: KIND_CC = $(CC) -no-pie
$(BUILD)/kinds/bits32/%: KIND_CC = $(CC32) -static
$(BUILD)/kinds/musl/%: KIND_CC = $(MUSL_CC)

# not optimized: probe is to use its stack
kind_cc = $(KIND_CC) -std=gnu11 $(WARNINGS) -D_GNU_SOURCE -O0 -pthread -o $@ $<
$(BUILD)/kinds/%/report: tests/programs/report.c tests/programs/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(kind_cc)
$(BUILD)/kinds/%/probe: tests/programs/probe.c tests/programs/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(kind_cc)

$(KINDS_GO): $(BUILD)/kinds/go/%: tests/programs/%.go tests/programs/module.mk
	$(call say,GO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(go_build)

# as on a kernel without the prctl
$(BUILD)/tests/no-prctl: tests/programs/no-prctl.c tests/programs/module.mk
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $<

CHECK_PROGRAMS  += $(KINDS) $(KINDS_GO) $(BUILD)/tests/no-prctl
MATRIX_PROGRAMS += $(KINDS) $(KINDS_GO)
GUEST_PROGRAMS  += $(KINDS) $(ATTACH_PROGRAMS) $(filter-out %/goroutines,$(VICTIM_PROGRAMS)) $(BUILD)/inject-drive \
	$(BUILD)/tests/sparse $(BUILD)/tests/equal $(BUILD)/tests/no-prctl
# the same, for which no compiler of C is needed
go-programs: $(filter %/goroutines,$(VICTIM_PROGRAMS)) $(KINDS_GO)
.PHONY: go-programs
