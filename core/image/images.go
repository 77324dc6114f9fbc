package image

import (
	"fmt"
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
		return diag.List{dockerfileProblem(file, c.text, 1, diag.BadDockerfile, "the Dockerfile has no FROM")}
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
		}
	}
}

func (d *dockerfile) from(number int, s instructions.Stage, done map[int]bool) {
	line := s.Location[0].Start.Line
	name, unset, err := d.lex.ProcessWord(s.BaseName, d.values)
	if err != nil || name == "" {
		p := dockerfileProblem(d.file, d.text, line, diag.BadDockerfile, "the image %q that the stage starts from cannot be told", s.BaseName)
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
		d.found = append(d.found, dockerfileProblem(d.file, d.text, u.first, diag.BadDockerfile, "%q is neither a stage nor an image reference", name))
		return use{}, false
	}
	u.reference, u.digest = reference, digest
	if _, err := u.apply(d.text, reference); err != nil {
		d.found = append(d.found, dockerfileProblem(d.file, d.text, u.first, diag.BadDockerfile, "%v", err).
			Try("write the name of the image on one line, without quotes and variables"))
		return use{}, false
	}
	d.uses = append(d.uses, u)
	return u, true
}

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
		d.found = append(d.found, dockerfileProblem(d.file, d.text, d.end, diag.BadDockerfile, "the stage ends in a continued line, so no labels can be added to it").
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
				if strings.HasPrefix(src, "http://") || strings.HasPrefix(src, "https://") || strings.HasPrefix(src, "git@") {
					p := dockerfileProblem(d.file, d.text, add.Location()[0].Start.Line, diag.BadDockerfile,
						"ADD reads a URL without --checksum, so a change of what is there goes unnoticed")
					p.Severity = diag.Warning
					d.found = append(d.found, p)
				}
			}
		}
	}
}

// rewritten is c's text with every image named by its digest, so that what is
// built is what the key says. Everything else stays byte for byte, and every
// instruction on its line.
func (c *custom) rewritten() (string, error) {
	text := c.text
	for _, u := range c.uses {
		next, err := u.apply(text, pinned(u.reference, c.digestOf(u)))
		if err != nil {
			return "", fmt.Errorf("pin %s in the Dockerfile: %w", u.reference, err)
		}
		text = next
	}
	return text, nil
}

// apply is text with u naming the image as pinned.
func (u use) apply(text, pinned string) (string, error) {
	lines := strings.SplitAfter(text, "\n")
	if u.first < 1 || u.end > len(lines) {
		return "", fmt.Errorf("line %d is not there", u.first)
	}
	if u.written == "" { // FROM: one line, and as many as there were
		ending := "\n"
		if strings.HasSuffix(lines[u.end-1], "\r\n") {
			ending = "\r\n"
		}
		for i := u.first; i < u.end; i++ {
			lines[i] = ending
		}
		if !strings.HasSuffix(lines[u.first-1], "\n") {
			ending = ""
		}
		lines[u.first-1] = u.rewrite(pinned) + ending
		return strings.Join(lines, ""), nil
	}
	for i := u.first - 1; i < u.end; i++ {
		if i > u.first-1 && strings.HasPrefix(strings.TrimSpace(lines[i]), "#") {
			continue
		}
		if at := wordAt(lines[i], u.written); at >= 0 {
			lines[i] = lines[i][:at] + u.rewrite(pinned) + lines[i][at+len(u.written):]
			return strings.Join(lines, ""), nil
		}
	}
	return "", fmt.Errorf("the name of the image is not found as it was read, %q", u.written)
}

// wordAt is where word is in line with nothing of a word around it, or -1.
func wordAt(line, word string) int {
	for from := 0; ; {
		at := strings.Index(line[from:], word)
		if at < 0 {
			return -1
		}
		at += from
		end := at + len(word)
		before := at == 0 || strings.ContainsRune(" \t,=", rune(line[at-1]))
		after := end == len(line) || strings.ContainsRune(" \t,\r\n\\", rune(line[end]))
		if before && after {
			return at
		}
		from = end
	}
}
