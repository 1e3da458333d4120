# SPDX-License-Identifier: Apache-2.0
# The suites. Those that boot other kernels, need another Debian, or take minutes run in
# `make check-matrix`; all others in `make check`, so that none is forgotten. `make lint` is by itself.

# The one that takes longest, and needs no lock, is the first: it keeps one processor busy beside those that have to
# run one after the other.
MATRIX_SUITES += tests/kernels/aarch64.sh $(wildcard tests/*/*-kernels.sh tests/*/*-matrix.sh tests/*/*-soak.sh) \
	$(filter-out tests/kernels/aarch64.sh,$(wildcard tests/kernels/*.sh)) \
	tests/engines/cri.sh tests/engines/nri.sh tests/engines/nri-economize.sh tests/engines/openvz-guide.sh tests/engines/runtime-args.sh \
	tests/commands/boost.sh tests/commands/doctor-fixes.sh tests/commands/economize-pieces.sh \
	tests/commands/estimate.sh tests/commands/estimate-layout.sh tests/commands/ps-layout.sh \
	tests/hostile/locks.sh tests/hostile/text.sh \
	tests/robustness/fuzz.sh tests/robustness/race.sh tests/robustness/sanitize.sh \
	tests/project/package.sh tests/project/demo.sh tests/project/readme.sh tests/project/kubernetes.sh tests/project/kubernetes-valid.sh \
	tests/project/chart.sh tests/project/prometheus.sh
CHECK_SUITES += $(filter-out $(MATRIX_SUITES),$(filter-out tests/lib/%,$(wildcard tests/*/*.sh)))
