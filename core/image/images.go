package image

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"github.com/stackrun/stack/core/diag"
)

// parse finds every image that c's text names and that a build of its target
// reads: in FROM, COPY --from, RUN --mount=from and the syntax line.
func (c *custom) parse(file string, mirrors map[string]string, platforms []string, at func(...string) diag.Range) diag.List {
	result, err := parseDockerfile(c.text)
	if err != nil {
		return diag.List{parserProblem(file, c.text, err)}
	}
	stages, globals, err := instructions.Parse(result.AST, nil)
	if err != nil {
		return diag.List{parserProblem(file, c.text, err)}
	}
	if len(stages) == 0 {
		return diag.List{dockerfileProblem(file, c.text, 1, "the Dockerfile has no FROM")}
	}
	d := &dockerfile{custom: c, file: file, mirrors: mirrors, at: at, stages: stages, nodes: map[int]*parser.Node{}}
	for _, n := range result.AST.Children {
		d.nodes[n.StartLine] = n
	}
	d.arguments(globals, platforms, result.EscapeToken)
	d.syntax()
	target := d.target(c.target)
	if target < 0 {
		return d.found
	}
	d.reach(target, map[int]bool{})
	d.ending(target, result)
	slices.SortFunc(c.uses, func(a, b use) int { return a.first - b.first })
	d.remarks()
	return d.found
}

// dockerfile is a Dockerfile while it is looked through.
type dockerfile struct {
	*custom
	file    string
	mirrors map[string]string
	at      func(...string) diag.Range
	stages  []instructions.Stage
	nodes   map[int]*parser.Node // by first line
	lex     *shell.Lex
	values  variables
	found   diag.List
}

// variables is the arguments that FROM can use.
type variables map[string]string

// Get is the value of a variable.
func (v variables) Get(name string) (string, bool) { value, ok := v[name]; return value, ok }

// Keys is the names of all of them.
func (v variables) Keys() []string { return sortedKeys(v) }

// arguments fills in the values of the ARGs before the first FROM.
func (d *dockerfile) arguments(globals []instructions.ArgCommand, platforms []string, escape rune) {
	d.lex = shell.NewLex(escape)
	d.values = variables{}
	if len(platforms) == 1 {
		p := strings.SplitN(platforms[0]+"//", "/", 4)
		d.values["TARGETPLATFORM"], d.values["TARGETOS"], d.values["TARGETARCH"], d.values["TARGETVARIANT"] = platforms[0], p[0], p[1], p[2]
	}
	declared := map[string]bool{}
	for _, g := range globals {
		for _, a := range g.Args {
			declared[a.Key] = true
			if given, ok := d.args[a.Key]; ok {
				d.values[a.Key] = given
			} else if a.Value != nil {
				if value, _, err := d.lex.ProcessWord(*a.Value, d.values); err == nil {
					d.values[a.Key] = value
				}
			}
		}
	}
	for _, s := range d.stages {
		for _, command := range s.Commands {
			if a, ok := command.(*instructions.ArgCommand); ok {
				for _, one := range a.Args {
					declared[one.Key] = true
				}
			}
		}
	}
	for _, name := range sortedKeys(d.args) {
		if !declared[name] && !predefined(name) {
			d.found = append(d.found, withRange(diag.New(diag.SettingIgnored, "the Dockerfile has no ARG %s, so the build argument has no effect", name).
				Try(diag.DidYouMean(name, sortedKeys(declared))).AsWarning(), d.at("dockerfile_build", "args", name)))
		}
	}
}

// ofPlatform reports whether every build sets an argument, by its platforms.
func ofPlatform(name string) bool {
	for _, end := range []string{"PLATFORM", "OS", "ARCH", "VARIANT"} {
		if name == "TARGET"+end || name == "BUILD"+end {
			return true
		}
	}
	return false
}

// predefined reports whether every build takes an argument without an ARG.
func predefined(name string) bool {
	switch strings.ToUpper(name) {
	case "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY", "SOURCE_DATE_EPOCH":
		return true
	}
	return strings.HasPrefix(name, "BUILDKIT_")
}

// syntax notes the frontend that the first lines ask for: it is an image too.
func (d *dockerfile) syntax() {
	reference, _, location, ok := parser.DetectSyntax([]byte(d.text))
	if !ok || len(location) == 0 {
		return
	}
	line := location[0].Start.Line
	d.use(use{first: line, end: line, written: reference, rewrite: func(p string) string { return p }}, reference)
}

// target is the number of the stage to build, or -1.
func (d *dockerfile) target(name string) int {
	if name == "" {
		return len(d.stages) - 1
	}
	if i := d.stage(name, len(d.stages)); i >= 0 {
		return i
	}
	var names []string
	for _, s := range d.stages {
		if s.Name != "" {
			names = append(names, s.Name)
		}
	}
	p := withRange(diag.New(diag.BadValue, "the Dockerfile has no stage %q", name).Try(diag.DidYouMean(name, names)), d.at("dockerfile_build", "target"))
	if p.Suggestion == "" && len(names) > 0 {
		p.Detail = "Its stages are " + strings.Join(names, ", ") + "."
	}
	d.found = append(d.found, p)
	return -1
}

