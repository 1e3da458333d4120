// SPDX-License-Identifier: Apache-2.0

// Starts 200 threads at once.
package main

import "fmt"
import "runtime"
import "sync"

func main() {
	var done sync.WaitGroup
	for i := 0; i < 200; i++ {
		done.Add(1)
		go func() { runtime.LockOSThread(); done.Done() }()
	}
	done.Wait()
	fmt.Println("200 threads")
}
