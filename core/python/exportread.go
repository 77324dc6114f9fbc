package python

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/requirement"
)

func (e exporter) exported(t tool, stdout []byte) (Exported, error) {
	out := Exported{Tool: t.name, Locked: t.locked}
	var err error
	if out.Options, out.Lines, err = normalLines(string(stdout), "`"+t.name+"`"); err != nil {
		return Exported{}, err
	}
	if t.argv[0] == "uv" {
		if err := e.indexes(&out); err != nil {
			return Exported{}, err
		}
	}
	if !t.locked {
		out.Warnings = append(out.Warnings, fmt.Sprintf(
			"%s has no lock, so its requirements are what the index has today; run `%s` to have the same ones tomorrow", e.shown, t.lock))
	}
	if lacks := e.project.lacks(); lacks != "" && len(out.Lines) == 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s: %s", e.shown, lacks))
	}
	out.Warnings = append(out.Warnings, mixed(out.Lines)...)
	return out, nil
}

// indexes puts the indexes of uv's settings before the requirements: what uv
// would print of them would have those of this machine's variables in it.
func (e exporter) indexes(out *Exported) error {
	table, err := uvTable(e.dir, e.project)
	if err != nil {
		return err
	}
	uv, err := requirement.ReadUV(table)
	if err != nil {
		return diag.Fail(diag.Syntax, fmt.Errorf("read uv's settings of %s: %w", e.shown, err), "")
	}
	var options []string
	add := func(name, value string) {
		options = append(options, requirement.Option{Name: name, Value: value}.String())
	}
	if uv.IndexURL != "" {
		add("--index-url", uv.IndexURL)
	}
	for _, url := range uv.ExtraIndexURLs {
		add("--extra-index-url", url)
	}
	for _, where := range uv.FindLinks {
		if !strings.Contains(where, "://") || strings.HasPrefix(where, "file:") {
			return diag.Fail(diag.BadRequirement, fmt.Errorf("find-links of %s names %q, a folder of this machine, which the build does not have", e.shown, where), "use an index or a URL")
		}
		add("--find-links", where)
	}
	out.Options = append(options, out.Options...)
	for _, what := range uv.CannotSay {
		if strings.HasPrefix(what, "index ") || strings.HasPrefix(what, "sources.") && strings.HasSuffix(what, "by index") {
			out.Warnings = append(out.Warnings, fmt.Sprintf("%s: a list of requirements cannot say %s; use uv_project, which installs with uv itself", e.shown, what))
		}
	}
	return nil
}

// mixed warns of hashes on some requirements only, which pip refuses.
func mixed(lines []string) []string {
	with, without := 0, []string{}
	for _, line := range lines {
		if strings.Contains(line, " --hash=") {
			with++
		} else {
			without = append(without, requirement.Name(line))
		}
	}
	if with == 0 || len(without) == 0 {
		return nil
	}
	slices.Sort(without)
	return []string{fmt.Sprintf("%s: no hash, while other requirements have one; pip refuses that, uv does not", strings.Join(without, ", "))}
}
