#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 500 rounds of each race of races-files.sh. 10,000 take longer than a suite may:
#   ROUNDS=10000 TOGETHER=50 SUITE_TIMEOUT=7200 tests/run tests/hostile/races-files.sh
# needs: containers

ROUNDS=500 TOGETHER=50 exec "$(dirname "$0")/races-files.sh"
