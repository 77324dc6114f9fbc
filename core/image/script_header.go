package image

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/requirement"
)

// script is the header of the script that s names.
func (c *compiler) script(s Settings) (requirement.Script, bool) {
	data, err := os.ReadFile(absolute(c.options.SourceRoot, s.UVScript))
	if err != nil {
		c.fail(diag.FileUnreadable, []string{"uv_script"}, "cannot read the script %q: %v", s.UVScript, cause(err))
		return requirement.Script{}, false
	}
	script, err := requirement.ParseScript(data)
	var wrong requirement.ScriptErrors
	switch {
	case errors.As(err, &wrong):
		for _, w := range wrong {
			c.found = append(c.found, diag.At(diag.Range{File: s.UVScript, Line: w.Line, Column: 1}, diag.BadRequirement, "%s", w.Message).Try(w.Suggestion()))
		}
	case err != nil:
		c.fail(diag.BadRequirement, []string{"uv_script"}, "%q cannot be used: %v", s.UVScript, err)
	}
	return script, err == nil
}

// scriptRequirements is what the script asks for, and how it is installed: the
// script's own indexes come before those of the settings.
func (c *compiler) scriptRequirements(s Settings, how install) ([]string, install) {
	script, ok := c.script(s)
	if !ok {
		return nil, how
	}
	var lines []string
	for _, d := range script.Dependencies {
		lines = append(lines, d.String())
	}
	uv := script.UV
	for _, u := range slices.Concat([]string{uv.IndexURL}, uv.ExtraIndexURLs, uv.FindLinks) {
		at := diag.Range{File: s.UVScript, Line: script.Line, Column: 1}
		if secret := secretIn(u); secret != "" {
			c.found = append(c.found, diag.At(at, diag.SecretInPlain, "the script's header holds %s, which would be readable in the image", secret).
				Try("write ${NAME} in its place, and name NAME in build_secrets"))
		}
		c.indexSecrets(u, s.BuildSecrets, "uv_script")
	}
	if uv.IndexURL != "" && s.IndexURL == "" {
		how.args = append([]string{"--index-url=" + uv.IndexURL}, how.args...)
	}
	for _, u := range uv.ExtraIndexURLs {
		how.args = append(how.args, "--extra-index-url="+u)
	}
	if how.installer == UV {
		for _, u := range uv.FindLinks {
			how.args = append(how.args, "--find-links="+u)
		}
		if uv.NoIndex {
			how.args = append(how.args, "--no-index")
		}
		if uv.Prerelease != "" {
			how.args = append(how.args, "--prerelease="+uv.Prerelease)
		}
		if uv.IndexStrategy != "" {
			how.args = append(how.args, "--index-strategy="+uv.IndexStrategy)
		}
	} else if len(uv.FindLinks) > 0 || uv.NoIndex || uv.Prerelease != "" || uv.IndexStrategy != "" {
		uv.CannotSay = append(uv.CannotSay, "options of uv, with another installer")
	}
	if len(uv.Constraints) > 0 {
		uv.CannotSay = append(uv.CannotSay, "constraint-dependencies")
	}
	if len(uv.CannotSay) > 0 {
		c.fail(diag.Unsupported, []string{"uv_script"}, "[tool.uv] of %q sets what an image cannot take from there: %s", s.UVScript, strings.Join(uv.CannotSay, ", ")).
			Suggestion = "set it with python_package_installer_args, or write the packages in requirements"
	}
	return lines, how
}

// pythons are the versions of Python that default base images exist for, the
// default one first and then the newest.
func pythons() []string { return []string{DefaultPython, "3.14", "3.13", "3.11", "3.10", "3.9"} }

// pythonOf is the version of Python of the default base image.
func (c *compiler) pythonOf(s Settings) string {
	if s.UVScript == "" {
		return first(s.PythonVersion, DefaultPython)
	}
	problems := len(c.found)
	script, ok := c.script(s)
	c.found = c.found[:problems] // told where its packages are read
	if !ok {
		return DefaultPython
	}
	allows := func(version string) bool {
		return len(script.RequiresPython) == 0 || requirement.PythonFor(script.RequiresPython, []string{version}) != ""
	}
	if s.PythonVersion != "" {
		if !allows(s.PythonVersion) {
			c.fail(diag.Conflict, []string{"python_version"}, "python_version %s contradicts requires-python of %q, %s", s.PythonVersion, s.UVScript, script.RequiresPython)
		}
		return s.PythonVersion
	}
	for _, version := range pythons() {
		if allows(version) {
			return version
		}
	}
	c.fail(diag.Conflict, []string{"uv_script"}, "no base image is known for requires-python of %q, %s", s.UVScript, script.RequiresPython).
		Suggestion = "set python_version or base_image"
	return DefaultPython
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
