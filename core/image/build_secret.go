package image

import (
	"fmt"
	"path"
	"sort"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// BuildSecret is a secret that commands and installs of a build may read. Its
// value is nowhere in an Image: who builds looks it up by Name.
type BuildSecret struct {
	Name  string `json:"name" required:"true" doc:"Name of the secret in the stack's secret store."`
	Env   string `json:"env" doc:"Variable that has the value during the build; the name by default."`
	Mount string `json:"mount" doc:"Absolute path of a file that has the value during the build, in place of a variable."`
	File  string `json:"file" doc:"Path of a file of this machine to read the value from, in place of the secret store."`
}

// UnmarshalSetting reads a map of the fields, or the name alone.
func (s *BuildSecret) UnmarshalSetting(v *settings.Value) diag.List {
	if v.Kind == settings.Scalar {
		s.Name = v.Text
		return nil
	}
	type fields BuildSecret // without this method
	return settings.Decode(v, (*fields)(s))
}

// JSONSchema is either shape.
func (BuildSecret) JSONSchema() map[string]any {
	text := func(doc string) map[string]any { return map[string]any{"type": "string", "description": doc} }
	return map[string]any{"anyOf": []any{
		text("Name of the secret, which becomes a variable of this name."),
		map[string]any{
			"type": "object", "additionalProperties": false, "required": []any{"name"},
			"properties": map[string]any{
				"name":  text("Name of the secret in the stack's secret store."),
				"env":   text("Variable that has the value during the build; the name by default."),
				"mount": text("Absolute path of a file that has the value during the build, in place of a variable."),
				"file":  text("Path of a file of this machine to read the value from, in place of the secret store."),
			},
		},
	}}
}

// variable is the environment variable that has the value, or empty where a
// file has it.
func (s BuildSecret) variable() string {
	switch {
	case s.Mount != "":
		return ""
	case s.Env != "":
		return s.Env
	}
	return s.Name
}

// place is where commands find the value, in words.
func (s BuildSecret) place() string {
	if s.Mount != "" {
		return "the file " + s.Mount
	}
	return "the variable " + s.variable()
}

// target is where the value is mounted during the build.
func (s BuildSecret) target() string {
	if s.Mount != "" {
		return s.Mount
	}
	return "/tmp/.stack-secret-" + s.Name
}

// checkSecrets reports mistakes in the secrets at the path of settings.
func (c *checker) checkSecrets(secrets []BuildSecret, at ...string) {
	seen := map[string]string{}
	for i, s := range secrets {
		here := append(append([]string(nil), at...), strconv.Itoa(i))
		switch {
		case s.Name == CABundleSecret:
			c.fail(diag.BadName, here, "the secret %s is the builder's own, by ca_bundle of the stack", s.Name).Suggestion = "give yours another name"
			continue
		case !secretName().MatchString(s.Name):
			c.fail(diag.BadName, here, "%q cannot be the name of a secret", s.Name).Detail = "Names are letters, digits, and . _ - between them."
			continue
		case s.Env != "" && s.Mount != "":
			c.fail(diag.Conflict, here, "secret %s is either in a variable or in a file", s.Name).Suggestion = "keep one of env and mount"
			continue
		case s.Mount != "":
			if !mountShape().MatchString(s.Mount) || path.Clean(s.Mount) != s.Mount || strings.HasPrefix(s.Mount, "/tmp/.stack") {
				c.fail(diag.BadValue, here, "mount %q of secret %s is not the absolute path of a file", s.Mount, s.Name).
					Detail = "Such as /run/secrets/token; its names are letters, digits, and . _ @ + ~ - between them, and /tmp/.stack… is the build's own."
				continue
			}
		case !variableShape().MatchString(s.variable()):
			c.fail(diag.BadName, here, "%q cannot be the name of an environment variable", s.variable()).Suggestion = "give secret " + s.Name + " an env or a mount"
			continue
		}
		if other, taken := seen[s.place()]; taken {
			c.fail(diag.Duplicate, here, "%s is for two secrets, %s and %s", s.place(), other, s.Name).Suggestion = "keep one of them, or give one another env or mount"
		}
		seen[s.place()] = s.Name
	}
}

// addSecrets is the secrets of a and of b, each once, sorted by what they are.
func addSecrets(a, b []BuildSecret) []BuildSecret {
	seen := map[[3]string]bool{}
	var all []BuildSecret
	for _, list := range [][]BuildSecret{a, b} {
		for _, s := range list {
			if id := [3]string{s.Name, s.variable(), s.Mount}; !seen[id] {
				seen[id] = true
				all = append(all, s)
			}
		}
	}
	sort.Slice(all, func(i, j int) bool {
		return fmt.Sprint(all[i].Name, all[i].variable(), all[i].Mount) < fmt.Sprint(all[j].Name, all[j].variable(), all[j].Mount)
	})
	return all
}

// secretsPart is the secrets as an input of the key: names and where they are
// put, never what they hold or where the client has it.
func secretsPart(name string, secrets []BuildSecret) part {
	p := newPart(name, linesPart)
	p.count(len(secrets))
	for _, s := range addSecrets(secrets, nil) {
		p.secret(s)
		p.show(s.Name)
	}
	return p
}

func (p *part) secret(s BuildSecret) {
	p.text(s.Name)
	p.text(s.variable())
	p.text(s.Mount)
}

// secrets adds the secrets of one layer to its encoding.
func (p *part) secrets(all []BuildSecret) {
	p.count(len(all))
	for _, s := range addSecrets(all, nil) {
		p.secret(s)
		p.show(secretLine + s.Name)
	}
}

// Secrets is the secrets that a build of the image needs the values of, each
// once, sorted by name.
func (im Image) Secrets() []BuildSecret {
	all := im.secrets
	for _, l := range im.layers {
		if n, ok := l.(named); ok {
			l = n.layer
		}
		switch l := l.(type) {
		case aptLayer:
			all = addSecrets(all, l.secrets)
		case commandsLayer:
			all = addSecrets(all, l.secrets)
		case pythonLayer:
			all = addSecrets(all, l.how.secrets)
		case uvLayer:
			all = addSecrets(all, l.how.secrets)
		}
	}
	return addSecrets(all, nil)
}

// SecretFiles adds to files, by their absolute paths, what build secrets of s
// are read from, and what those are links to: the names of the secrets. root is
// where relative paths start.
func (s *Settings) SecretFiles(files map[string]string, root string) {
	add := func(secrets []BuildSecret) {
		for _, secret := range secrets {
			if secret.File != "" {
				path := absolute(root, secret.File)
				files[path], files[resolved(path)] = secret.Name, secret.Name
			}
		}
	}
	add(s.BuildSecrets)
	for _, l := range s.Layers {
		add(l.Secrets)
	}
}

// oneValue refuses secrets of one name that are read from different places: a
// build knows a secret by its name.
func (c *checker) oneValue(s Settings) {
	files := map[string]string{}
	check := func(secrets []BuildSecret, at ...string) {
		for i, secret := range secrets {
			file, known := files[secret.Name]
			if known && file != secret.File {
				c.fail(diag.Conflict, append(append([]string(nil), at...), strconv.Itoa(i)), "secret %s is read from two places", secret.Name).
					Suggestion = "give one of them another name"
			}
			files[secret.Name] = secret.File
		}
	}
	check(s.BuildSecrets, "build_secrets")
	for i, l := range s.Layers {
		check(l.Secrets, "layers", strconv.Itoa(i), "secrets")
		for j, own := range l.Secrets {
			for _, other := range s.BuildSecrets {
				if own.Name != other.Name && own.place() == other.place() {
					c.fail(diag.Duplicate, []string{"layers", strconv.Itoa(i), "secrets", strconv.Itoa(j)},
						"%s is for two secrets, %s of build_secrets and %s", own.place(), other.Name, own.Name).
						Suggestion = "give one of them another env or mount"
				}
			}
		}
	}
}
