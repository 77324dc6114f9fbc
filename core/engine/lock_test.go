package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/lockfile"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/stackfile"
)

// tags is a registry: what each reference is, and for which platforms.
type tags struct {
	answering
	digests   map[string]string
	platforms map[string][]string // by digest

	mu    sync.Mutex
	asked []string
}

func (r *tags) Resolve(_ context.Context, reference string, platforms ...string) (string, error) {
	r.mu.Lock()
	r.asked = append(r.asked, reference)
	r.mu.Unlock()
	digest := r.digests[reference]
	if _, pinned, ok := strings.Cut(reference, "@"); ok {
		digest = pinned
	}
	offers, exists := r.platforms[digest]
	if !exists {
		return "", diag.Fail(diag.BaseNotFound, errors.New("base image "+reference+" does not exist"), "")
	}
	for _, p := range platforms {
		if !strings.Contains(strings.Join(offers, " "), p) {
			return "", diag.Fail(diag.BasePlatform, errors.New("base image "+reference+" does not exist for "+p), "")
		}
	}
	return digest, nil
}

func hexDigest(c string) string { return "sha256:" + strings.Repeat(c, 64) }

// lockedBases is the bases of a stack with a mirror, whose lock has text.
func lockedBases(t *testing.T, text string, r *tags, renew bool) (*bases, *plan.Resolved) {
	t.Helper()
	dir := t.TempDir()
	if text != "" {
		if err := os.WriteFile(filepath.Join(dir, lockfile.FileName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	e := &Engine{Dir: dir, Root: dir}
	resolved := &plan.Resolved{Flow: &flow.Flow{}, Stack: &stackfile.Stack{RegistryMirrors: []stackfile.Mirror{{Registry: "docker.io", Mirror: "mirror.corp"}}}}
	b, err := e.basesOf(resolved, &images{builder: &stackBuilder{builder: storeOnly{local: build.Local{}}}, registry: r}, renew)
	if err != nil {
		t.Fatal(err)
	}
	return b, resolved
}

func entry(reference, digest string, platforms ...string) string {
	return "base_image \"" + reference + "\" {\n  digest    = \"" + digest + "\"\n  platforms = [\"" + strings.Join(platforms, "\", \"") + "\"]\n}\n"
}

const (
	cpython = "mirror.corp/library/python:3.12"
	busy    = "ghcr.io/acme/busy:1"
)

func registryOf() *tags {
	return &tags{
		digests:   map[string]string{cpython: hexDigest("b"), busy: hexDigest("c")},
		platforms: map[string][]string{hexDigest("a"): {"linux/amd64", "linux/arm64"}, hexDigest("b"): {"linux/amd64", "linux/arm64"}, hexDigest("c"): {"linux/amd64"}},
	}
}

func TestALockedBaseAsksNobody(t *testing.T) {
	r := registryOf()
	b, resolved := lockedBases(t, entry("python:3.12", hexDigest("a"), "linux/amd64"), r, false)
	got, err := b.Digests(t.Context(), []string{cpython, busy}, []string{"linux/amd64"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{cpython: hexDigest("a"), busy: hexDigest("c")}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{busy}, r.asked); diff != "" {
		t.Errorf("the registry was asked (-want +got):\n%s", diff)
	}
	p := b.marked(plan.Plan{Images: []plan.Image{
		{Base: &plan.Base{Reference: cpython, Digest: hexDigest("a")}},
		{Base: &plan.Base{Reference: busy, Digest: hexDigest("c")}},
		{Base: &plan.Base{Reference: cpython, Digest: hexDigest("b")}}, // the user's own digest
		{},
	}}, resolved)
	if !p.Images[0].Base.Locked || p.Images[1].Base.Locked || p.Images[2].Base.Locked {
		t.Errorf("the plan says %v, %v, %v", p.Images[0].Base, p.Images[1].Base, p.Images[2].Base)
	}
	if len(p.Diagnostics) != 1 || p.Diagnostics[0].Code != diag.NotLocked || p.Diagnostics[0].Severity != diag.Warning ||
		!strings.Contains(p.Diagnostics[0].Summary, "ghcr.io/acme/busy:1") {
		t.Errorf("the plan warns of %v", p.Diagnostics)
	}
}

func TestWithoutALockNothingIsSaid(t *testing.T) {
	b, resolved := lockedBases(t, "", registryOf(), false)
	got, err := b.Digests(t.Context(), []string{cpython}, []string{"linux/amd64"})
	if err != nil || got[cpython] != hexDigest("b") {
		t.Errorf("%v, %v", got, err)
	}
	if p := b.marked(plan.Plan{}, resolved); len(p.Diagnostics) > 0 {
		t.Errorf("the plan warns of %v", p.Diagnostics)
	}
}

// A platform that the entry does not name: the locked digest is still the one,
// if it is for the platform too, and nothing else is.
func TestALockedBaseOnAnotherPlatform(t *testing.T) {
	for name, c := range map[string]struct {
		locked, platform string
		want             string // what the error says, or empty
	}{
		"it is for it":     {hexDigest("a"), "linux/arm64", ""},
		"it is not for it": {hexDigest("c"), "linux/arm64", "is not for linux/arm64"},
		"it is gone":       {hexDigest("9"), "linux/arm64", "no longer has"},
	} {
		t.Run(name, func(t *testing.T) {
			r := registryOf()
			b, _ := lockedBases(t, entry("python:3.12", c.locked, "linux/amd64"), r, false)
			got, err := b.Digests(t.Context(), []string{cpython}, []string{c.platform})
			if diff := cmp.Diff([]string{cpython + "@" + c.locked}, r.asked); diff != "" {
				t.Errorf("the registry was asked (-want +got):\n%s", diff)
			}
			if c.want == "" {
				if err != nil || got[cpython] != c.locked {
					t.Errorf("%v, %v", got, err)
				}
				return
			}
			if !isCode(err, diag.LockStale) {
				t.Fatalf("%v", err)
			}
			d := diag.FromError(err)[0]
			if !strings.Contains(d.Summary, c.want) || d.Range == nil || d.Range.String() != "stack.lock.hcl:2:15" || diag.ExitOf(err) != diag.ExitStale {
				t.Errorf("%s at %v, exit status %d", d.Summary, d.Range, diag.ExitOf(err))
			}
		})
	}
}

func TestRenewing(t *testing.T) {
	r := registryOf()
	text := entry("others:1", hexDigest("d"), "linux/amd64") +
		entry("python:3.12", hexDigest("a"), "linux/arm64") +
		entry("ghcr.io/acme/busy:1", hexDigest("9"), "linux/s390x") +
		"plugin \"slurm\" {\n  hashes = [\"x\"]\n}\n"
	b, resolved := lockedBases(t, text, r, true)
	got, err := b.Digests(t.Context(), []string{cpython, busy}, []string{"linux/amd64"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{cpython: hexDigest("b"), busy: hexDigest("c")}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	done, err := b.save()
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, c := range done.Changes {
		said = append(said, c.String())
	}
	if diff := cmp.Diff([]string{
		"~ ghcr.io/acme/busy:1 (sha256:999999999999… → sha256:cccccccccccc…)",
		"~ python:3.12 (sha256:aaaaaaaaaaaa… → sha256:bbbbbbbbbbbb…)",
	}, said); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	written, _, list := lockfile.Read(b.path, "stack.lock.hcl")
	if len(list) > 0 {
		t.Fatal(list)
	}
	platforms := map[string]string{}
	for _, e := range written.Bases() {
		platforms[e.Reference] = strings.Join(e.Platforms, " ")
	}
	// Another flow's platform stays where the new digest is for it.
	if diff := cmp.Diff(map[string]string{"others:1": "linux/amd64", "python:3.12": "linux/amd64 linux/arm64", "ghcr.io/acme/busy:1": "linux/amd64"}, platforms); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if text, err := os.ReadFile(b.path); err != nil || !strings.Contains(string(text), "plugin \"slurm\"") {
		t.Errorf("the plugin's block is gone (%v):\n%s", err, text)
	}
	p := b.marked(plan.Plan{Images: []plan.Image{{Base: &plan.Base{Reference: cpython, Digest: hexDigest("b")}}}}, resolved)
	if !p.Images[0].Base.Locked || len(p.Diagnostics) > 0 {
		t.Errorf("the plan says %v, %v", p.Images[0].Base, p.Diagnostics)
	}
}

// Renewing says all that is missing, and writes nothing then.
func TestRenewingWhatDoesNotExist(t *testing.T) {
	b, _ := lockedBases(t, "", registryOf(), true)
	_, err := b.Digests(t.Context(), []string{"no:1", cpython, "no:2"}, []string{"linux/amd64"})
	if list := diag.FromError(err); len(list) != 2 || list[0].Code != diag.BaseNotFound || list[1].Code != diag.BaseNotFound {
		t.Errorf("%v", err)
	}
}

// What only the builder's own store has cannot be locked, and is no longer.
func TestRenewingALocalBase(t *testing.T) {
	b, resolved := lockedBases(t, entry("mine:1", hexDigest("a"), "linux/amd64"), registryOf(), true)
	b.builder.builder = storeOnly{local: build.Local{ID: hexDigest("1"), Platform: "linux/amd64"}}
	got, err := b.Digests(t.Context(), []string{"mirror.corp/library/mine:1"}, []string{"linux/amd64"})
	if err != nil || got["mirror.corp/library/mine:1"] != "local:"+hexDigest("1") {
		t.Fatalf("%v, %v", got, err)
	}
	done, err := b.save()
	if err != nil || len(done.Changes) != 1 || done.Changes[0].String() != "- mine:1 (sha256:aaaaaaaaaaaa…)" {
		t.Errorf("%v, %v", done, err)
	}
	if p := b.marked(plan.Plan{}, resolved); len(p.Diagnostics) != 1 || !strings.Contains(p.Diagnostics[0].Detail, "No registry has it") {
		t.Errorf("the plan warns of %v", p.Diagnostics)
	}
}

// A build that fails for a locked digest that is gone says so, and any other
// says what it did.
func TestFailedBuildsOfLockedBases(t *testing.T) {
	for name, c := range map[string]struct {
		locked, says string
		want         diag.Code
	}{
		"the digest is gone":       {hexDigest("9"), "resolve " + cpython + "@" + hexDigest("9") + ": not found", diag.LockStale},
		"the digest is there":      {hexDigest("a"), "FROM " + cpython + "@" + hexDigest("a") + "\nRUN false: exit code 1", diag.BuildFailed},
		"the build does not say":   {hexDigest("9"), "exit code 1", diag.BuildFailed},
		"the context has ended it": {hexDigest("9"), hexDigest("9") + ": canceled", diag.BuildFailed},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := lockedBases(t, entry("python:3.12", c.locked, "linux/amd64"), registryOf(), false)
			if _, err := b.Digests(t.Context(), []string{cpython}, []string{"linux/amd64"}); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if strings.Contains(name, "context") {
				stop()
			}
			if err := b.explained(ctx, diag.Fail(diag.BuildFailed, errors.New(c.says), "")); !isCode(err, c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// What is taken as it is is not built: nobody else would see that it is gone.
func TestImagesTakenAsTheyAreAreLookedFor(t *testing.T) {
	for digest, want := range map[string]bool{hexDigest("a"): true, hexDigest("9"): false} {
		b, resolved := lockedBases(t, entry("python:3.12", digest, "linux/amd64"), registryOf(), false)
		if _, err := b.Digests(t.Context(), []string{cpython}, []string{"linux/amd64"}); err != nil {
			t.Fatal(err)
		}
		p := b.marked(plan.Plan{Images: []plan.Image{{Action: plan.Use, Platforms: []string{"linux/amd64"}, Base: &plan.Base{Reference: cpython, Digest: digest}}}}, resolved)
		if err := b.checkPresent(t.Context(), p.Images); (err == nil) != want || err != nil && !isCode(err, diag.LockStale) {
			t.Errorf("%s: %v", digest, err)
		}
	}
}

func TestADamagedLock(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, lockfile.FileName), []byte("base_image {"), 0o644); err != nil {
		t.Fatal(err)
	}
	e := &Engine{Dir: dir, Root: "/somewhere"}
	stack := &stackfile.Stack{Dir: dir}
	if _, err := e.basesOf(&plan.Resolved{Stack: stack}, &images{}, true); diag.ExitOf(err) != diag.ExitUsage {
		t.Errorf("a damaged lock gives %v", err)
	}
	if list := e.checkLock(stack); !list.HasErrors() || list[0].Range == nil || list[0].Range.File != "stack.lock.hcl" {
		t.Errorf("validating it gives %v", list)
	}
}

// A build that is used as it is has no bases to ask for.
func TestLockingWhileABuildIsUsed(t *testing.T) {
	at := diag.Range{File: "flow.yaml", Line: 3, Column: 8}
	_, err := (&Engine{}).planImages(t.Context(), &Planned{}, plan.Input{Pinned: &plan.Pinned{Build: "build-1", At: at}}, true)
	if list := diag.FromError(err); len(list) != 1 || list[0].Code != diag.Conflict || *list[0].Range != at {
		t.Errorf("%v", err)
	}
}
