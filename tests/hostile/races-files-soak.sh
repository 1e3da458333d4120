#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 500 rounds of each race of races-files.sh; 10,000 take half an hour: ROUNDS=10000 tests/hostile/races-files.sh
# needs: containers

ROUNDS=500 exec "$(dirname "$0")/races-files.sh"
