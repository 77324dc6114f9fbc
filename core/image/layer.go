package image

import (
	"strings"

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

// envLayer sets environment variables.
type envLayer struct {
	name string // of the setting
	vars map[string]string
}

// aptLayer installs Debian packages.
type aptLayer struct{ packages []string } // sorted, each once

// pythonLayer installs Python packages.
type pythonLayer struct {
	name      string // of the setting
	files     []requirementsFile
	installer Installer
	args      []string // options, as words
}

// commandsLayer runs shell scripts, each one on its own.
type commandsLayer struct{ commands []string }

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
	r.script(mounts, "apt.sh", l.packages...)
}

func (l pythonLayer) input() part {
	p := newPart(l.name, requirementsPart)
	p.text(string(l.installer))
	p.list(l.args)
	p.count(len(l.files))
	for _, f := range l.files {
		p.text(f.name)
		p.text(f.content())
	}
	for _, a := range l.args {
		p.show(a)
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
	folder := "build/" + l.name
	for _, f := range l.files {
		r.file(folder+"/"+f.name, f.content())
	}
	const target = "/tmp/.stack-requirements"
	mounts := []string{"--mount=type=bind,source=" + folder + ",target=" + target}
	if r.dialect.CacheMounts {
		mounts = append(mounts, "--mount=type=cache,id=stack-"+string(l.installer)+",target=/tmp/.stack-cache/"+string(l.installer))
	}
	r.blank()
	r.script(mounts, "python.sh", append([]string{string(l.installer), target + "/" + l.files[0].name}, l.args...)...)
}

func (l commandsLayer) input() part {
	p := newPart("commands", linesPart)
	p.list(l.commands)
	return p
}

func (l commandsLayer) render(r *renderer) {
	r.blank()
	for _, c := range l.commands {
		r.command(c)
	}
}

func (l ownerLayer) input() part {
	p := newPart("user", exactPart)
	p.text(l.user)
	p.show(l.user)
	return p
}

func (l ownerLayer) render(r *renderer) {
	r.blank()
	r.script(nil, "owner.sh", l.user, l.workdir)
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
