package migration

import (
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// dockerField is a field of ZenML's DockerSettings and what becomes of it.
type dockerField struct {
	name  string
	carry func(*level, place)
}

// dockerFields is every field of config/docker_settings.py of ZenML 0.98.0,
// the deprecated ones included, in the order of the class.
func dockerFields() []dockerField {
	text := func(key string) func(*level, place) { return func(l *level, p place) { l.setText(p, key) } }
	path := func(key string) func(*level, place) { return func(l *level, p place) { l.setPath(p, key) } }
	flag := func(key string) func(*level, place) { return func(l *level, p place) { l.setBool(p, key, "") } }
	none := func(why string) func(*level, place) { return func(l *level, p place) { l.leftOut(p, "%s", why) } }
	return []dockerField{
		{"parent_image", (*level).parentImage},
		{"image_tag", (*level).imageTag},
		{"dockerfile", path("dockerfile")},
		{"build_context_root", (*level).contextRoot},
		{"parent_image_build_config", func(l *level, p place) { l.buildConfig(p, "dockerfile_build") }},
		{"skip_build", flag("skip_build")},
		{"prevent_build_reuse", (*level).preventReuse},
		{"target_repository", text("target_repository")},
		{"python_package_installer", (*level).packageInstaller},
		{"python_package_installer_cache_mount", none("installs have a cache of their own here, where the builder can keep one")},
		{"python_package_installer_args", (*level).installerArgs},
		{"disable_automatic_requirements_detection", flag("disable_automatic_requirements_detection")},
		{"replicate_local_python_environment", (*level).replicate},
		{"pyproject_path", path("pyproject_path")},
		{"pyproject_export_command", (*level).exportCommand},
		{"requirements", (*level).requirements},
		{"required_integrations", (*level).integrations},
		{"install_stack_requirements", func(l *level, p place) {
			l.setBool(p, "install_stack_requirements", "a stack's requirements are those written in its blocks of stacks.hcl; none are known by themselves")
		}},
		{"install_deployment_requirements", none("it is for ZenML's deployments; there are none here")},
		{"local_project_install_command", (*level).localProject},
		{"apt_packages", func(l *level, p place) { l.setTexts(p, "apt_packages") }},
		{"environment", func(l *level, p place) { l.environment(p, "environment", true) }},
		{"runtime_environment", func(l *level, p place) { l.environment(p, "runtime_environment", true) }},
		{"user", text("user")},
		{"build_config", func(l *level, p place) { l.buildConfig(p, "build") }},
		{"allow_including_files_in_images", flag("allow_including_files_in_images")},
		{"allow_download_from_code_repository", flag("allow_download_from_code_repository")},
		{"allow_download_from_artifact_store", flag("allow_download_from_artifact_store")},
		{"build_options", (*level).oldBuildOptions},
		{"dockerignore", (*level).oldDockerignore},
		{"copy_files", none("ZenML has no use for it any more; allow_including_files_in_images says it")},
		{"copy_global_config", none("ZenML has no use for it any more")},
		{"source_files", (*level).sourceFiles},
		{"required_hub_plugins", none("ZenML's hub is no more")},
	}
}

// DockerFields is the names of the fields of ZenML's DockerSettings that are
// known here.
func DockerFields() []string {
	var out []string
	for _, f := range dockerFields() {
		out = append(out, f.name)
	}
	return out
}

// docker carries settings.docker of a pipeline or a step over.
func (l *level) docker(p place) {
	if l.unset(p) || !l.isMap(p) {
		return
	}
	l.said = p.value
	l.decide(p)
	fields, known := map[string]func(*level, place){}, DockerFields()
	for _, f := range dockerFields() {
		fields[f.name] = f.carry
	}
	for _, e := range append(l.revived(p), p.value.Entries...) {
		at, carry := p.under(e), fields[e.Key]
		switch {
		case carry == nil:
			l.unknown(at, e.Key, known)
		case l.unset(at):
		case l.skip && !withoutBuild(e.Key):
			l.leftOut(at, "ZenML ignores it with skip_build: nothing is built")
		default:
			carry(l, at)
		}
	}
	if l.skip && get(l.image(), "base_image") == nil && (l.above == nil || get(l.above.image(), "base_image") == nil) {
		l.found = append(l.found, diag.At(p.key, diag.MissingField, "skip_build needs a parent_image: it is the image that is used").
			Try("add parent_image"))
	}
	if l.dockerfile && !l.skip && p.value.Get("dockerfile") != nil && p.value.Get("build_context_root") == nil {
		l.changed(place{from: join(p.from, "build_context_root"), key: p.key}, l.path("build_context_root"),
			"without it ZenML's context is the Dockerfile alone; here it is the Dockerfile's folder")
	}
}

// revived is what the flow says for all steps and was left out there, because
// nothing is built for them, where this step is built again.
func (l *level) revived(p place) []settings.Entry {
	if l.above == nil || !l.above.skip || l.skip || l.above.said == nil {
		return nil
	}
	var out []settings.Entry
	for _, e := range l.above.said.Entries {
		if own := p.value.Get(e.Key); !withoutBuild(e.Key) && (own == nil || own.Kind == settings.Null || own.Kind == settings.Map) {
			out = append(out, e)
		}
	}
	return out
}

// decide sets what holds at this level once it is merged with the one above.
func (l *level) decide(p place) {
	is := func(key string, before bool) bool {
		v := p.value.Get(key)
		if v == nil || v.Kind != settings.Scalar {
			return before
		}
		switch strings.ToLower(v.Text) {
		case "true", "t", "yes", "y", "on", "1":
			return true
		}
		return false
	}
	l.skip = is("skip_build", l.skip)
	l.included = is("allow_including_files_in_images", l.included)
	if v := p.value.Get("dockerfile"); v != nil && v.Kind == settings.Scalar {
		l.dockerfile = true
	}
}

// withoutBuild reports whether a field has an effect when nothing is built.
func withoutBuild(name string) bool {
	switch name {
	case "parent_image", "skip_build", "allow_download_from_code_repository", "allow_download_from_artifact_store":
		return true
	}
	return false
}

func (l *level) parentImage(p place) {
	if l.dockerfile && !l.skip {
		l.leftOut(p, "ZenML ignores it beside dockerfile")
		return
	}
	l.setText(p, "base_image")
}

func (l *level) imageTag(p place) {
	l.setText(p, "image_tag")
	if l.above == nil {
		l.toDo(p, l.path("image_tag"), "two images cannot have one tag: where steps have images of their own, give each its own image_tag (in ZenML the last one built kept it)")
	}
}

func (l *level) contextRoot(p place) {
	if !l.dockerfile {
		l.leftOut(p, "ZenML reads it for dockerfile alone")
		return
	}
	l.setPath(p, "build_context_root")
}

func (l *level) preventReuse(p place) {
	detail := ""
	if l.above != nil {
		detail = "only this step's image is built again; ZenML builds all images of the run again"
	}
	l.setBool(p, "prevent_build_reuse", detail)
}

func (l *level) localProject(p place) {
	if !l.included {
		l.bad(p, "local_project_install_command needs the code in the image, and allow_including_files_in_images is false").
			Suggestion = "remove one of them"
		return
	}
	l.setText(p, "local_project_install_command")
}

// sourceFiles carries the older spelling of the three allow_* fields over.
func (l *level) sourceFiles(p place) {
	text, ok := l.text(p)
	if !ok {
		return
	}
	for _, e := range l.said.Entries {
		if strings.HasPrefix(e.Key, "allow_") {
			l.leftOut(p, "ZenML ignores it beside %s", e.Key)
			return
		}
	}
	modes := map[string][3]bool{"download": {false, true, false}, "include": {true, false, false}, "download_or_include": {true, true, false}, "ignore": {}}
	mode, ok := modes[text]
	if !ok {
		l.bad(p, "source_files cannot be %q", text).Suggestion = diag.DidYouMean(text, []string{"download", "include", "download_or_include", "ignore"})
		return
	}
	for i, key := range []string{"allow_including_files_in_images", "allow_download_from_code_repository", "allow_download_from_artifact_store"} {
		l.place(l.image(), key, boolNode(mode[i]), p)
	}
	l.carried(p, l.path("allow_including_files_in_images")+" and the two of allow_download_from_*")
}
