// Command bench measures what has to be fast, each beside its target, all in
// one run on one machine: the start of the program, planning a large flow, a
// run in which nothing changed, the start of a plugin. `make bench` runs it.
//
// A figure is the median of several runs after one that warms caches, with the
// slowest tenth beside it. The no-change run on containers is measured when
// the real parts are up (test/real/up.sh), on its own registry; otherwise the
// table says that it was not. Exit status 1 when a target is missed.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"
)

func main() {
	bin := flag.String("bin", "bin", "folder with the built programs")
	runs := flag.Int("runs", 20, "how often each is measured")
	flag.Parse()
	missed, err := bench(*bin, *runs)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if missed > 0 {
		fmt.Fprintf(os.Stderr, "bench: %d targets missed\n", missed)
		os.Exit(1)
	}
}

// bench measures everything and prints the table. It gives the number of
// targets that were missed.
func bench(bin string, runs int) (int, error) {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "stack-bench")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in the temporary folder harms nothing
	w := world{bin: bin, dir: dir, environ: os.Environ()}
	fmt.Printf("%s, %d cores, median of %d\n\n", runtime.Version(), runtime.NumCPU(), runs)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WHAT\tMEDIAN\tSLOWEST TENTH\tTARGET\t")
	missed := 0
	for _, c := range cases() {
		prepared, err := c.prepare(w)
		if err != nil {
			return missed, fmt.Errorf("%s: %w", c.name, err)
		}
		if prepared == nil {
			fmt.Fprintf(table, "%s\t-\t-\t%s\tnot measured: %s\n", c.name, c.target, c.needs)
			continue
		}
		times, err := measure(prepared, runs)
		if err != nil {
			return missed, fmt.Errorf("%s: %w", c.name, err)
		}
		verdict := ""
		if median := times[len(times)/2]; median > c.target {
			verdict = "missed"
			missed++
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", c.name, round(times[len(times)/2]), round(times[len(times)*9/10]), c.target, verdict)
	}
	return missed, table.Flush()
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
