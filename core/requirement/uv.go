package requirement

import (
	"fmt"
	"slices"
	"sort"
)

// UV is the part of a [tool.uv] table that changes what is installed and that
// a list of requirements with options can say.
type UV struct {
	IndexURL       string
	ExtraIndexURLs []string // the first is asked first
	FindLinks      []string
	NoIndex        bool
	Prerelease     string // disallow, allow, if-necessary, explicit, if-necessary-or-explicit; empty for uv's default
	IndexStrategy  string
	Constraints    []Requirement // constraint-dependencies

	// CannotSay is what the table says beyond that, sorted: sources in folders
	// of this machine, indexes of one package, overrides, and keys not read.
	CannotSay []string

	sources map[string]source
}

// source is where a package comes from in place of an index.
type source struct{ url string }

// ReadUV reads a [tool.uv] table, as TOML libraries give it.
func ReadUV(table map[string]any) (UV, error) {
	r := &uvReader{uv: UV{sources: map[string]source{}}}
	keys := make([]string, 0, len(table))
	for key := range table {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var err error
	for _, key := range keys {
		if err == nil {
			err = r.key(key, table[key])
		}
	}
	slices.Sort(r.uv.CannotSay)
	return r.uv, err
}

type uvReader struct{ uv UV }

func (r *uvReader) cannot(format string, args ...any) {
	r.uv.CannotSay = append(r.uv.CannotSay, fmt.Sprintf(format, args...))
}

func (r *uvReader) key(key string, value any) (err error) {
	switch key {
	case "index-url":
		r.uv.IndexURL, err = text(key, value)
	case "extra-index-url":
		var more []string
		more, err = texts(key, value)
		r.uv.ExtraIndexURLs = append(r.uv.ExtraIndexURLs, more...)
	case "find-links":
		r.uv.FindLinks, err = texts(key, value)
	case "prerelease":
		r.uv.Prerelease, err = text(key, value)
		if err == nil && !slices.Contains([]string{"disallow", "allow", "if-necessary", "explicit", "if-necessary-or-explicit"}, r.uv.Prerelease) {
			err = fmt.Errorf("prerelease is not one of disallow, allow, if-necessary, explicit, if-necessary-or-explicit: %q", r.uv.Prerelease)
		}
	case "index-strategy":
		r.uv.IndexStrategy, err = text(key, value)
	case "no-index":
		is, ok := value.(bool)
		if !ok {
			return fmt.Errorf("no-index is neither true nor false")
		}
		r.uv.NoIndex = is
	case "constraint-dependencies":
		err = r.constraints(value)
	case "index":
		err = r.indexes(value)
	case "sources":
		err = r.sourceTable(value)
	case "dev-dependencies", "default-groups", "required-version", "managed", "package", "workspace",
		"environments", "required-environments", "conflicts", "cache-keys", "build-backend", "publish-url",
		"check-url", "trusted-publishing", "pip", "python-preference", "python-downloads", "python-install-mirror",
		"link-mode", "compile-bytecode", "preview", "cache-dir", "no-cache", "offline", "concurrent-builds",
		"concurrent-downloads", "concurrent-installs", "native-tls":
		// About the project, this machine's uv, or the lock: nothing a list of requirements says.
	default:
		r.cannot("%s", key)
	}
	return err
}

func (r *uvReader) constraints(value any) error {
	all, err := texts("constraint-dependencies", value)
	for _, one := range all {
		c, parseErr := Parse(one)
		if parseErr != nil {
			return fmt.Errorf("constraint-dependencies: %w", parseErr)
		}
		r.uv.Constraints = append(r.uv.Constraints, c)
	}
	return err
}

func (r *uvReader) indexes(value any) error {
	list, ok := value.([]any)
	if !ok {
		return fmt.Errorf("index is not a list of tables; write [[tool.uv.index]]")
	}
	for _, item := range list {
		table, ok := item.(map[string]any)
		if !ok {
			return fmt.Errorf("index is not a list of tables; write [[tool.uv.index]]")
		}
		url, err := text("index.url", table["url"])
		if err != nil {
			return err
		}
		name, _ := table["name"].(string)
		switch {
		case table["explicit"] == true:
			r.cannot("index %q, which is explicit: for single packages only", name)
		case table["format"] == "flat":
			r.uv.FindLinks = append(r.uv.FindLinks, url)
		case table["default"] == true:
			r.uv.IndexURL = url
		default:
			r.uv.ExtraIndexURLs = append(r.uv.ExtraIndexURLs, url)
		}
	}
	return nil
}

// sourceTable reads [tool.uv.sources]: git and URL sources are put into their
// requirements, the rest is what a list cannot say.
func (r *uvReader) sourceTable(value any) error {
	table, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("sources is not a table")
	}
	for name, one := range table {
		s, ok := one.(map[string]any)
		if !ok {
			r.cannot("sources.%s with several entries", name)
			continue
		}
		url := sourceURL(s)
		if url == "" || s["marker"] != nil || s["extra"] != nil || s["group"] != nil {
			for _, kind := range []string{"path", "workspace", "index", "git", "url"} {
				if s[kind] != nil {
					r.cannot("sources.%s by %s", name, kind)
					break
				}
			}
			continue
		}
		r.uv.sources[NormalizeName(name)] = source{url}
	}
	return nil
}

func sourceURL(s map[string]any) string {
	var url string
	if git, ok := s["git"].(string); ok {
		url = "git+" + git
		for _, key := range []string{"rev", "tag", "branch"} {
			if at, ok := s[key].(string); ok {
				url += "@" + at
				break
			}
		}
	} else if url, ok = s["url"].(string); !ok {
		return ""
	}
	if sub, ok := s["subdirectory"].(string); ok {
		url += "#subdirectory=" + sub
	}
	if !hasScheme(url) {
		return ""
	}
	return url
}

// apply is a requirement with its source in place of an index.
func (u UV) apply(r Requirement) Requirement {
	s, ok := u.sources[r.Name]
	if !ok || r.URL != "" || r.Path != "" {
		return r
	}
	r.URL, r.Specifiers = s.url, nil
	r.Written = r.String()
	return r
}

func text(key string, value any) (string, error) {
	s, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("%s is not a text", key)
	}
	return s, nil
}

func texts(key string, value any) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is not a list", key)
	}
	var all []string
	for _, item := range list {
		s, err := text(key, item)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
