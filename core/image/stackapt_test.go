package image_test

import (
	"strings"
	"testing"

	"github.com/stackrun/stack/core/image"
)

// TestStackAptPackages: the stack's Debian packages are installed with those
// of the settings, and counted in the key, unless they are not wanted.
func TestStackAptPackages(t *testing.T) {
	with := image.Options{StackAptPackages: []string{"libgomp1", "git"}}
	for _, tc := range []struct{ text, want string }{
		{"apt_packages: [git, curl]", `"curl", "git", "libgomp1"`},
		{"{}", `"git", "libgomp1"`},
		{"{apt_packages: [curl], install_stack_requirements: false}", `"curl"]`},
	} {
		im := compile(t, tc.text, with)
		if text := im.Dockerfile(image.BuildKit()); !strings.Contains(text, tc.want) {
			t.Errorf("%s: the Dockerfile lacks %s:\n%s", tc.text, tc.want, text)
		}
	}
	settings, rangeOf, list := read(t, "{}")
	if list.HasErrors() {
		t.Fatal(list)
	}
	_, list = image.Compile(settings, image.Options{RangeOf: rangeOf, StackAptPackages: []string{"-o Evil"}})
	if !list.HasErrors() || !strings.Contains(summary(list), "of the stack") {
		t.Errorf("an option in place of a package: %s", summary(list))
	}
}
