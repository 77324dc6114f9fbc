package python

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/requirement"
)

// lockVersion is the version of uv.lock that is known; revisions of it are
// read by every uv.
const lockVersion = 1

// lockFile is what is read of a uv.lock.
type lockFile struct {
	Version  int    `toml:"version"`
	Requires string `toml:"requires-python"`
	Packages []struct {
		Name   string `toml:"name"`
		Source struct {
			Virtual  string `toml:"virtual"`
			Editable string `toml:"editable"`
		} `toml:"source"`
		Metadata struct {
			Requires []lockRequirement            `toml:"requires-dist"`
			Groups   map[string][]lockRequirement `toml:"requires-dev"`
		} `toml:"metadata"`
	} `toml:"package"`
}

// lockRequirement is a requirement as the lock keeps it of the project.
type lockRequirement struct {
	Name      string   `toml:"name"`
	Extras    []string `toml:"extras"`
	Specifier string   `toml:"specifier"`
	Marker    string   `toml:"marker"`
	Git       string   `toml:"git"`
	URL       string   `toml:"url"`
	Path      string   `toml:"path"`
	Directory string   `toml:"directory"`
	Editable  string   `toml:"editable"`
	Virtual   string   `toml:"virtual"`
}

// elsewhere reports whether it comes from somewhere else than an index.
func (r lockRequirement) elsewhere() bool {
	return r.Git+r.URL+r.Path+r.Directory+r.Editable+r.Virtual != ""
}

var lockExtra = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`extra == ['"]([^'"]+)['"]`) })

// CheckUVLock reports, as a *diag.Failure that names each difference, that the
// text of a uv.lock does not fit that of its pyproject.toml: a dependency was
// added, removed or given other versions since. A lock of nil is missing. What
// cannot be compared, such as dynamic dependencies and markers, which uv writes
// in other words, is taken to fit.
func CheckUVLock(pyproject, lock []byte) error {
	p, err := parsePyproject("pyproject.toml", pyproject)
	if err != nil {
		return err
	}
	if lock == nil {
		return diag.Fail(diag.FileNotFound, errors.New("the project has no uv.lock"), "run `uv lock` in the project's folder and commit uv.lock")
	}
	return checkLock(p, lock)
}

func checkLock(p pyproject, text []byte) error {
	var lock lockFile
	if err := toml.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &lock); err != nil {
		return diag.Fail(diag.Syntax, fmt.Errorf("read uv.lock: %s", strings.TrimPrefix(err.Error(), "toml: ")), "run `uv lock` to write it anew")
	}
	if lock.Version != lockVersion {
		return diag.Fail(diag.Version, fmt.Errorf("uv.lock is of version %d; this version of stack reads version %d", lock.Version, lockVersion),
			"lock with a uv that writes that version, or export the requirements with pyproject_export_command")
	}
	if p.Project == nil || p.Project.Name == "" {
		return diag.Fail(diag.BadRequirement, errors.New("pyproject.toml has no [project] table with a name, so uv cannot install it"), "name the pyproject.toml of a project that uv locks")
	}
	project := requirement.NormalizeName(p.Project.Name)
	var differ []string
	found := false
	for _, pkg := range lock.Packages {
		if requirement.NormalizeName(pkg.Name) != project || pkg.Source.Virtual+pkg.Source.Editable == "" {
			continue
		}
		found = true
		want, dynamic, err := p.sections()
		if err != nil {
			return diag.Fail(diag.BadRequirement, fmt.Errorf("read the dependencies of pyproject.toml: %w", err), "")
		}
		differ = difference(lockSections(pkg.Metadata.Requires, pkg.Metadata.Groups), want, dynamic)
	}
	if !found {
		differ = []string{fmt.Sprintf("the lock is not of the project %q", p.Project.Name)}
	} else if wider := p.widerThan(lock.Requires); wider != "" {
		differ = append(differ, wider)
	}
	if len(differ) == 0 {
		return nil
	}
	return diag.Fail(diag.UVLockStale, fmt.Errorf("uv.lock does not fit pyproject.toml any more\n  %s", strings.Join(differ, "\n  ")), "run `uv lock` in the project's folder")
}

// section is the requirements of one part of a project by name; the texts are
// the versions and extras asked for, or "elsewhere" where it is not an index's.
type section map[string][]string

const elsewhere = "elsewhere"

func (s section) add(r lockRequirement) {
	text := elsewhere
	if !r.elsewhere() {
		specifiers, err := requirement.ParseSpecifiers(r.Specifier)
		if text = specifiers.String(); err != nil {
			text = r.Specifier
		}
	}
	extras := []string{}
	for _, e := range r.Extras {
		extras = append(extras, requirement.NormalizeName(e))
	}
	slices.Sort(extras)
	if len(extras) > 0 {
		text = "[" + strings.Join(extras, ",") + "]" + text
	}
	name := requirement.NormalizeName(r.Name)
	s[name] = append(s[name], text)
	slices.Sort(s[name])
	s[name] = slices.Compact(s[name])
}

