package image

import (
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/source"
)

// Options is what Compile needs besides settings.
type Options struct {
	// SourceRoot is the absolute folder that relative paths start at.
	SourceRoot string
	// Tree is the source; nil leaves it out of the image.
	Tree *source.Tree
	// Platform is used where the settings name none; linux/amd64 when empty.
	Platform string
	// Lookup is the caller's environment, for ${VAR}; nil has no variables.
	Lookup func(name string) (string, bool)
	// Mirrors maps registries to what stands in for them, such as docker.io to
	// mirror.corp/hub.
	Mirrors map[string]string
	// StackRequirements are Python requirements of the stack's components.
	StackRequirements []string
	// RangeOf says where a setting of the image was written, by its path, such
	// as ("environment", "A") or ("commands", "0"). nil knows nothing.
	RangeOf func(path ...string) diag.Range
}

// Compile makes s an Image, with all mistakes that it finds.
func Compile(s Settings, o Options) (Image, diag.List) {
	return Image{}, nil
}
