// SPDX-License-Identifier: Apache-2.0

// Tells whether it is mergeable: its own ksm_stat.
package main

import "fmt"
import "os"

func main() {
	text, _ := os.ReadFile("/proc/self/ksm_stat")
	fmt.Print(string(text))
}
