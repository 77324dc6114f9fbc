package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/migration"
)

// importReport is what `stack import -o json` prints.
type importReport struct {
	System      string           `json:"system"`
	Config      string           `json:"config"`
	Flow        string           `json:"flow"` // the file that was written
	Name        string           `json:"name"`
	Settings    []migration.Note `json:"settings"`
	Diagnostics diag.List        `json:"diagnostics"`
}

func importJSON(o importOptions, result migration.Result, list diag.List) importReport {
	out := importReport{System: o.system, Config: o.config, Flow: o.out, Name: result.Name, Settings: result.Notes, Diagnostics: list}
	if out.Settings == nil {
		out.Settings = []migration.Note{}
	}
	if out.Diagnostics == nil {
		out.Diagnostics = diag.List{}
	}
	return out
}

// writeReport says what became of every setting, the least surprising first.
func writeReport(w io.Writer, result migration.Result) {
	for _, part := range []struct {
		kind  migration.Kind
		title string
	}{
		{migration.Carried, "Carried over"},
		{migration.Changed, "Carried over, and something differs"},
		{migration.LeftOut, "Not carried over"},
		{migration.ToDo, "Left for you to do"},
	} {
		if result.Count(part.kind) == 0 {
			continue
		}
		fmt.Fprintf(w, "%s:\n", part.title)
		var notes []migration.Note
		for _, n := range result.Notes {
			if n.Kind == part.kind {
				notes = append(notes, n)
			}
		}
		for i, n := range notes {
			if i+1 < len(notes) && notes[i+1].Detail == n.Detail {
				n.Detail = "" // said once, below the last of them
			}
			writeNote(w, n)
		}
		fmt.Fprintln(w)
	}
}

func writeNote(w io.Writer, n migration.Note) {
	line := n.From
	switch {
	case n.From != "" && n.To != "":
		line += " → " + n.To
	case n.From == "":
		line = n.To
	}
	if n.Range != nil && n.Kind != migration.Carried {
		line = strings.TrimSpace(n.Range.String() + "  " + line)
	}
	if line == "" {
		line = "the whole flow"
	}
	fmt.Fprintf(w, "  %s\n", diag.Printable(line))
	for _, text := range wrap(n.Detail, 74) {
		fmt.Fprintf(w, "      %s\n", diag.Printable(text))
	}
}

// wrap breaks text into lines of a width, between words.
func wrap(text string, width int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			out = append(out, line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}
