package image

import (
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/source"
)

// layer is one part of an image, in the order in which it is built. Layers are
// values; they hold all that they read, so that a key can be made of them.
type layer interface {
	// input is what the layer adds to the key.
	input() part
	// render writes the layer's instructions.
	render(r *renderer)
}

// named is a layer with the name of its input, where that is another than that
// of its kind: the second of two, or one of `layers`.
type named struct {
	layer
	name string
}

func (l named) input() part {
	p := l.layer.input()
	p.name = l.name
	return p
}

// envLayer sets environment variables.
type envLayer struct {
	name string // of the setting
	vars map[string]string
}

// aptLayer installs Debian packages.
type aptLayer struct {
	packages []string // sorted, each once
	secrets  []BuildSecret
}

// pythonLayer installs Python packages.
type pythonLayer struct {
	name  string // of the setting
	files []requirementsFile
	how   install
}

// commandsLayer runs shell scripts, each one on its own.
type commandsLayer struct {
	commands []string
	secrets  []BuildSecret
}

// localLayer runs the command that installs the source.
type localLayer struct {
	command string
	how     install
}

// workdirLayer changes the work directory.
type workdirLayer struct{ dir string }

// ownerLayer makes sure that a user exists and owns the work directory.
type ownerLayer struct{ user, workdir string }

// sourceLayer copies the source into the work directory.
type sourceLayer struct {
	tree          *source.Tree
	user, workdir string
}

func (l envLayer) input() part { return namesPart(l.name, l.vars) }

func (l envLayer) render(r *renderer) {
	for _, name := range sortedKeys(l.vars) {
		r.variable("ENV", name, l.vars[name])
	}
}

func (l aptLayer) input() part {
	p := newPart("apt_packages", linesPart)
	p.list(l.packages)
	p.secrets(l.secrets)
	return p
}

func (l aptLayer) render(r *renderer) {
	r.blank()
	const cache = "/tmp/.stack-cache/apt"
	var mounts []string
	if r.dialect.CacheMounts {
		mounts = []string{
			"--mount=type=cache,id=stack-apt-lists,target=/var/lib/apt/lists,sharing=locked",
			// Images of Debian and Ubuntu empty apt's own folder after each
			// install, so packages are kept in another one.
			"--mount=type=cache,id=stack-apt-packages,target=" + cache + ",sharing=locked",
		}
	}
	r.script(mounts, l.secrets, "apt.sh", l.packages...)
}

func (l pythonLayer) input() part {
	p := newPart(l.name, requirementsPart)
	l.how.input(&p)
	p.count(len(l.files))
	for _, f := range l.files {
		p.text(f.name)
		p.text(f.content())
	}
	for _, f := range l.files {
		for _, line := range f.lines {
			if !strings.HasPrefix(line, "-r ") && !strings.HasPrefix(line, "-c ") {
				p.show(withoutHashes(line))
			}
		}
	}
	return p
}

func (l pythonLayer) render(r *renderer) {
	folder := r.folder("build/" + l.name)
	for _, f := range l.files {
		r.file(folder+"/"+f.name, f.content())
	}
	const target = "/tmp/.stack-requirements"
	mounts := append([]string{"--mount=type=bind,source=" + folder + ",target=" + target}, l.how.cacheMounts(r.dialect)...)
	r.blank()
	r.installs(l.input())
	r.script(mounts, l.how.secrets, "python.sh", append([]string{"install", string(l.how.installer), target + "/" + l.files[0].name}, l.how.args...)...)
}

func (l commandsLayer) input() part {
	p := newPart("commands", linesPart)
	p.list(l.commands)
	p.secrets(l.secrets)
	return p
}

func (l commandsLayer) render(r *renderer) {
	r.blank()
	for _, c := range l.commands {
		r.command(c, l.secrets)
	}
}

func (l localLayer) input() part {
	p := newPart("local_project_install_command", exactPart)
	p.text(l.command)
	p.text(string(l.how.installer))
	p.count(len(l.how.args))
	for _, a := range l.how.args {
		p.text(a)
	}
	p.show(l.command)
	return p
}

func (l localLayer) render(r *renderer) {
	r.blank()
	r.script(l.how.cacheMounts(r.dialect), nil, "python.sh", append([]string{"run", string(l.how.installer), l.command}, l.how.args...)...)
}

func (l workdirLayer) input() part {
	p := newPart("workdir", exactPart)
	p.text(l.dir)
	p.show(l.dir)
	return p
}

func (l workdirLayer) render(r *renderer) { r.line("WORKDIR " + word(l.dir)) }

func (l ownerLayer) input() part {
	p := newPart("user", exactPart)
	p.text(l.user)
	p.show(l.user)
	return p
}

func (l ownerLayer) render(r *renderer) {
	r.blank()
	secrets := r.secrets
	r.secrets = nil // making a user needs none
	r.script(nil, nil, "owner.sh", l.user, l.workdir)
	r.secrets = secrets
}

func (l sourceLayer) input() part {
	p := newPart("source", filesPart)
	p.text(l.tree.Digest())
	for _, f := range l.tree.Files() {
		p.show(fileLine(f))
	}
	return p
}

func (l sourceLayer) render(r *renderer) {
	r.blank()
	r.files = append(r.files, source.File{Path: "source", Type: source.Directory})
	for _, f := range l.tree.Files() {
		f.Path = "source/" + f.Path
		r.files = append(r.files, f)
	}
	owner := ""
	if l.user != "" {
		owner = "--chown=" + ownership(l.user) + " "
	}
	r.line("COPY " + owner + array("source/", word(strings.TrimSuffix(l.workdir, "/"))+"/"))
}

// ownership is the owner of files for a user: a number without a group stands
// for the group of that number too.
func ownership(user string) string {
	if !strings.Contains(user, ":") && strings.Trim(user, "0123456789") == "" {
		return user + ":" + user
	}
	return user
}

// installs is a comment that tells people which packages the next instruction
// installs.
func (r *renderer) installs(p part) {
	var packages []string
	for _, line := range p.lines {
		if !strings.HasPrefix(line, "-") {
			packages = append(packages, clip(line))
		}
	}
	r.line("# " + strings.ToValidUTF8(diag.Few(packages), "?"))
}

// folder is a folder of the build context that no other layer has.
func (r *renderer) folder(name string) string {
	folder := name
	for n := 2; r.seen[folder]; n++ {
		folder = name + "-" + strconv.Itoa(n)
	}
	r.seen[folder] = true
	return folder
}
