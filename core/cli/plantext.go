package cli

import (
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/sdk"
)

// writePlan shows a plan to people: where its code is, every image with its
// Dockerfile, every step with its place, and every request to the platform
// where they are asked for.
func writePlan(w io.Writer, root string, p plan.Plan, requests bool) {
	fmt.Fprintf(w, "flow %s on stack %s\n", p.Flow, p.Stack)
	fmt.Fprintf(w, "source root %s\n", root)
	if p.Workflow.Timeout > 0 {
		fmt.Fprintf(w, "timeout %s\n", durationText(p.Workflow.Timeout))
	}
	fmt.Fprintf(w, "\nimages\n")
	for _, im := range p.Images {
		writeImage(w, im)
	}
	fmt.Fprintf(w, "\nsteps\n")
	submitted := map[string]sdk.Step{}
	for _, s := range p.Workflow.Steps {
		submitted[s.Name] = s
	}
	for _, s := range p.Steps {
		writeStep(w, s, submitted[s.Name])
	}
	if requests && len(p.Documents) > 0 {
		fmt.Fprintf(w, "\nrequests\n")
		for _, d := range p.Documents {
			fmt.Fprintf(w, "  %s (%s)\n%s", d.Name, d.MediaType, indent(d.Content, "    "))
		}
	}
	fmt.Fprintf(w, "\n%s\n", summary(p))
}

func writeImage(w io.Writer, im plan.Image) {
	name := im.Reference
	if name == "" {
		name = "(no image)"
	}
	fmt.Fprintf(w, "  %-6s %s   for %s\n", im.Action, name, strings.Join(im.Steps, ", "))
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(w, "         %-9s %s\n", label, text)
		}
	}
	if im.Digest != nil {
		line("digest", *im.Digest)
	}
	if im.Base != nil {
		base := im.Base.Reference
		if im.Base.Digest != "" {
			base += " (" + im.Base.Digest + lockedText(im.Base.Locked) + ")"
		}
		line("base", base)
	}
	line("platform", strings.Join(im.Platforms, ", "))
	line("builder", im.Builder)
	for _, reason := range im.Reasons {
		line("why", diag.Printable(reason))
	}
	if im.Dockerfile != "" {
		fmt.Fprint(w, indent(im.Dockerfile, "         │ "))
	}
}

// lockedText says that a digest is that of the lock.
func lockedText(locked bool) string {
	if locked {
		return ", locked"
	}
	return ""
}

// writeStep shows a step; submitted is the same one as the platform gets it.
func writeStep(w io.Writer, s plan.Step, submitted sdk.Step) {
	needs := ""
	if len(s.Needs) > 0 {
		needs = "   needs " + strings.Join(s.Needs, ", ")
	}
	if s.When != "success" && s.When != "" {
		needs += "   when " + string(s.When)
	}
	fmt.Fprintf(w, "  %s%s\n", s.Name, needs)
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(w, "    %-11s %s\n", label, text)
		}
	}
	command, script := commandText(s.Command)
	line("command", command)
	if script != "" {
		fmt.Fprint(w, indent(script, "      │ "))
	}
	line("inputs", inputText(submitted.Inputs))
	line("outputs", outputText(submitted.Outputs))
	var names []string
	for name := range s.Environment {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		names[i] = name + "=" + shellWord(s.Environment[name])
	}
	line("environment", strings.Join(names, " "))
	line("secrets", strings.Join(s.Secrets, ", "))
	line("resources", resourceText(s))
	line("limits", limitText(submitted))
	line("code", strings.TrimSpace(s.Code.From+" "+parenthesis(s.Code.Reason)))
	line("where", strings.TrimSpace(s.Placement.MachineType+" "+parenthesis(s.Placement.Reason)))
	for _, r := range s.Placement.Rejected {
		line("not", r.MachineType+" "+parenthesis(r.Reason))
	}
}

// commandText is a command as a shell would take it. A script of several lines
// at its end comes apart, so that it can be read.
func commandText(command []string) (text, script string) {
	var words []string
	for i, word := range command {
		if i > 0 && i == len(command)-1 && strings.Contains(strings.TrimRight(word, "\n"), "\n") {
			script = word
			break
		}
		words = append(words, diag.Printable(shellWord(strings.TrimRight(word, "\n"))))
	}
	return strings.Join(words, " "), script
}

