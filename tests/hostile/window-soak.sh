#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 10,000 rounds of window.sh.
# needs: containers

ROUNDS=10000 exec "$(dirname "$0")/window.sh"
