#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every system call of a hook refused with every error, in every stage: 10,000 cases, some minutes.
# needs: nothing
HOOK_IO=all CASE=testFaults exec "$(dirname "$0")/hook-io.sh"
