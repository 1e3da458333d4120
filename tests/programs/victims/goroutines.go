// SPDX-License-Identifier: Apache-2.0

// Victim: a Go program with many goroutines in timers, channels, locks, pipes, garbage
// collection and arithmetic, all of whose results have to be right.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

var calls int64

func wrong(format string, args ...interface{}) {
	fmt.Printf("goroutines: WRONG: "+format+"\n", args...)
	os.Exit(1)
}

// sum adds up 1..n through a chain of goroutines.
func sum(n int) int {
	in := make(chan int)
	out := in
	for i := 0; i < 8; i++ {
		next := make(chan int)
		go func(from, to chan int) {
			for v := range from {
				to <- v
			}
			close(to)
		}(out, next)
		out = next
	}
	go func() {
		for i := 1; i <= n; i++ {
			in <- i
		}
		close(in)
	}()
	total := 0
	for v := range out {
		total += v
	}
	return total
}

func main() {
	total, _ := strconv.Atoi(os.Args[1])
	call, _ := strconv.Atoi(os.Args[2])
	wait := time.Duration(call) * time.Millisecond
	end := time.Now().Add(time.Duration(total) * time.Millisecond)
	stop := os.Getenv("VICTIM_STOP")
	goesOn := func() bool {
		_, err := os.Stat(stop)
		if err == nil {
			// that call may itself have been cut short
			_, err = os.Stat(stop)
		}
		return err != nil && time.Now().Before(end)
	}
	var group sync.WaitGroup
	var lock sync.Mutex
	counter, added := 0, int64(0)

	start := func(body func()) {
		group.Add(1)
		go func() {
			defer group.Done()
			for goesOn() {
				body()
				atomic.AddInt64(&calls, 1)
			}
		}()
	}
	for i := 0; i < 8; i++ {
		start(func() {
			before := time.Now()
			time.Sleep(wait)
			if took := time.Since(before); took < wait {
				wrong("Sleep(%v) took %v", wait, took)
			}
		})
		start(func() {
			lock.Lock()
			counter++
			lock.Unlock()
			atomic.AddInt64(&added, 1)
			time.Sleep(5 * time.Millisecond)
		})
	}
	r, w, err := os.Pipe()
	if err != nil {
		wrong("%v", err)
	}
	number, expected := uint32(0), uint32(0)
	start(func() {
		number++
		binary.Write(w, binary.LittleEndian, number)
		time.Sleep(wait)
	})
	go func() {
		for {
			var got uint32
			if err := binary.Read(r, binary.LittleEndian, &got); err != nil {
				wrong("read: %v", err)
			}
			expected++
			if got != expected {
				wrong("read the number %d, not %d", got, expected)
			}
		}
	}()
	start(func() {
		if s := sum(100); s != 5050 {
			wrong("the sum is %d", s)
		}
		runtime.GC()
		time.Sleep(wait)
	})
	start(func() {
		out, err := exec.Command("/bin/echo", "hello").Output()
		if err != nil || string(out) != "hello\n" {
			wrong("echo: %q, %v", out, err)
		}
		time.Sleep(wait)
	})
	fmt.Printf("ready %d\n", os.Getpid())
	group.Wait()
	// collected before, it would be closed, and who reads told of the end
	runtime.KeepAlive(w)
	if int64(counter) != added {
		wrong("the lock let %d of %d through twice", added-int64(counter), added)
	}
	fmt.Printf("ok goroutines: %d calls, 0 cut short, 0 EINTR, 0 signals\n", calls)
}
