package builder

import (
	"context"
	"fmt"
	"regexp"

	"github.com/stackrun/stack/core/diag"
)

// deniedText is how registries' refusals read when engines pass them on; there
// is no code beside the text.
var deniedText = regexp.MustCompile(`(?i)\b(unauthorized|denied|forbidden|no basic auth credentials|authentication required|401|403)\b`)

func pushFailure(ctx context.Context, action string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	err = fmt.Errorf("%s: %w", action, err)
	if deniedText.MatchString(err.Error()) {
		return diag.Fail(diag.RegistryDenied, err, "sign in to the registry with `docker login`, and check that the account may push to the repository")
	}
	return diag.Fail(diag.RegistryDown, err, "check that the engine can reach the registry; one that speaks plain HTTP has to be in its insecure-registries, unless it is on this machine")
}
