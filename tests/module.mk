# SPDX-License-Identifier: Apache-2.0
# The suites that `make check` and `make check-matrix` run; tests/*/module.mk add theirs.

CHECK_SUITES += tests/oci.sh tests/podman.sh tests/precreate.sh tests/bad-input.sh \
	tests/confine.sh tests/doctor.sh tests/doctor-engines.sh \
	tests/doctor-containers.sh tests/look.sh tests/host.sh tests/layout.sh tests/lint
MATRIX_SUITES += tests/precreate-kernels.sh tests/doctor-kernels.sh tests/look-kernels.sh \
	tests/race.sh tests/burst.sh tests/sanitize.sh
