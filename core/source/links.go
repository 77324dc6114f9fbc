package source

import (
	"path"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// checkLinks refuses links that lead outside the root. A link that leads
// nowhere is none of our business: it stays as it is.
func checkLinks(root string, entries []*entry) diag.List {
	targets := map[string]string{}
	for i := range entries {
		if f := &entries[i].file; f.Type == Link {
			targets[f.Path] = f.Target
		}
	}
	var problems diag.List
	for i := range entries {
		f := &entries[i].file
		if f.Type != Link || staysInside(f.Path, targets) {
			continue
		}
		d := diag.New(diag.OutsideSource, "the link %q leads outside the source root, to %q", f.Path, f.Target).
			Try("put a copy in its place, or name it in .dockerignore")
		if strings.HasPrefix(f.Target, root+"/") {
			d = d.Because("An absolute target names a folder of this machine, which no image has.").Try("make the link relative")
		}
		problems = append(problems, d)
	}
	return shorten(problems)
}

// staysInside follows the link at link, through further links, and reports
// whether every step is below the root. Text alone would not tell: where
// "a/l" is a link to "..", "a/l/../x" is outside.
func staysInside(link string, targets map[string]string) bool {
	const most = 40 // links followed; more is a circle, which leads nowhere
	var at []string // the folder reached so far
	rest := strings.Split(link, "/")
	for followed := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if len(at) == 0 {
				return false
			}
			at = at[:len(at)-1]
			continue
		}
		target, isLink := targets[strings.Join(append(at[:len(at):len(at)], part), "/")]
		if !isLink {
			at = append(at, part)
			continue
		}
		if path.IsAbs(target) {
			return false
		}
		if followed++; followed > most {
			return true
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return true
}
