// Command bench measures what has to be fast, each beside its target and, where
// there is one on this machine, beside what a user would do instead, all in one
// run: the start of the program, planning a large flow, a run in which nothing
// changed, the start of a plugin. `make bench` runs it.
//
// A figure is the median of several runs after one that warms caches, with the
// slowest tenth beside it. A case and what it stands beside take turns, so that
// both see the same machine; the ratio is of their medians. The no-change run on
// containers is measured when the real parts are up (test/real/up.sh), on its
// own registry; otherwise the table says that it was not. A missed target is
// told and is no failure: machines differ.
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
	if err := bench(*bin, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench measures everything and prints the table.
func bench(bin string, runs int) error {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "stack-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in the temporary folder harms nothing
	w := world{bin: bin, dir: dir, environ: os.Environ()}
	fmt.Printf("%s, %d cores, median of %d\n\n", runtime.Version(), runtime.NumCPU(), runs)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WHAT\tMEDIAN\tSLOWEST TENTH\tTARGET\tINSTEAD OF\tMEDIAN\tRATIO\t")
	for _, c := range cases() {
		prepared, err := c.prepare(w)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if prepared == nil {
			fmt.Fprintf(table, "%s\t-\t-\t%s\t-\t-\t-\tnot measured: %s\n", c.name, c.target, c.needs)
			continue
		}
		other, err := c.instead(w)
		if err != nil {
			return fmt.Errorf("instead of %s: %w", c.name, err)
		}
		times, others, err := measure(prepared, other.run, runs)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		median := times[len(times)/2]
		beside, verdict := "-\t-\t-", ""
		if len(others) > 0 {
			theirs := others[len(others)/2]
			beside = fmt.Sprintf("%s\t%s\t%.2f", other.name, round(theirs), float64(median)/float64(theirs))
		}
		if median > c.target {
			verdict = "target missed"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", c.name, round(median), round(times[len(times)*9/10]), c.target, beside, verdict)
	}
	return table.Flush()
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
