package image

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/stackrun/stack/core/source"
)

// Dialect is what a builder's Dockerfile frontend can do. What all can that we
// build with (bind mounts, exec form) is taken for granted; what some cannot
// (heredocs, COPY --link, secrets as variables) is never used.
type Dialect struct {
	CacheMounts bool // RUN --mount=type=cache

	// CABundle mounts the secret CABundleSecret, which may be missing, into
	// every command and install, and makes the usual programs trust it.
	CABundle bool
}

// CABundleSecret is the id of the build secret that holds a CA bundle.
const CABundleSecret = "stack-ca-bundle"

// BuildKit is the dialect of every BuildKit since Docker 20.10.
func BuildKit() Dialect { return Dialect{CacheMounts: true} }

// The version of uv that installs Python packages where the base image has
// none of its own. It is part of the recipe.
const uvVersion = "0.13.4"

//go:embed scripts/apt.sh
var aptScript string

//go:embed scripts/python.sh
var pythonScript string

//go:embed scripts/owner.sh
var ownerScript string

// script is the text of one of our scripts.
func script(name string) string {
	switch name {
	case "apt.sh":
		return aptScript
	case "python.sh":
		return strings.ReplaceAll(pythonScript, "UV_VERSION", uvVersion)
	case "owner.sh":
		return ownerScript
	}
	panic("there is no script " + name)
}

// carrierPrefix begins the names of build arguments that carry values which a
// Dockerfile cannot hold.
const carrierPrefix = "STACK_VALUE_"

// renderer writes a Dockerfile and gathers the files that it reads. In the
// context, what we make is below build/ and the user's source below source/,
// so that neither can hide the other.
type renderer struct {
	dialect Dialect
	out     strings.Builder
	files   []source.File
	seen    map[string]bool   // paths of files
	args    map[string]string // values that a Dockerfile cannot hold
	secrets []BuildSecret     // that every command and install may read
	written int               // commands in files
}

func (r *renderer) line(s string) { r.out.WriteString(s + "\n") }

// blank separates groups of instructions for readers.
func (r *renderer) blank() {
	if text := r.out.String(); text != "" && !strings.HasSuffix(text, "\n\n") {
		r.out.WriteByte('\n')
	}
}

func (r *renderer) file(path, content string) {
	if r.seen[path] {
		return
	}
	r.seen[path] = true
	r.files = append(r.files, source.Bytes(path, []byte(content), false))
}

// variable writes ENV, ARG or LABEL. A value that no line of a Dockerfile can
// hold, such as one with a newline, is handed over as a build argument.
func (r *renderer) variable(instruction, name, value string) {
	if literal(value) {
		r.line(instruction + " " + name + "=" + quoted(value))
		return
	}
	if instruction == "ARG" {
		r.args[name] = value
		r.line("ARG " + name)
		return
	}
	carrier := fmt.Sprintf("%s%d", carrierPrefix, len(r.args)+1)
	r.args[carrier] = value
	r.line("ARG " + carrier)
	r.line(instruction + " " + name + `="${` + carrier + `}"`)
}

// run writes a RUN of words, which nothing expands. secrets are those that
// this command may read beside those of the whole image.
func (r *renderer) run(mounts []string, secrets []BuildSecret, words ...string) {
	var before strings.Builder
	mounted := map[string]bool{}
	for _, s := range addSecrets(r.secrets, secrets) {
		if !mounted[s.target()] {
			mounted[s.target()] = true
			mounts = append(mounts, "--mount=type=secret,id="+s.Name+",target="+s.target()+",mode=0444,required=true")
		}
		if name := s.variable(); name != "" {
			// Newlines at the end are an editor's, and would break a URL or a header.
			before.WriteString(name + "=$(cat " + s.target() + ") && export " + name + " || exit 1; ")
		}
	}
	if r.dialect.CABundle {
		const bundle = "/tmp/.stack-ca.pem"
		mounts = append(mounts, "--mount=type=secret,id="+CABundleSecret+",target="+bundle)
		before.WriteString("if [ -s " + bundle + " ]; then export SSL_CERT_FILE=" + bundle + " CURL_CA_BUNDLE=" + bundle + " REQUESTS_CA_BUNDLE=" + bundle +
			" PIP_CERT=" + bundle + " GIT_SSL_CAINFO=" + bundle + " NODE_EXTRA_CA_CERTS=" + bundle + "; fi; ")
	}
	if before.Len() > 0 {
		words = append([]string{"/bin/sh", "-c", before.String() + `exec "$@"`, "sh"}, words...)
	}
	var b strings.Builder
	b.WriteString("RUN ")
	for _, m := range mounts {
		b.WriteString(m + " \\\n    ")
	}
	b.WriteString(array(words...))
	r.line(b.String())
}

// script runs one of our scripts with arguments.
func (r *renderer) script(mounts []string, secrets []BuildSecret, name string, arguments ...string) {
	path := "build/" + name
	r.file(path, script(name))
	target := "/tmp/.stack-" + name
	mounts = append([]string{"--mount=type=bind,source=" + path + ",target=" + target}, mounts...)
	r.run(mounts, secrets, append([]string{"/bin/sh", target}, arguments...)...)
}

// command runs a user's script as it is written, stopping at the first command
// that fails.
func (r *renderer) command(text string, secrets []BuildSecret) {
	if len(text) <= longest {
		r.run(nil, secrets, "/bin/sh", "-ec", text)
		return
	}
	r.written++
	path := fmt.Sprintf("build/command-%d.sh", r.written)
	r.file(path, text)
	const target = "/tmp/.stack-command.sh"
	r.run([]string{"--mount=type=bind,source=" + path + ",target=" + target}, secrets, "/bin/sh", "-e", target)
}
