package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/sdk"
)

// view shows the events of builds and runs.
type view interface {
	Event(engine.Event)
	Close()
}

// newView is how events are shown: JSON lines with -o json, a live tree on a
// terminal, otherwise one plain line for each change. logs says whether what
// steps write is shown too.
func (a *app) newView(logs bool) view {
	switch {
	case a.flags.output == "json":
		return jsonView{a.Stdout}
	case a.flags.progress == "none":
		return quietView{a.Stderr}
	case a.flags.progress == "auto" && isTerminal(a.Stderr) && a.env("TERM") != "dumb" && a.env("CI") == "":
		f := a.Stderr.(*os.File)
		return &treeView{tree: newTree(f, terminalSize(f.Fd()), a.Now, a.color(f)), logs: logs}
	}
	return &plainView{w: a.Stderr, logs: logs}
}

type jsonView struct{ w io.Writer }

func (v jsonView) Event(e engine.Event) {
	enc := json.NewEncoder(v.w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(e) // a reader that is gone ends the process by SIGPIPE
}

func (v jsonView) Close() {}

// quietView says only how a run ends.
type quietView struct{ w io.Writer }

func (v quietView) Event(e engine.Event) {
	if e.Type == engine.RunStatus && sdk.State(e.To).Final() {
		fmt.Fprintln(v.w, plainLine(e))
	}
}

func (quietView) Close() {}

// plainView writes a line for each change.
type plainView struct {
	w    io.Writer
	logs bool
}

func (v *plainView) Event(e engine.Event) {
	if e.Type == engine.Log && !v.logs {
		return
	}
	if line := plainLine(e); line != "" {
		fmt.Fprintln(v.w, line)
	}
}

func (v *plainView) Close() {}

// plainLine is an event as one line, or empty where there is nothing to say.
func plainLine(e engine.Event) string {
	note := ""
	if e.Reason != "" {
		note = " (" + e.Reason + ")"
	}
	if e.Message != "" && e.Message != e.To && e.Type != engine.Log {
		note += ": " + diag.Printable(e.Message)
	}
	switch e.Type {
	case engine.BuildProgress:
		if e.To == "building" {
			return fmt.Sprintf("build %s: %s", shortImage(e.Image), diag.Printable(e.Message))
		}
		return fmt.Sprintf("build %s: %s%s", shortImage(e.Image), e.To, note)
	case engine.StepStatus:
		if e.Attempt > 1 {
			return fmt.Sprintf("step %s: %s, attempt %d%s", e.Step, e.To, e.Attempt, note)
		}
		return fmt.Sprintf("step %s: %s%s", e.Step, e.To, note)
	case engine.RunStatus:
		return fmt.Sprintf("run %s: %s%s", e.Run, e.To, note)
	case engine.Log:
		return fmt.Sprintf("%s | %s", e.Step, diag.Printable(e.Message))
	}
	return ""
}

// treeView keeps a line for each build and step, and prints logs above.
type treeView struct {
	tree *tree
	logs bool
}

func (v *treeView) Event(e engine.Event) {
	note := e.Message
	if note == e.To {
		note = ""
	}
	if e.Reason != "" {
		note = e.Reason + " " + note
	}
	switch e.Type {
	case engine.BuildProgress:
		v.tree.set("image "+e.Image, shortImage(e.Image), e.To, note)
	case engine.StepStatus:
		if e.Attempt > 1 {
			note = fmt.Sprintf("attempt %d %s", e.Attempt, note)
		}
		v.tree.set(stepRow+e.Step, e.Step, e.To, note)
	case engine.RunStatus:
		if sdk.State(e.To).Final() {
			v.tree.end(e.To)
		}
		v.tree.print(plainLine(e))
	case engine.Log:
		if v.logs {
			v.tree.print(plainLine(e))
		}
	}
}

func (v *treeView) Close() { v.tree.close() }

// begins tells a view which steps there will be, before anything happens.
func (a *app) begins(v view, r run.Record) {
	switch v := v.(type) {
	case quietView:
		a.say("run %s", r.ID)
	case *treeView:
		for _, s := range r.Steps {
			v.tree.expect(stepRow+s.Name, s.Name)
		}
	}
}

// shortImage is an image's reference as people tell images apart: without the
// registry, and with the first twelve digits of a key.
func shortImage(reference string) string {
	name, tag, found := strings.Cut(reference[strings.LastIndexByte(reference, '/')+1:], ":")
	if !found {
		return reference
	}
	if len(tag) == 64 {
		tag = tag[:12]
	}
	return name + ":" + tag
}