func lockSections(requires []lockRequirement, groups map[string][]lockRequirement) map[string]section {
	all := map[string]section{}
	add := func(where string, r lockRequirement) {
		if all[where] == nil {
			all[where] = section{}
		}
		all[where].add(r)
	}
	for _, r := range requires {
		where := "dependencies"
		if m := lockExtra().FindStringSubmatch(r.Marker); m != nil {
			where = "optional-dependencies." + requirement.NormalizeName(m[1])
		}
		add(where, r)
	}
	for name, group := range groups {
		for _, r := range group {
			add("dependency-groups."+requirement.NormalizeName(name), r)
		}
	}
	return all
}

// sections is what the project asks for, as a lock would keep it; dynamic is
// the parts that only its build backend knows.
func (p pyproject) sections() (all map[string]section, dynamic map[string]bool, err error) {
	all, dynamic = map[string]section{}, map[string]bool{}
	sources, _ := p.Tool.UV["sources"].(map[string]any)
	placed := map[string]bool{}
	for name, value := range sources {
		one, ok := value.(map[string]any)
		placed[requirement.NormalizeName(name)] = ok && one["index"] == nil
	}
	add := func(where string, texts []string) {
		for _, text := range texts {
			r, parseErr := requirement.Parse(text)
			if parseErr != nil {
				err = fmt.Errorf("%s: %w", where, parseErr)
				return
			}
			if all[where] == nil {
				all[where] = section{}
			}
			l := lockRequirement{Name: r.Name, Extras: r.Extras, Specifier: r.Specifiers.String(), URL: r.URL}
			if placed[r.Name] {
				l.URL = elsewhere
			}
			all[where].add(l)
		}
	}
	add("dependencies", p.Project.Dependencies)
	for name, texts := range p.Project.Optional {
		add("optional-dependencies."+requirement.NormalizeName(name), texts)
	}
	for _, name := range p.groupNames() {
		texts, groupErr := p.group(name, nil)
		if groupErr != nil {
			return nil, nil, groupErr
		}
		add("dependency-groups."+requirement.NormalizeName(name), texts)
	}
	if old, ok := p.Tool.UV["dev-dependencies"].([]any); ok { // uv's form from before dependency groups
		for _, item := range old {
			if text, ok := item.(string); ok {
				add("dependency-groups.dev", []string{text})
			}
		}
	}
	for _, name := range p.Project.Dynamic {
		dynamic[name] = true
	}
	return all, dynamic, err
}

// difference is what has to change in the lock.
func difference(lock, project map[string]section, dynamic map[string]bool) []string {
	var out []string
	parts := map[string]bool{}
	for part := range lock {
		parts[part] = true
	}
	for part := range project {
		parts[part] = true
	}
	for _, part := range keys(parts) {
		if kind, _, _ := strings.Cut(part, "."); dynamic[kind] {
			continue
		}
		names := map[string]bool{}
		for name := range lock[part] {
			names[name] = true
		}
		for name := range project[part] {
			names[name] = true
		}
		in := ""
		if part != "dependencies" {
			in = " in " + part
		}
		for _, name := range keys(names) {
			old, new := lock[part][name], project[part][name]
			switch {
			case old != nil && new != nil && slices.EqualFunc(old, new, alike), someElsewhere(old, new):
			case old == nil:
				out = append(out, fmt.Sprintf("+ %s%s%s", name, strings.Join(new, " and "), in))
			case new == nil:
				out = append(out, fmt.Sprintf("- %s%s%s", name, strings.Join(old, " and "), in))
			default:
				out = append(out, fmt.Sprintf("~ %s (%s → %s)%s", name, orAny(old), orAny(new), in))
			}
		}
	}
	return out
}

// alike reports whether two texts of a section ask for the same.
func alike(a, b string) bool {
	extrasA, versionsA := cutExtras(a)
	extrasB, versionsB := cutExtras(b)
	if a == b || extrasA != extrasB {
		return a == b
	}
	x, errX := requirement.ParseSpecifiers(versionsA)
	y, errY := requirement.ParseSpecifiers(versionsB)
	return errX == nil && errY == nil && x.Equivalent(y)
}

func cutExtras(text string) (extras, versions string) {
	end := strings.IndexByte(text, ']') + 1
	return text[:end], text[end:]
}

// someElsewhere reports whether a package comes from several places by marker,
// some of them no index: uv then splits the requirement.
func someElsewhere(old, new []string) bool {
	return len(old) > 1 && slices.ContainsFunc(old, func(s string) bool { return strings.HasSuffix(s, elsewhere) }) && len(new) > 0
}

func orAny(texts []string) string {
	var out []string
	for _, t := range texts {
		if t == "" {
			t = "any version"
		}
		out = append(out, t)
	}
	return strings.Join(out, " and ")
}

func keys(m map[string]bool) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	sort.Strings(all)
	return all
}

// widerThan says that the project takes a Python that the lock was not made
// for; empty where it takes none, or where that cannot be told.
func (p pyproject) widerThan(lock string) string {
	project, err := requirement.ParseSpecifiers(p.Project.Requires)
	locked, lockErr := requirement.ParseSpecifiers(lock)
	if err != nil || lockErr != nil || len(project) == 0 || len(locked) == 0 {
		return ""
	}
	for minor := 6; minor < 40; minor++ {
		one := []string{fmt.Sprintf("3.%d", minor)}
		if requirement.PythonFor(project, one) != "" && requirement.PythonFor(locked, one) == "" {
			return fmt.Sprintf("~ requires-python (%s → %s)", locked, project)
		}
	}
	return ""
}
