package builder

import (
	"context"
	"fmt"
	"strings"

	"github.com/moby/moby/client"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
)

// emulationFailure is an instruction whose program the engine's machine cannot
// run: that of another platform, where no emulation is there. It is nil for all
// other failures; kernels, and so engines, say it with the same three words.
func emulationFailure(ctx context.Context, engine *client.Client, r build.Request, name string, lines []string, text string) error {
	const said = "exec format error"
	if len(r.Platforms) != 1 || !strings.Contains(text, said) && !strings.Contains(strings.Join(lines, "\n"), said) {
		return nil
	}
	native, err := engine.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil || build.SamePlatform(native.Os+"/"+native.Arch, r.Platforms[0]) {
		return nil // its own programs can be broken, too
	}
	wanted := r.Platforms[0]
	_, architecture, _ := strings.Cut(wanted, "/")
	architecture, _, _ = strings.Cut(architecture, "/")
	return diag.Fail(diag.NoEmulation,
		fmt.Errorf("%s cannot run: the engine's machine is %s/%s and has no emulation (binfmt) for %s", name, native.Os, native.Arch, wanted),
		fmt.Sprintf("install it there, such as with `docker run --privileged --rm tonistiigi/binfmt --install %s`, build on a machine of that platform, or use an image that needs no commands", architecture))
}
