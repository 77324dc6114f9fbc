package docs_test

import (
	"strings"
	"testing"

	"github.com/stackrun/stack/core/compute"
	"github.com/stackrun/stack/core/gpulint"
)

// TestGPUPage: every row of docs/gpu.md comes out as it says, and each code has
// rows that give it and rows that do not, in its own section.
func TestGPUPage(t *testing.T) {
	p := read(t, "docs/gpu.md")
	for _, code := range []string{"", "GPU101", "GPU102", "GPU103", "GPU104", "GPU105", "GPU106"} {
		heading := "## " + code
		if code == "" {
			heading = "## What is right and stays silent"
		}
		gives, silent := 0, 0
		for _, row := range strings.Split(p.section(t, heading), "\n") {
			cells := strings.Split(row, "|")
			if len(cells) != 7 || !strings.HasPrefix(row, "| `") {
				continue
			}
			said := "nothing"
			for _, f := range gpulint.Check(inputOf(t, cells[1:5])) {
				said = "`" + string(f.Code) + "`"
			}
			if want := strings.TrimSpace(cells[5]); said != want {
				t.Errorf("docs/gpu.md: %s: comes to %s", row, said)
			}
			if said == "`"+code+"`" {
				gives++
			} else {
				silent++
			}
		}
		if (gives == 0) != (code == "") || silent == 0 {
			t.Errorf("section %q has %d rows that give it and %d that do not", heading, gives, silent)
		}
	}
}

func inputOf(t *testing.T, cells []string) gpulint.Input {
	t.Helper()
	var written [4][]string
	for i, cell := range cells {
		for _, m := range inCode.FindAllStringSubmatch(cell, -1) {
			written[i] = append(written[i], m[1])
		}
	}
	a, err := compute.ParseAccelerator(written[0][0])
	if err != nil {
		t.Fatal(err)
	}
	return gpulint.Input{Accelerator: &a, BaseImage: written[1][0], Requirements: written[2], IndexURLs: written[3], Python: "3.12"}
}
