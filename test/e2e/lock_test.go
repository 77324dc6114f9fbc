//go:build e2e

package e2e_test

import (
	"encoding/json"
	"path"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// pushBase pushes the test base image, with a label that makes it another one,
// and gives its digest.
func pushBase(t *testing.T, reference, label string) string {
	t.Helper()
	from, err := name.ParseReference(need(t, "STACK_E2E_REGISTRY") + "/library/" + need(t, "STACK_E2E_BASE"))
	if err != nil {
		t.Fatal(err)
	}
	im, err := remote.Image(from)
	if err != nil {
		t.Fatal(err)
	}
	file, err := im.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config := *file.Config.DeepCopy()
	config.Labels = map[string]string{"e2e": label}
	if im, err = mutate.Config(im, config); err != nil {
		t.Fatal(err)
	}
	to, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(to, im); err != nil {
		t.Fatal(err)
	}
	digest, err := im.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

// ownBase is a base image that no other test moves: how a flow names it on
// Docker Hub, and where it is in the test registry, which is the mirror.
func ownBase(t *testing.T, what string) (named, pushed string) {
	named = path.Base(ownRegistry(t)) + "-" + what + ":1"
	return named, need(t, "STACK_E2E_REGISTRY") + "/library/" + named
}

type planBase struct {
	Reference, Digest string
	Locked            bool
}

type lockChange struct {
	Reference, Old, New string
	Platforms           []string
}

// plannedBase is the base of the only image of a plan, and what --lock changed.
func plannedBase(t *testing.T, r result) (planBase, []lockChange) {
	t.Helper()
	var out struct {
		Images []struct{ Base planBase }
		Lock   struct {
			File    string
			Changes []lockChange
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &out); err != nil || len(out.Images) != 1 {
		t.Fatalf("%v\n%s", err, r)
	}
	return out.Images[0].Base, out.Lock.Changes
}

// TestLock: a locked base stays what it was when its tag moves, until it is
// locked again.
func TestLock(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		base, pushed := ownBase(t, "base")
		old := pushBase(t, pushed, "old")
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t),
			"flow.yaml":  strings.Replace(flow("locks", "", "echo hello"), "python:3.11-slim", base, 1),
		}).on(on)
		if b, _ := plannedBase(t, p.must(0, "plan", "flow.yaml", "-o", "json")); b.Locked {
			t.Errorf("without a lock the plan says %+v", b)
		}

		first := p.must(0, "plan", "flow.yaml", "--lock")
		p.wants(first, "+ "+base+" (sha256:"+old[7:19], old+", locked")
		text := p.read("stack.lock.hcl")
		if !strings.Contains(text, `base_image "`+base+`"`) || !strings.Contains(text, old) || !strings.Contains(text, `"linux/amd64"`) || strings.Contains(text, "5000") {
			t.Errorf("the lock is\n%s", text)
		}
		p.wants(p.must(0, "plan", "flow.yaml", "--lock"), "stack.lock.hcl has not changed")
		if again := p.read("stack.lock.hcl"); again != text {
			t.Errorf("locked twice, the lock is\n%s\nand was\n%s", again, text)
		}
		p.must(0, "build", "flow.yaml")

		// The lock is no source: the image is the same whether it is there or not.
		p.wants(p.must(0, "build", "flow.yaml", "--why"), "reuse")

		next := pushBase(t, pushed, "new")
		if b, _ := plannedBase(t, p.must(0, "plan", "flow.yaml", "-o", "json")); !b.Locked || b.Digest != old || next == old {
			t.Errorf("after the tag has moved to %s the plan says %+v, want %s", next, b, old)
		}
		p.wants(p.must(0, "build", "flow.yaml"), "reuse")

		b, changes := plannedBase(t, p.must(0, "plan", "flow.yaml", "--lock", "-o", "json"))
		if !b.Locked || b.Digest != next || len(changes) != 1 || changes[0].Reference != base || changes[0].Old != old || changes[0].New != next {
			t.Errorf("locked again, the plan says %+v and %+v", b, changes)
		}
		p.wants(p.must(0, "build", "flow.yaml", "--why"), "build", "~ base_image (digest)")
		p.wants(p.must(0, "build", "flow.yaml"), "~ base_image (digest)")
	})
}

// TestLockWithADockerfile: every image that a Dockerfile names is locked.
func TestLockWithADockerfile(t *testing.T) {
	t.Parallel()
	on := engines(t)[0]
	from, pushedFrom := ownBase(t, "from")
	copied, pushedCopied := ownBase(t, "copied")
	pushBase(t, pushedFrom, "from")
	old := pushBase(t, pushedCopied, "copied")
	p := newProject(t, map[string]string{
		"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t),
		"Dockerfile": "FROM " + from + "\nCOPY --from=" + copied + " /etc/passwd /passwd\n",
		"flow.yaml":  "version: 1\nname: locks\nimage: {dockerfile: Dockerfile}\nsteps: {only: {run: \"true\"}}\n",
	}).on(on)
	p.wants(p.must(0, "plan", "flow.yaml", "--lock"), "+ "+from, "+ "+copied)
	pushBase(t, pushedCopied, "moved")
	p.wants(p.must(0, "plan", "flow.yaml"), "COPY --from="+pushedCopied+"@"+old)

	// One that is not in the lock is said to be so, where the Dockerfile names it.
	p.write("Dockerfile", p.read("Dockerfile")+"COPY --from=python:3.11-slim /etc/group /group\n")
	warned := p.must(0, "plan", "flow.yaml")
	p.wants(warned, "warning: python:3.11-slim is not locked", "STK4011", "Dockerfile:3:1")
}

// TestStaleLock: what the registry no longer has ends with 10, and says how to
// lock again; a damaged lock ends with 2, at its place.
func TestStaleLock(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t),
			"flow.yaml":  flow("stale", "commands: ['true']", "true"),
		}).on(on)
		p.must(0, "plan", "flow.yaml", "--lock")
		lock := p.read("stack.lock.hcl")
		p.write("stack.lock.hcl", strings.Replace(lock, "sha256:", "sha256:0000", 1)[:strings.Index(lock, "sha256:")+7+64]+
			lock[strings.Index(lock, "sha256:")+7+64:])
		gone := p.must(10, "build", "flow.yaml")
		p.wants(gone, "STK4010", "stack.lock.hcl:6:15", "`stack plan FLOW --lock`")

		// An image that is taken as it is is looked for before it is submitted.
		p.write("custom.yaml", "version: 1\nname: stale\nimage: {mode: custom, base_image: \"python:3.11-slim\"}\nsteps: {only: {run: \"true\"}}\n")
		p.wants(p.must(10, "run", "custom.yaml"), "STK4010")

		p.write("stack.lock.hcl", strings.Replace(lock, "sha256:", "sha512:", 1))
		for _, command := range []string{"validate", "plan", "build", "run"} {
			p.wants(p.must(2, command, "flow.yaml"), "is not a digest", "stack.lock.hcl:6:15")
		}
		p.must(2, "plan", "flow.yaml", "--lock")

		// The way out is the one that is named.
		p.write("stack.lock.hcl", lock)
		p.must(0, "build", "flow.yaml")
	})
}
