package engine

import (
	"context"

	"github.com/stackrun/stack/core/image"
)

func (e *Engine) python(context.Context) image.Python { return nil }
