package image

import (
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/requirement"
)

// contradictions finds packages that two origins want in versions that exclude
// each other: what is installed later would silently take the place of the
// first. Inside of one origin the installer says so itself.
func (c *compiler) contradictions(sets []set, env requirement.Environment) {
	type wish struct {
		req requirement.Requirement
		set set
	}
	wishes := map[string][]wish{}
	for _, one := range sets {
		for _, f := range one.files {
			for _, line := range f.lines {
				read, err := requirement.ParseLine(line)
				req := read.Requirement
				if err != nil || read.Kind != requirement.Required || req.Name == "" {
					continue
				}
				wishes[req.Name] = append(wishes[req.Name], wish{req, one})
			}
		}
	}
	for _, name := range sortedKeys(wishes) {
		all := wishes[name]
		for i, later := range all {
			for _, earlier := range all[:i] {
				if earlier.set.name == later.set.name {
					continue
				}
				why, contradict := requirement.Contradict(earlier.req, later.req, env)
				if !contradict {
					continue
				}
				d := diag.New(diag.Contradiction, "%s is asked for twice, and no version satisfies both: %s by %s, %s by %s",
					name, withoutHashes(earlier.req.Written), earlier.set.name, withoutHashes(later.req.Written), later.set.name)
				d.Detail = why + "."
				if r := earlier.set.at(earlier.req.Written); r != (diag.Range{}) {
					d.Detail += " The first is at " + r.String() + "."
				}
				d.Suggestion = "make them agree, or drop one of them"
				if earlier.set.name == "local_environment" || strings.HasPrefix(later.set.name, layerPrefix) { // a snapshot, which what is written on purpose may correct
					d.Severity, d.Suggestion = diag.Warning, ""
					d.Detail += " The second is installed later, so it is the one that counts."
				}
				c.found = append(c.found, withRange(d, later.set.at(later.req.Written)))
			}
		}
	}
}
