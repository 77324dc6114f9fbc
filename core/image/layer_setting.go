package image

import (
	"sort"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// Copy is a file or folder to be copied into the image.
type Copy struct {
	Src string `json:"src" required:"true" doc:"File or folder, relative to the source root; of a folder the content is copied."`
	Dst string `json:"dst" doc:"Where to; the work directory by default. A path that ends in a slash is a folder."`
}

// LayerSetting is one entry of `layers`: one of pip, apt, run, copy, env,
// workdir, requirements and uv_project, with options beside it.
type LayerSetting struct {
	Pip          Texts             `json:"pip" doc:"Python packages."`
	Apt          Texts             `json:"apt" doc:"Debian packages."`
	Run          string            `json:"run" doc:"A shell script."`
	Copy         *Copy             `json:"copy" doc:"A file or folder to copy."`
	Env          map[string]string `json:"env" doc:"Environment variables. Never for secrets."`
	Workdir      string            `json:"workdir" doc:"Work directory from here on."`
	Requirements string            `json:"requirements" doc:"Path of a requirements file."`
	UVProject    string            `json:"uv_project" doc:"pyproject.toml, or its folder, of a uv project with its uv.lock."`

	IndexURL       string        `json:"index_url" doc:"Package index to use in place of the default one."`
	ExtraIndexURLs []string      `json:"extra_index_urls" doc:"Further package indexes."`
	Pre            *bool         `json:"pre" doc:"Allow pre-releases."`
	Args           InstallerArgs `json:"args" doc:"Options of the installer; null is a flag without a value."`
	Secrets        []BuildSecret `json:"secrets" doc:"Secrets that this layer may read, beside build_secrets."`

	uvLock string // of UVProject in the Go form; empty is the one beside it
}

// kinds is the names of the entries of l that say what the layer is.
func (l LayerSetting) kinds() []string {
	var names []string
	for name, set := range map[string]bool{
		"pip": l.Pip != nil, "apt": l.Apt != nil, "run": l.Run != "", "copy": l.Copy != nil, "env": l.Env != nil,
		"workdir": l.Workdir != "", "requirements": l.Requirements != "", "uv_project": l.UVProject != "",
	} {
		if set {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// python reports whether the layer installs Python packages.
func (l LayerSetting) python() bool {
	return l.Pip != nil || l.Requirements != "" || l.UVProject != ""
}

// checkLayers reports what is wrong with `layers` alone.
func (c *checker) checkLayers(layers []LayerSetting) {
	for i, l := range layers {
		at := []string{"layers", strconv.Itoa(i)}
		kinds := l.kinds()
		if len(kinds) != 1 {
			d := c.fail(diag.MissingField, at, "a layer is one of pip, apt, run, copy, env, workdir, requirements and uv_project")
			if len(kinds) > 1 {
				d.Code, d.Detail = diag.Conflict, "This one has "+strings.Join(kinds, " and ")+"."
				d.Suggestion = "make them layers of their own, which keeps their order"
			}
			continue
		}
		c.layerOptions(l, kinds[0], at)
		inner := func(more ...string) []string { return append(append([]string(nil), at...), more...) }
		switch kinds[0] {
		case "apt":
			if len(l.Apt) == 0 {
				c.fail(diag.BadValue, at, "the layer installs nothing")
			}
			c.aptNames(l.Apt, inner("apt")...)
		case "pip":
			if len(l.Pip) == 0 {
				c.fail(diag.BadValue, at, "the layer installs nothing")
			}
		case "run":
			c.command(l.Run, inner("run"))
		case "env":
			c.variables("environment", l.Env, inner("env")...)
		case "workdir":
			if problem := workdirProblem(l.Workdir); problem != "" {
				c.fail(diag.BadValue, inner("workdir"), "%s", problem)
			}
		case "copy":
			c.destinationOf(*l.Copy, inner("copy"))
		}
	}
}

// layerOptions refuses options beside a layer that has no use for them.
func (c *checker) layerOptions(l LayerSetting, kind string, at []string) {
	inner := func(name string) []string { return append(append([]string(nil), at...), name) }
	for _, o := range []struct {
		name string
		set  bool
	}{{"index_url", l.IndexURL != ""}, {"extra_index_urls", len(l.ExtraIndexURLs) > 0}, {"pre", l.Pre != nil}, {"args", len(l.Args) > 0}} {
		if o.set && !l.python() {
			c.fail(diag.Conflict, inner(o.name), "%s is for a layer of Python packages, and this one is %s", o.name, kind)
		}
		if o.set && o.name != "args" && l.UVProject != "" {
			c.fail(diag.Conflict, inner(o.name), "%s has no effect on a uv project, whose lock says where packages come from", o.name)
		}
	}
	if len(l.Secrets) > 0 && !l.python() && kind != "apt" && kind != "run" {
		c.fail(diag.Conflict, inner("secrets"), "a layer of %s runs nothing that could read a secret", kind)
	}
	c.checkSecrets(l.Secrets, inner("secrets")...)
	c.index(inner("index_url"), l.IndexURL)
	for i, u := range l.ExtraIndexURLs {
		c.index(append(inner("extra_index_urls"), strconv.Itoa(i)), u)
	}
	c.argumentNames(l.Args, inner("args"))
}

// destinationOf checks where a copy goes.
func (c *checker) destinationOf(copied Copy, at []string) {
	switch {
	case copied.Src == "":
		c.fail(diag.MissingField, at, "a copy needs src, the file or folder to copy")
	case !carried(copied.Src) || !carried(copied.Dst) || strings.ContainsFunc(copied.Dst, isControl):
		c.fail(diag.BadValue, at, "the path has control characters in it")
	}
}

// Texts is a list of texts, or one.
type Texts []string

// UnmarshalSetting reads a string or a list of strings.
func (t *Texts) UnmarshalSetting(v *settings.Value) diag.List {
	switch v.Kind {
	case settings.Null:
		return nil
	case settings.Scalar:
		*t = Texts{v.Text}
		return nil
	case settings.List:
		items, problems := texts(v)
		*t = items
		return problems
	}
	return diag.List{diag.At(v.Range, diag.WrongType, "a string or a list of strings is needed")}
}

// JSONSchema is either shape.
func (Texts) JSONSchema() map[string]any { return stringOrList("One of them.") }

// Hosts is entries of /etc/hosts, addresses by name.
type Hosts map[string]string

// UnmarshalSetting reads a map of names to addresses, or a list of name:address.
func (h *Hosts) UnmarshalSetting(v *settings.Value) diag.List {
	*h = Hosts{}
	var problems diag.List
	switch v.Kind {
	case settings.Null:
	case settings.Map:
		for _, e := range v.Entries {
			if e.Value.Kind != settings.Scalar {
				problems = append(problems, diag.At(e.Value.Range, diag.WrongType, "an address is needed"))
				continue
			}
			(*h)[e.Key] = e.Value.Text
		}
	case settings.List:
		for _, item := range v.Items {
			name, address, ok := strings.Cut(strings.Replace(item.Text, "=", ":", 1), ":")
			if item.Kind != settings.Scalar || !ok {
				problems = append(problems, diag.At(item.Range, diag.BadValue, "name:address is needed, such as mirror.corp:10.0.0.7"))
				continue
			}
			(*h)[name] = address
		}
	default:
		problems = append(problems, diag.At(v.Range, diag.WrongType, "a map of names to addresses, or a list of name:address, is needed"))
	}
	return problems
}

// JSONSchema is either shape.
func (Hosts) JSONSchema() map[string]any {
	return map[string]any{"anyOf": []any{
		map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}},
		map[string]any{"type": "array", "items": map[string]any{"type": "string", "description": "name:address"}},
	}}
}
