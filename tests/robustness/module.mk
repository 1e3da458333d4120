# SPDX-License-Identifier: Apache-2.0
# libFuzzer targets: the parsers of text that a tenant or a mistake can write.

FUZZ_NAMES := $(patsubst tests/robustness/fuzz/%.c,%,$(wildcard tests/robustness/fuzz/*.c))
FUZZ_PROGRAMS := $(FUZZ_NAMES:%=$(BUILD)/fuzz/%)
FUZZ_SRC := $(filter-out %/musl_fortify.c,$(wildcard hook/base/*.c)) \
	$(addprefix hook/,containers/lxc_config.c containers/metadata.c doctor/toml.c \
	kernel/proc.c kernel/userns.c oci/seccomp_profile.c oci/spec.c oci/spec_edit.c oci/spec_facts.c \
	oci/spec_mounts.c oci/spec_process.c \
	oci/state.c policy/annotations.c policy/config.c policy/config_files.c policy/engine.c policy/layout_policy.c \
	policy/policy.c nri/nri_mux.c nri/nri_rpc.c nri/nri_subject.c)

$(FUZZ_PROGRAMS): $(BUILD)/fuzz/%: tests/robustness/fuzz/%.c $(FUZZ_SRC) $(NRI_PB).c $(wildcard hook/*/*.h)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(ALL_CFLAGS) -Ihook -I$(BUILD)/hook -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -o $@ $< $(FUZZ_SRC) $(NRI_PB).c -lyajl -lprotobuf-c

## fuzz: half a minute of libFuzzer for each parser (FUZZ_SECONDS=3600 for more)
fuzz: $(FUZZ_PROGRAMS)
	tests/run tests/robustness/fuzz.sh
.PHONY: fuzz

MATRIX_PROGRAMS += $(FUZZ_PROGRAMS)
