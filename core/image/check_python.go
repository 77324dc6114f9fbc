package image

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/stackrun/stack/core/diag"
)

// python checks the settings of Python packages against each other.
func (c *checker) python(s Settings) {
	if s.UVLock != "" && s.UVProject == "" {
		c.fail(diag.Conflict, []string{"uv_lock"}, "uv_lock is the lock of a uv project, and there is none").Suggestion = "set uv_project"
	}
	if len(s.PyprojectExportCommand) > 0 && strings.TrimSpace(s.PyprojectExportCommand[0]) == "" {
		c.fail(diag.BadValue, []string{"pyproject_export_command", "0"}, "the command has no program")
	}
	if s.PyprojectExportCommand != nil && len(s.PyprojectExportCommand) == 0 {
		c.fail(diag.BadValue, []string{"pyproject_export_command"}, "the command is empty")
	}
	if s.LocalProjectInstall != "" && isFalse(s.AllowIncludingFiles) {
		c.fail(diag.Conflict, []string{"local_project_install_command"}, "local_project_install_command needs the source in the image, which allow_including_files_in_images: false forbids").
			Suggestion = "remove one of them"
	}
	for i, name := range s.RequiredIntegrations {
		if slices.Index(s.RequiredIntegrations, name) < i {
			c.fail(diag.Duplicate, []string{"required_integrations", strconv.Itoa(i)}, "the integration %q is there twice", name)
		}
	}
	c.indexSecrets(s.IndexURL, s.BuildSecrets, "index_url")
	c.argumentSecrets(s.InstallerArgs, s.BuildSecrets, "python_package_installer_args")
	for i, u := range s.ExtraIndexURLs {
		c.indexSecrets(u, s.BuildSecrets, "extra_index_urls", strconv.Itoa(i))
	}
	for i, l := range s.Layers {
		all := addSecrets(s.BuildSecrets, l.Secrets)
		at := []string{"layers", strconv.Itoa(i)}
		c.indexSecrets(l.IndexURL, all, append(at, "index_url")...)
		c.argumentSecrets(l.Args, all, append(at, "args")...)
		for j, u := range l.ExtraIndexURLs {
			c.indexSecrets(u, all, append(at, "extra_index_urls", strconv.Itoa(j))...)
		}
	}
}

// argumentSecrets is indexSecrets for the options of an installer that name an
// index.
func (c *checker) argumentSecrets(args InstallerArgs, secrets []BuildSecret, at ...string) {
	for _, name := range sortedKeys(args) {
		if value := args[name]; value != nil && indexOption(name) {
			c.indexSecrets(*value, secrets, append(append([]string(nil), at...), name)...)
		}
	}
}

// indexSecrets refuses variables in a URL that no secret of the build sets.
func (c *checker) indexSecrets(url string, secrets []BuildSecret, at ...string) {
	for _, name := range variablesOf(url) {
		if !slices.ContainsFunc(secrets, func(s BuildSecret) bool { return s.variable() == name }) {
			c.fail(diag.UnsetVariable, at, "no build secret sets the variable %s of the URL", name).
				Suggestion = "add build_secrets: [{name: " + name + "}]"
		}
	}
}

// variablesOf is the names in ${NAME} of text, each once.
func variablesOf(text string) []string {
	var names []string
	for _, m := range variableIn().FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

var variableIn = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`) })
