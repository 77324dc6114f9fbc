package stackfile

import (
	"sort"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// shared evaluates what all stacks of a file share: integrations and
// stack_config.
func (s *scope) shared(out *Stack) {
	for _, b := range s.file.integrations {
		out.Integrations = append(out.Integrations, Integration{
			Name:         b.Labels[0],
			Range:        s.file.at(b.DefRange()),
			Requirements: s.texts("requirements", s.attribute(b.Body, "requirements")),
			AptPackages:  s.texts("apt_packages", s.attribute(b.Body, "apt_packages")),
		})
	}
	sort.SliceStable(out.Integrations, func(i, j int) bool { return out.Integrations[i].Name < out.Integrations[j].Name })
	for _, b := range s.file.configs {
		config := s.body(b.Body, s.file.at(b.DefRange()), false)
		for _, e := range config.Entries {
			switch e.Key {
			case "required_plugins":
				out.RequiredPlugins = s.plugins(e.Value)
			case "registry_mirrors":
				out.RegistryMirrors = s.mirrors(e.Value)
			default:
				s.report(unknownField(e.Range, e.Key, []string{"required_plugins", "registry_mirrors"}))
			}
		}
	}
}

func (s *scope) plugins(v *settings.Value) []RequiredPlugin {
	if !s.isMap("required_plugins", v) {
		return nil
	}
	var list []RequiredPlugin
	for _, e := range v.Entries {
		if !validName(e.Key) {
			s.report(diag.At(e.Range, diag.BadName, "plugin cannot be named %q", e.Key).Because("Names are [a-z][a-z0-9_-]{0,62}."))
			continue
		}
		if !s.isMap("plugin "+e.Key, e.Value) {
			continue
		}
		p := RequiredPlugin{Name: e.Key, Range: e.Range}
		for _, field := range e.Value.Entries {
			switch field.Key {
			case "source":
				p.Source = s.text(field)
			case "version":
				p.Version = s.text(field)
			case "env":
				for _, name := range s.texts("env", field.Value) {
					p.Env = append(p.Env, name.Text)
				}
			default:
				s.report(unknownField(field.Range, field.Key, []string{"source", "version", "env"}))
			}
		}
		if e.Value.Get("source") == nil {
			s.report(diag.At(e.Range, diag.MissingField, "plugin %q needs a source", e.Key).
				Because("It is the plugin's file or folder, relative to %s.", FileName))
			continue
		}
		list = append(list, p)
	}
	return list
}

func (s *scope) mirrors(v *settings.Value) []Mirror {
	if v.Kind == settings.Null || !s.isMap("registry_mirrors", v) {
		return nil
	}
	var list []Mirror
	for _, e := range v.Entries {
		mirror := s.text(e)
		if mirror == "" {
			continue
		}
		if problem := badRepository(mirror); problem != "" {
			s.report(diag.At(e.Value.Range, diag.BadValue, "mirror of %s is not a registry", e.Key).Because("%s", problem))
			continue
		}
		list = append(list, Mirror{Registry: e.Key, Mirror: strings.TrimSuffix(mirror, "/"), Range: e.Value.Range})
	}
	return list
}

func (s *scope) isMap(name string, v *settings.Value) bool {
	if v.Kind != settings.Map {
		s.report(diag.At(v.Range, diag.WrongType, "%s must be a map", name))
		return false
	}
	return true
}

func (s *scope) text(e settings.Entry) string {
	if e.Value.Kind != settings.Scalar || e.Value.Type != settings.String {
		s.report(diag.At(e.Value.Range, diag.WrongType, "%s must be a string", e.Key))
		return ""
	}
	return e.Value.Text
}

// badRepository says why text cannot be a registry or a repository in one.
func badRepository(text string) string {
	host, _, _ := strings.Cut(text, "/")
	switch {
	case strings.Contains(text, "://"):
		return "It is written without a scheme, such as registry.example.com/team."
	case strings.ContainsAny(text, " \t\r\n\"'$`\\@?#"):
		return "It is a host and a path, such as registry.example.com/team."
	case host == "" || strings.Contains(text, "//"):
		return "It begins with a host, such as registry.example.com/team."
	case strings.Contains(strings.TrimPrefix(text, host), ":"):
		return "It has no tag; images get theirs from their key."
	case strings.TrimPrefix(text, host) != strings.ToLower(strings.TrimPrefix(text, host)):
		return "The path of a repository has lower case letters only."
	}
	return ""
}
