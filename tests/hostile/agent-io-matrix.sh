#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every system call of ksm-hook nri refused with every error: 600 cases, some minutes.
# needs: containers
AGENT_IO=all CASE=testFaults exec "$(dirname "$0")/agent-io.sh"
