package image

import (
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// Prune applies, to a merged `image` tree, the rules between fields that
// depend on the layers they were written on.
func Prune(tree *settings.Value) (*settings.Value, diag.List) { return tree, nil }
