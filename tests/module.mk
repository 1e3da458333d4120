# SPDX-License-Identifier: Apache-2.0
# The suites that `make check` and `make check-matrix` run.

CHECK_SUITES += tests/oci.sh tests/podman.sh
