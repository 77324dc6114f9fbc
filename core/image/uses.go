package image

// IncludesSource reports whether these settings copy the source into the
// image.
func (s Settings) IncludesSource() bool {
	if s.Mode == Custom || s.SkipBuild != nil && *s.SkipBuild {
		return false
	}
	return s.AllowIncludingFiles == nil || *s.AllowIncludingFiles
}

// BuildOptionsUsed is the keys of `build` and `dockerfile_build` that are set,
// each once, for builders to say whether they honour them.
func (s Settings) BuildOptionsUsed() []string {
	used := map[string]bool{}
	if b := s.Build; b != nil {
		used["args"], used["labels"] = len(b.Args) > 0, len(b.Labels) > 0
		used["target"], used["no_cache"], used["pull"] = b.Target != "", b.NoCache != nil && *b.NoCache, b.Pull != nil && *b.Pull
	}
	if b := s.DockerfileBuild; b != nil {
		used["args"], used["labels"] = used["args"] || len(b.Args) > 0, used["labels"] || len(b.Labels) > 0
		used["target"] = used["target"] || b.Target != ""
		used["no_cache"] = used["no_cache"] || b.NoCache != nil && *b.NoCache
		used["pull"] = used["pull"] || b.Pull != nil && *b.Pull
	}
	for _, options := range []map[string]any{s.Build.options(), s.DockerfileBuild.options()} {
		for name := range options {
			used[name] = true
		}
	}
	var out []string
	for _, name := range sortedKeys(used) {
		if used[name] {
			out = append(out, name)
		}
	}
	return out
}
