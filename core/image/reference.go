package image

import (
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// scratch is the empty image, which no registry has.
const scratch = "scratch"

// parseReference reads an image reference, such as python:3.12-slim, and gives
// it with the mirror of its registry in place of the registry, and the digest
// if it names one.
func parseReference(text string, mirrors map[string]string) (reference, digest string, err error) {
	ref, err := name.ParseReference(text)
	if err != nil {
		return "", "", err
	}
	if d, ok := ref.(name.Digest); ok {
		digest = d.DigestStr()
	}
	mirror, ok := mirrorOf(ref.Context().RegistryStr(), mirrors)
	if !ok {
		return text, digest, nil
	}
	reference = strings.TrimSuffix(mirror, "/") + "/" + ref.Context().RepositoryStr()
	if tag := tagOf(text); tag != "" {
		reference += ":" + tag
	} else if digest == "" {
		reference += ":" + ref.Identifier()
	}
	if digest != "" {
		reference += "@" + digest
	}
	if _, err := name.ParseReference(reference); err != nil {
		return "", "", err
	}
	return reference, digest, nil
}

// mirrorOf finds what stands in for a registry. Docker Hub has several names.
func mirrorOf(registry string, mirrors map[string]string) (string, bool) {
	names := []string{registry}
	if registry == name.DefaultRegistry {
		names = append(names, "docker.io", "registry-1.docker.io")
	}
	for _, n := range names {
		if m := mirrors[n]; m != "" {
			return m, true
		}
	}
	return "", false
}

// tagOf is the tag of a reference that is well formed, or empty.
func tagOf(text string) string {
	text, _, _ = strings.Cut(text, "@")
	last := text[strings.LastIndexByte(text, '/')+1:]
	_, tag, _ := strings.Cut(last, ":")
	return tag
}

// pinned is how FROM names an image: by digest wherever a registry has it.
func pinned(reference, digest string) string {
	if digest == "" || strings.HasPrefix(digest, "local:") || strings.Contains(reference, "@") {
		return reference
	}
	return reference + "@" + digest
}

// pinnedFully is a reference with its digest for people and labels.
func pinnedFully(reference, digest string) string {
	if digest == "" || strings.Contains(reference, "@") {
		return reference
	}
	return reference + "@" + digest
}