func parenthesis(text string) string {
	if text == "" {
		return ""
	}
	return "(" + text + ")"
}

func resourceText(s plan.Step) string {
	var parts []string
	r := s.Resources
	if r.CPU > 0 {
		parts = append(parts, "cpu "+strconv.FormatFloat(r.CPU, 'g', -1, 64))
	}
	for _, size := range []struct {
		name  string
		bytes int64
	}{{"memory", r.MemoryBytes}, {"disk", r.DiskBytes}, {"shm", r.ShmBytes}} {
		if size.bytes > 0 {
			parts = append(parts, size.name+" "+byteText(size.bytes))
		}
	}
	if a := r.Accelerator; a != nil {
		text := fmt.Sprintf("accelerator %s:%d", a.Name, a.Count)
		if a.Topology != "" {
			text = "accelerator " + a.Name + ":" + a.Topology
		}
		parts = append(parts, text)
	}
	if r.Spot {
		parts = append(parts, "spot")
	}
	if r.MachineType != "" {
		parts = append(parts, "machine type "+r.MachineType)
	}
	if s.Nodes > 1 {
		parts = append(parts, fmt.Sprintf("%d nodes", s.Nodes))
	}
	return strings.Join(parts, ", ")
}

// byteText is n in the largest binary unit that takes it exactly.
func byteText(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	unit := 0
	for n%1024 == 0 && unit < len(units)-1 && n > 0 {
		n, unit = n/1024, unit+1
	}
	return fmt.Sprintf("%d%s", n, units[unit])
}

// inputText is such as data=prepare.data.
func inputText(inputs []sdk.Input) string {
	var parts []string
	for _, in := range inputs {
		var sources []string
		for i, s := range in.Sources {
			if i == mostNamed {
				sources = append(sources, fmt.Sprintf("and %d more", len(in.Sources)-i))
				break
			}
			sources = append(sources, s.Step+"."+s.Output)
		}
		parts = append(parts, in.Name+"="+strings.Join(sources, " "))
	}
	return strings.Join(parts, ", ")
}

// outputText is such as model (directory).
func outputText(outputs []sdk.Output) string {
	var parts []string
	for _, o := range outputs {
		parts = append(parts, o.Name+" "+parenthesis(string(o.Type)))
	}
	return strings.Join(parts, ", ")
}

// limitText is how long, how often and how many at a time a step may run.
func limitText(s sdk.Step) string {
	var parts []string
	if s.Timeout > 0 {
		parts = append(parts, "timeout "+durationText(s.Timeout))
	}
	if s.Retry.Max > 0 {
		text := "retry " + number(s.Retry.Max, "time")
		if s.Retry.Backoff > 0 {
			text += " after " + durationText(s.Retry.Backoff)
		}
		parts = append(parts, text)
	}
	if s.MaxParallel > 0 {
		parts = append(parts, fmt.Sprintf("max_parallel %d", s.MaxParallel))
	}
	return strings.Join(parts, ", ")
}

// durationText is d as flows say it: 30m rather than 30m0s.
func durationText(d time.Duration) string {
	text := d.String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}

// shellWord is text as one word of a POSIX shell.
func shellWord(text string) string {
	plain := func(r rune) bool {
		return r == '-' || r == '_' || r == '.' || r == '/' || r == ':' || r == '=' || r == ',' || r == '@' || r == '+' || r == '%' ||
			r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// indent puts prefix before every line of text, which then ends in a newline.
func indent(text, prefix string) string {
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		b.WriteString(prefix + diag.Printable(line) + "\n")
	}
	return b.String()
}

// summary counts what a plan would do.
func summary(p plan.Plan) string {
	count := map[plan.Action]int{}
	for _, im := range p.Images {
		count[im.Action]++
	}
	var parts []string
	for _, c := range []struct {
		action plan.Action
		text   string
	}{{plan.Build, "to build"}, {plan.Reuse, "reused"}, {plan.Use, "taken as they are"}} {
		if n := count[c.action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, c.text))
		}
	}
	if len(parts) == 0 {
		parts = []string{"none"}
	}
	return fmt.Sprintf("images: %s; steps: %d", strings.Join(parts, ", "), len(p.Steps))
}
