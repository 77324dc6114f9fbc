package image

import (
	"github.com/stackrun/stack/core/diag"
)

func (c *compiler) isCustom(s Settings) bool {
	switch {
	case isTrue(s.SkipBuild) && s.Mode == Bundled:
		c.fail(diag.Conflict, []string{"skip_build"}, "skip_build: true contradicts mode: bundled, %s", c.where("mode"))
	case isFalse(s.SkipBuild) && s.Mode == Custom:
		c.fail(diag.Conflict, []string{"skip_build"}, "skip_build: false contradicts mode: custom, %s", c.where("mode"))
	}
	return s.Mode == Custom || isTrue(s.SkipBuild)
}

// asItIs is an image that is taken as it is.
func (c *compiler) asItIs(im Image, s Settings) Image {
	im.action, im.environment, im.user = ActionUse, map[string]string{}, ""
	for name, value := range s.RuntimeEnv {
		im.environment[name] = value
	}
	mode := []string{"mode"}
	if s.Mode != Custom {
		mode = []string{"skip_build"}
	}
	for _, name := range s.buildSettings() {
		c.fail(diag.Conflict, []string{name}, "%s cannot be had with an image that is taken as it is: nothing is added to it", name).
			Detail = "The image is taken as it is because of " + mode[0] + ", " + c.where(mode...) + "."
	}
	reference := c.baseImage(s)
	if reference == "" {
		c.fail(diag.MissingField, mode, "an image that is taken as it is has to be named with base_image")
		return im
	}
	im.base = c.base(reference)
	return im
}

// buildSettings is the names of the settings of s that ask for something to be
// built, in the order of the fields.
func (s Settings) buildSettings() []string {
	var names []string
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"dockerfile", s.Dockerfile != ""}, {"build_context_root", s.BuildContextRoot != ""},
		{"requirements", s.Requirements != nil && (s.Requirements.File != "" || len(s.Requirements.Items) > 0)},
		{"pyproject_path", s.PyprojectPath != ""}, {"pyproject_export_command", len(s.PyprojectExportCommand) > 0},
		{"uv_project", s.UVProject != ""}, {"uv_lock", s.UVLock != ""}, {"uv_script", s.UVScript != ""},
		{"required_integrations", len(s.RequiredIntegrations) > 0}, {"inject", len(s.Inject) > 0},
		{"replicate_local_python_environment", isTrue(s.ReplicateLocalPython)},
		{"python_package_installer_args", len(s.InstallerArgs) > 0},
		{"index_url", s.IndexURL != ""}, {"extra_index_urls", len(s.ExtraIndexURLs) > 0}, {"pre", isTrue(s.Pre)},
		{"apt_packages", len(s.AptPackages) > 0}, {"commands", len(s.Commands) > 0}, {"environment", len(s.Environment) > 0},
		{"user", s.User != ""}, {"workdir", s.Workdir != ""}, {"dockerignore", s.Dockerignore != ""},
		{"copy", len(s.Copy) > 0}, {"layers", len(s.Layers) > 0}, {"local_project_install_command", s.LocalProjectInstall != ""},
		{"build_secrets", len(s.BuildSecrets) > 0},
		{"build", s.Build != nil && (len(s.Build.Args) > 0 || len(s.Build.Labels) > 0 || s.Build.Target != "" || isTrue(s.Build.NoCache) || isTrue(s.Build.Pull) || s.Build.options() != nil)},
		{"dockerfile_build", s.DockerfileBuild != nil},
		{"registry", s.Registry != ""}, {"target_repository", s.TargetRepository != ""}, {"image_tag", s.ImageTag != ""},
		{"prevent_build_reuse", isTrue(s.PreventBuildReuse)},
	} {
		if f.set {
			names = append(names, f.name)
		}
	}
	return names
}
