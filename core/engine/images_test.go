package engine

import (
	"context"
	"errors"
	"testing"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
)

// A copy in the builder's own store stands in for a base that no registry has,
// and for nothing else: not for another platform, nor for what is denied.
func TestDigestsOfLocalBases(t *testing.T) {
	amd64 := build.Local{ID: "sha256:1", Platform: "linux/amd64"}
	arm64 := build.Local{ID: "sha256:2", Platform: "linux/arm64/v8"}
	for name, c := range map[string]struct {
		registry  diag.Code // its error; none: it has the image
		local     build.Local
		platforms []string
		want      string // a digest or a code
	}{
		"in the registry":                {"", amd64, []string{"linux/amd64"}, "sha256:remote"},
		"only here":                      {diag.BaseNotFound, amd64, []string{"linux/amd64"}, "local:sha256:1"},
		"only here, a variant":           {diag.BaseNotFound, arm64, []string{"linux/arm64"}, "local:sha256:2"},
		"only here, another variant":     {diag.BaseNotFound, arm64, []string{"linux/arm64/v7"}, string(diag.BasePlatform)},
		"only here, platform not told":   {diag.BaseNotFound, build.Local{ID: "sha256:3"}, []string{"linux/amd64"}, "local:sha256:3"},
		"only here, another platform":    {diag.BaseNotFound, amd64, []string{"linux/arm64"}, string(diag.BasePlatform)},
		"nowhere":                        {diag.BaseNotFound, build.Local{}, []string{"linux/amd64"}, string(diag.BaseNotFound)},
		"another platform in a registry": {diag.BasePlatform, amd64, []string{"linux/arm64"}, string(diag.BasePlatform)},
		"denied":                         {diag.RegistryDenied, amd64, []string{"linux/amd64"}, string(diag.RegistryDenied)},
		"registry down":                  {diag.RegistryDown, amd64, []string{"linux/amd64"}, string(diag.RegistryDown)},
	} {
		t.Run(name, func(t *testing.T) {
			im := &images{builder: &stackBuilder{builder: storeOnly{local: c.local}}, registry: answering{c.registry}}
			digests, err := im.Digests(t.Context(), []string{"base:1"}, c.platforms)
			got := digests["base:1"]
			if err != nil {
				got = string(diag.FromError(err)[0].Code)
			}
			if got != c.want {
				t.Errorf("%s (%v), want %s", got, err, c.want)
			}
		})
	}
}

type storeOnly struct {
	build.Builder // of which nothing but Find is called
	local         build.Local
}

func (s storeOnly) Find(context.Context, string) (build.Local, error) { return s.local, nil }

type answering struct{ code diag.Code }

func (a answering) Resolve(context.Context, string, ...string) (string, error) {
	if a.code != "" {
		return "", diag.Fail(a.code, errors.New("no"), "")
	}
	return "sha256:remote", nil
}

func (answering) Find(context.Context, string) (string, map[string]string, error) {
	return "", nil, errors.New("nobody asks")
}

func (answering) Images(context.Context, string) (string, map[string]map[string]string, error) {
	return "", nil, errors.New("nobody asks")
}

func (answering) Index(context.Context, string, []string, ...string) (string, error) {
	return "", errors.New("nobody asks")
}

func (answering) Architecture(context.Context, string) (string, error) {
	return "", errors.New("nobody asks")
}

func (answering) Tag(context.Context, string, string, ...string) error {
	return errors.New("nobody asks")
}