// stage is the number of the stage before limit that name is, or -1.
func (d *dockerfile) stage(name string, limit int) int {
	for i := limit - 1; i >= 0; i-- {
		if d.stages[i].Name != "" && strings.EqualFold(d.stages[i].Name, name) {
			return i
		}
	}
	if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < limit {
		return i
	}
	return -1
}

// reach notes the images that the stage and those that it reads name. It gives
// the image that the stage starts from.
func (d *dockerfile) reach(number int, done map[int]bool) {
	if done[number] {
		return
	}
	done[number] = true
	s := d.stages[number]
	d.from(number, s, done)
	for _, command := range s.Commands {
		switch command := command.(type) {
		case *instructions.CopyCommand:
			d.other(number, command.From, command.Location(), "--from="+command.From, done)
		case *instructions.RunCommand:
			for _, m := range instructions.GetMounts(command) {
				d.other(number, m.From, command.Location(), "from="+m.From, done)
			}
			d.secretMounts(command)
		}
	}
}

func (d *dockerfile) from(number int, s instructions.Stage, done map[int]bool) {
	line := s.Location[0].Start.Line
	name, unset, err := d.lex.ProcessWord(s.BaseName, d.values)
	if i := slices.IndexFunc(sortedKeys(unset), ofPlatform); i >= 0 && err == nil {
		d.found = append(d.found, dockerfileProblem(d.file, d.text, line, "the image %q that the stage starts from depends on $%s, which is not one value here", s.BaseName, sortedKeys(unset)[i]).
			Because("The image is for several platforms, or its name depends on the machine that builds it.").
			Try("name an image that is there for all platforms"))
		return
	}
	if err != nil || name == "" {
		p := dockerfileProblem(d.file, d.text, line, "the image %q that the stage starts from cannot be told", s.BaseName)
		p.Detail = "An ARG that it uses has no value: " + strings.Join(sortedKeys(unset), ", ") + "."
		if err != nil {
			p.Detail = err.Error()
		}
		d.found = append(d.found, p)
		return
	}
	// Only a name can be that of a stage here, a number cannot.
	if _, isNumber := strconv.Atoi(name); isNumber != nil {
		if i := d.stage(name, number); i >= 0 {
			d.reach(i, done)
			return
		}
	}
	if name == scratch {
		d.last = use{reference: scratch}
		return
	}
	node := d.nodes[line]
	u := use{first: line, end: line, rewrite: func(pinned string) string {
		words := append([]string{"FROM"}, node.Flags...)
		words = append(words, pinned)
		if s.Name != "" {
			words = append(words, "AS", s.Name)
		}
		return strings.Join(words, " ")
	}}
	if node != nil {
		u.end = node.EndLine
	}
	if u, ok := d.use(u, name); ok {
		d.last = u
	}
}

// secretMounts notes the secrets that a RUN mounts, as far as they can be told
// without the values of variables.
func (d *dockerfile) secretMounts(command *instructions.RunCommand) {
	line := command.Location()[0].Start.Line
	variable := false
	if err := command.Expand(func(word string) (string, error) {
		variable = variable || strings.ContainsRune(word, '$')
		return word, nil
	}); err != nil {
		if !variable {
			d.found = append(d.found, dockerfileProblem(d.file, d.text, line, "the mount of RUN is not well formed: %v", err))
		}
		return
	}
	for _, m := range instructions.GetMounts(command) {
		id := first(m.Source, m.CacheID, path.Base(m.Target))
		if strings.ContainsRune(id, '$') {
			id = ""
		}
		if m.Type == instructions.MountTypeSecret && id != CABundleSecret {
			d.mounts = append(d.mounts, secretMount{id: id, line: line, required: m.Required})
		}
	}
}

// other notes what an instruction of stage number copies from or mounts.
func (d *dockerfile) other(number int, name string, location []parser.Range, written string, done map[int]bool) {
	if name == "" || len(location) == 0 {
		return
	}
	if i := d.stage(name, number); i >= 0 {
		last := d.last
		d.reach(i, done)
		d.last = last
		return
	}
	if strings.EqualFold(name, scratch) || strings.EqualFold(name, "context") {
		return
	}
	line := location[0].Start.Line
	u := use{first: line, end: line, written: written, rewrite: func(pinned string) string {
		return strings.TrimSuffix(written, name) + pinned
	}}
	if node := d.nodes[line]; node != nil {
		u.end = node.EndLine
	}
	d.use(u, name)
}

// use adds a use of the image that name is.
func (d *dockerfile) use(u use, name string) (use, bool) {
	reference, digest, err := parseReference(name, d.mirrors)
	if err != nil {
		d.found = append(d.found, dockerfileProblem(d.file, d.text, u.first, "%q is neither a stage nor an image reference", name))
		return use{}, false
	}
	u.reference, u.digest, u.at = reference, digest, *dockerfileProblem(d.file, d.text, u.first, "").Range
	if _, err := u.apply(d.text, reference); err != nil {
		d.found = append(d.found, dockerfileProblem(d.file, d.text, u.first, "%v", err).
			Try("write the name of the image on one line, without quotes and variables"))
		return use{}, false
	}
	d.uses = append(d.uses, u)
	return u, true
}
