#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# takeover.sh with every answer.
# needs: nothing

STEP=1 exec "$(dirname "$0")/takeover.sh"
