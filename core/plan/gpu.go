package plan

import (
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/gpulint"
	"github.com/stackrun/stack/core/image"
)

// defaultIndex is where installers look when they are not told of another index.
const defaultIndex = "https://pypi.org/simple"

// checkGPU finds images that cannot use the accelerator that their step asks
// for.
func checkGPU(d Decided, im image.Image) diag.List {
	base, _ := im.Base()
	in := gpulint.Input{
		Accelerator: d.Settings.Resources.Accelerator, Platform: im.Platforms()[0], BaseImage: base,
		Dockerfile: d.Settings.Image.Dockerfile != "", Commands: im.HasCommands(),
	}
	installsFrom(d.Settings.Image, &in)
	packages := im.Packages()
	for _, p := range packages {
		in.Requirements = append(in.Requirements, p.Line)
	}
	urls, main := im.Indexes()
	if len(urls) > 0 && !main {
		urls = append([]string{defaultIndex}, urls...)
	}
	in.IndexURLs = urls
	var list diag.List
	for _, f := range gpulint.Check(in) {
		at := strings.Split(f.Subject, ".")
		if f.Subject == gpulint.OfRequirements && f.Index >= 0 {
			at = packagePath(d.Settings.Image, packages[f.Index])
		}
		p := diag.New(f.Code, "step %s: %s", d.Step.Name, f.Summary).Try(f.Suggestion)
		p.Severity, p.Detail = f.Severity, f.Detail
		if r := rangeIn(d.Tree, at...); r != (diag.Range{}) {
			p.Range = &r
		}
		list = append(list, p)
	}
	return list
}

// installsFrom tells the lint all else that can change what is installed.
func installsFrom(s image.Settings, in *gpulint.Input) {
	in.AptPackages = s.AptPackages
	for name, value := range s.InstallerArgs {
		arg := "--" + strings.TrimLeft(name, "-")
		if value != nil {
			arg += "=" + *value
		}
		in.InstallerArgs = append(in.InstallerArgs, arg)
	}
	in.Environment = map[string]string{}
	for name, value := range s.Environment {
		in.Environment[name] = value
	}
	for _, secret := range s.BuildSecrets { // one may be an index, whose name is not told
		name := secret.Env
		if name == "" {
			name = secret.Name
		}
		if _, written := in.Environment[name]; !written {
			in.Environment[name] = "secret"
		}
	}
}

// packagePath is the setting that a package was written in.
func packagePath(s image.Settings, p image.Package) []string {
	switch {
	case p.Setting == "requirements" && s.Requirements != nil:
		for i, item := range s.Requirements.Items {
			if strings.TrimSpace(item) == p.Line {
				return []string{"image", "requirements", strconv.Itoa(i)}
			}
		}
	case strings.HasPrefix(p.Setting, "layers."):
		for i, l := range s.Layers {
			for _, item := range l.Pip {
				if strings.TrimSpace(item) == p.Line {
					return []string{"image", "layers", strconv.Itoa(i)}
				}
			}
		}
		return []string{"image", "layers"}
	case p.Setting == "pyproject":
		return []string{"image", "pyproject_path"}
	case p.Setting == "local_environment":
		return []string{"image", "replicate_local_python_environment"}
	}
	return []string{"image", p.Setting}
}
