#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 10,000 rounds of each race of races-files.sh.
# needs: containers

ROUNDS=10000 TOGETHER=200 exec "$(dirname "$0")/races-files.sh"
