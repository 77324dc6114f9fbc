package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stackrun/stack/core/build"
)

// terminal is a pseudo-terminal: what a person types, and what the program sees.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// TestPruneAsks: on a terminal nothing is removed that was not agreed to.
func TestPruneAsks(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	for _, c := range []struct {
		answer  string
		removed bool
	}{{"y\n", true}, {"YES\n", true}, {"n\n", false}, {"\n", false}, {"yesterday\n", false}, {"\x04", false}} {
		t.Run(fmt.Sprintf("%q", c.answer), func(t *testing.T) {
			dir := t.TempDir()
			records := build.Records{Dir: filepath.Join(dir, ".stack", "builds")}
			for i, id := range []string{"build-old", "build-new"} {
				r := build.Record{ID: id, Flow: "f", Stack: "s", Created: now.Add(time.Duration(i-5) * time.Hour)}
				if err := records.Save(r.With(build.Outcome{Key: "k", Steps: []string{"a"}})); err != nil {
					t.Fatal(err)
				}
			}
			person, program := terminal(t)
			var out bytes.Buffer
			a := &app{Program: Program{Dir: dir, Environ: []string{"HOME=" + dir}, Stdin: program, Stderr: program, Stdout: &out, Now: func() time.Time { return now }},
				flags: commonFlags{output: "text"}}
			if _, err := person.WriteString(c.answer); err != nil {
				t.Fatal(err)
			}
			if err := a.buildsPrune(context.Background(), buildsPrune{keep: 1}); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(out.String(), "remove  build-old") {
				t.Errorf("asked without saying what is removed: %q", &out)
			}
			want := "build-new build-old"
			if c.removed {
				want = "build-new"
			}
			if got := strings.Join(records.IDs(), " "); got != want {
				t.Errorf("left are %s, want %s", got, want)
			}
		})
	}
}
