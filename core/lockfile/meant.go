package lockfile

import (
	"sort"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Meant is what a user means by an image reference from which core/image has
// already exchanged the registry for its mirror: "mirror.corp/hub/library/python"
// with {"docker.io": "mirror.corp/hub"} is "python:latest". Where registries
// share a mirror it cannot be told which was meant, and Docker Hub is taken: all
// of them come from one place there. A reference that cannot be read is given
// back as it is.
func Meant(reference string, mirrors map[string]string) string {
	var registries []string
	for registry := range mirrors {
		registries = append(registries, registry)
	}
	sort.Slice(registries, func(i, j int) bool {
		a, b := registries[i], registries[j]
		if x, y := len(mirrors[a]), len(mirrors[b]); x != y {
			return x > y // the mirror that says more
		}
		if x, y := hub(a), hub(b); x != y {
			return x
		}
		return a < b
	})
	for _, registry := range registries {
		rest, found := strings.CutPrefix(reference, strings.TrimSuffix(mirrors[registry], "/")+"/")
		if found && mirrors[registry] != "" {
			reference = registry + "/" + rest
			break
		}
	}
	return familiar(reference)
}

func hub(registry string) bool {
	return registry == "docker.io" || registry == name.DefaultRegistry || registry == "registry-1.docker.io"
}

// familiar is a reference in its shortest form, with its tag.
func familiar(reference string) string {
	if rest, ok := strings.CutPrefix(reference, "registry-1.docker.io/"); ok {
		reference = "docker.io/" + rest
	}
	ref, err := name.ParseReference(reference)
	if err != nil {
		return reference
	}
	repository := ref.Context().RepositoryStr()
	if ref.Context().RegistryStr() == name.DefaultRegistry {
		repository = strings.TrimPrefix(repository, "library/")
	} else {
		repository = ref.Context().RegistryStr() + "/" + repository
	}
	if _, digest := ref.(name.Digest); digest {
		return repository + "@" + ref.Identifier()
	}
	return repository + ":" + ref.Identifier()
}
