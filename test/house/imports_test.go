package house_test

import (
	"sort"
	"strings"
	"testing"
)

// layers is who may import whom inside this module. A pattern that ends in
// /... stands for the folder and all below it; * for the whole module. What is
// not listed may import nothing of this module.
//
// cli → engine → {plan, build, run} → {flow, stackfile, settings, image,
// source} → {compute, diag}; sdk's root is a leaf that everybody may import.
func layers() []layer {
	const (
		sdk     = "sdk"
		base    = "core/diag core/compute core/requirement"
		layer4  = base + " core/gpulint core/python core/settings core/source core/image core/flow core/stackfile core/lockfile core/sbom"
		layer3  = layer4 + " core/plan core/build core/run"
		plugins = "sdk/... core/compute core/diag"
	)
	return []layer{
		{"sdk", ""},
		{"core/diag", ""},
		{"core/compute", "core/diag"},
		{"core/requirement", "core/diag"},
		{"core/gpulint", base},
		{"core/python", base},
		{"core/source", base},
		{"core/settings", base},
		{"core/image", base + " core/settings core/source"},
		{"core/flow", base + " core/settings core/image"},
		{"core/stackfile", base + " core/settings"},
		{"core/lockfile", "core/diag"},
		{"core/migration", layer4},
		{"core/sbom", "core/diag"},
		{"core/plan", layer4},
		{"core/run", layer4},
		{"core/build", layer4},
		{"core/engine", layer3},
		{"core/registry", "core/diag"}, // the engine sees an interface
		// The transport's two ends. They carry the engine's interfaces over
		// gRPC, and so know their types, but never the engine.
		{"sdk/...", "sdk/..."},
		{"imagebuilders/...", "imagebuilders/... sdk/... core/build core/image core/source core/settings core/diag core/compute"},
		{"core/pluginhost", "sdk/... imagebuilders/wire core/build core/diag core/settings core/compute"},
		{"core/cli", layer3 + " core/migration core/engine core/registry core/pluginhost sdk/... imagebuilders/wire runner/..."},
		{"plugins/...", plugins + " plugins/... runner/..."},
		{"runner/...", "runner/... " + sdk},
		{"cmd/stack", "core/cli"},
		{"cmd/stack-runner", "runner/..."},
		{"internal/...", ""},
		{"test/...", "*"},
		{"examples/...", "sdk/..."},
	}
}

type layer struct{ pattern, allowed string }

func TestImportsGoDownOnly(t *testing.T) {
	for _, p := range list(t, "./...") {
		l, ok := layerOf(p.short())
		if !ok {
			t.Errorf("%s: belongs to no layer; add it to layers() in this file", p.short())
			continue
		}
		for _, imported := range p.Imports {
			other, ours := strings.CutPrefix(imported, module+"/")
			// Leaves: the plugin author's types, and helpers of tests.
			if !ours || other == "sdk" || strings.HasPrefix(other, "internal/") {
				continue
			}
			if p.short() == "sdk" {
				t.Errorf("sdk imports %s: it is a leaf that uses the standard library only", other)
			}
			if !anyMatch(strings.Fields(l.allowed), other) {
				t.Errorf("%s imports %s; it may import only: %s", p.short(), other, l.allowed)
			}
		}
	}
}

// layerOf finds the most exact pattern.
func layerOf(path string) (layer, bool) {
	best, found := layer{}, false
	for _, l := range layers() {
		if match(l.pattern, path) && (!found || len(l.pattern) > len(best.pattern) || l.pattern == path) {
			best, found = l, true
			if l.pattern == path {
				return best, true
			}
		}
	}
	return best, found
}

func anyMatch(patterns []string, path string) bool {
	for _, p := range patterns {
		if match(p, path) {
			return true
		}
	}
	return false
}

func match(pattern, path string) bool {
	if folder, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == folder || strings.HasPrefix(path, folder+"/")
	}
	return pattern == "*" || pattern == path
}

// TestLinkedPackages is what must never be in a binary or below a package,
// however it gets there: a heavy SDK there costs every command its start.
func TestLinkedPackages(t *testing.T) {
	clouds := []string{"cloud.google.com/go", "google.golang.org/api", "github.com/aws/", "github.com/Azure/", "k8s.io/", "sigs.k8s.io/"}
	docker := []string{
		"github.com/moby/moby/client", "github.com/docker/docker", "github.com/docker/cli/cli/command", "github.com/docker/cli/cli-plugins",
		"github.com/moby/buildkit/client", "github.com/moby/buildkit/session", "github.com/moby/buildkit/solver",
		"github.com/containerd/containerd",
	}
	transport := []string{"google.golang.org/grpc", "github.com/hashicorp/go-plugin"}
	for _, rule := range []struct {
		root  string
		never []string
		why   string
	}{
		{"./cmd/stack", concat(clouds, docker), "stack starts in milliseconds; what needs this is a process of its own"},
		{"./core/engine", concat(clouds, docker, transport), "the engine knows neither a transport nor a cloud"},
		{"./sdk", concat(clouds, docker, transport, []string{"github.com/", "golang.org/x/"}), "a plugin's author gets the standard library and nothing else with sdk"},
		{"./sdk/...", concat(clouds, docker), "a plugin's author chooses what to link"},
		{"./plugins/local/...", concat(clouds, docker), "local processes need no engine"},
	} {
		t.Run(rule.root, func(t *testing.T) {
			for _, p := range list(t, rule.root) {
				if len(p.GoFiles) == 0 && len(p.Imports) == 0 {
					t.Errorf("%s has no files: the rule checks nothing", p.ImportPath)
				}
				for _, dep := range p.Deps {
					if !strings.HasPrefix(dep, module) && hasPrefix(dep, rule.never) {
						t.Errorf("%s links %s (%s)", p.short(), dep, rule.why)
					}
				}
			}
		})
	}
}

// TestTheEngineKnowsNoProtocol is about what our own packages import. A library
// below them may use protobuf for itself, as the parser of Dockerfiles does.
func TestTheEngineKnowsNoProtocol(t *testing.T) {
	protocol := []string{"google.golang.org/protobuf", "google.golang.org/grpc", "github.com/hashicorp/go-plugin", module + "/sdk/proto", module + "/sdk/wire", module + "/imagebuilders"}
	for _, p := range list(t, "-deps", "./core/engine") {
		if !strings.HasPrefix(p.ImportPath, module+"/") {
			continue
		}
		for _, imported := range p.Imports {
			if hasPrefix(imported, protocol) {
				t.Errorf("%s, which the engine uses, imports %s", p.short(), imported)
			}
		}
	}
}

func concat(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	sort.Strings(all)
	return all
}

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if s == strings.TrimSuffix(p, "/") || strings.HasPrefix(s, strings.TrimSuffix(p, "/")+"/") {
			return true
		}
	}
	return false
}
