package image

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/stackrun/stack/core/diag"
)

// ending finds where labels can be added to the stage that is built.
func (d *dockerfile) ending(target int, result *parser.Result) {
	d.escape = string(result.EscapeToken)
	last := result.AST.Children[len(result.AST.Children)-1]
	if target+1 < len(d.stages) {
		next := d.stages[target+1].Location[0].Start.Line
		for _, n := range result.AST.Children {
			if n.StartLine < next {
				last = n
			}
		}
	}
	d.end = min(last.EndLine, strings.Count(d.text, "\n")+1)
	if len(d.labels) == 0 {
		return
	}
	lines := strings.Split(d.text, "\n")
	if ending := strings.TrimRight(lines[d.end-1], " \t\r"); strings.HasSuffix(ending, d.escape) {
		d.found = append(d.found, dockerfileProblem(d.file, d.text, d.end, "the stage ends in a continued line, so no labels can be added to it").
			Try("take the "+d.escape+" at the end of the line away"))
	}
	for _, key := range sortedKeys(d.labels) {
		if d.escape != `\` && !literal(d.labels[key]) {
			d.found = append(d.found, withRange(diag.New(diag.BadValue, "label %s has a character that a Dockerfile with the escape character %s cannot hold", key, d.escape), d.at("dockerfile_build", "labels", key)))
		}
	}
}

// remarks warns of what no key can cover.
func (d *dockerfile) remarks() {
	for _, s := range d.stages {
		for _, command := range s.Commands {
			add, ok := command.(*instructions.AddCommand)
			if !ok || add.Checksum != "" {
				continue
			}
			for _, src := range add.SourcePaths {
				// What a variable holds is known to the builder alone.
				if strings.HasPrefix(src, "http://") || strings.HasPrefix(src, "https://") || strings.HasPrefix(src, "git@") || strings.Contains(src, "$") {
					p := dockerfileProblem(d.file, d.text, add.Location()[0].Start.Line,
						"ADD reads a URL without --checksum, so a change of what is there goes unnoticed")
					if strings.Contains(src, "$") {
						p.Summary = "ADD reads what a variable names, and if it is a URL, a change of what is there goes unnoticed"
					}
					p.Severity = diag.Warning
					d.found = append(d.found, p)
				}
			}
		}
	}
}
