package engine

import (
	"fmt"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/stackfile"
	"github.com/stackrun/stack/sdk"
)

// notBuilt refuses blocks of a stack that this version does not act on: a
// setting is never ignored.
func notBuilt(stack *stackfile.Stack) diag.List {
	var list diag.List
	refuse := func(c *stackfile.Component, what, instead string) {
		list = append(list, diag.At(c.Range, diag.NotBuiltYet, "%s is not available in this version of stack", what).Try(instead))
	}
	if c := stack.SecretStore; c != nil && stack.Secrets.Type != "env" {
		refuse(c, c.String(), `use secret_store "env" {}, or remove the block`)
	}
	if c := stack.CodeRepository; c != nil {
		refuse(c, c.String(), "remove the block: code is copied into images")
	}
	if c := stack.ArtifactStore; c != nil && stack.Store != nil && !strings.HasPrefix(stack.Store.URL, "file://") {
		refuse(c, "artifact_store "+stack.Store.URL, "use a folder, or remove the block for .stack/store")
	}
	return list
}

// checkRequired holds the plugin that was started against required_plugins.
func checkRequired(stack *stackfile.Stack, info sdk.Info) error {
	for _, r := range stack.RequiredPlugins {
		if r.Name == stack.Orchestrator.Type && r.Version != "" && r.Version != info.Version {
			return diag.List{diag.At(r.Range, diag.PluginProtocol, "plugin %s has version %s, and the stack requires %s", r.Name, info.Version, r.Version).
				Try(fmt.Sprintf("put version %s beside the stack binary, or pass --plugin %s=PATH", r.Version, r.Name))}
		}
	}
	return nil
}
