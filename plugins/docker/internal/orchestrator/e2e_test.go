//go:build e2e

package orchestrator

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	containerapi "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/stackrun/stack/plugins/docker/internal/engine"
	"github.com/stackrun/stack/sdk"
)

// variable is what the end-to-end tests' machinery must have set.
func variable(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set; make e2e starts the engines", name)
	}
	return value
}

// engines runs a test on both engines.
func engines(t *testing.T, test func(t *testing.T, host string, image sdk.Image)) {
	for _, name := range []string{"STACK_E2E_DOCKER_A", "STACK_E2E_DOCKER_B"} {
		t.Run(name, func(t *testing.T) {
			image := sdk.Image{Reference: variable(t, "STACK_E2E_REGISTRY") + "/library/" + variable(t, "STACK_E2E_BASE"), Platform: "linux/amd64"}
			test(t, variable(t, name), image)
		})
	}
}

func stackOn(t testing.TB, host string) sdk.Config {
	t.Helper()
	config, err := json.Marshal(map[string]any{"host": host})
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func connect(t testing.TB, host string) *client.Client {
	t.Helper()
	c, err := engine.Connect(host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// containers lists what is left of a run.
func containers(t testing.TB, c *client.Client, runID string) []string {
	t.Helper()
	found, err := c.ContainerList(t.Context(), client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", labelRun+"="+runID)})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, item := range found.Items {
		names = append(names, item.Names...)
	}
	return names
}

// bench is a configured orchestrator on one engine.
type bench struct {
	t     *testing.T
	d     *Docker
	c     *client.Client
	image sdk.Image
	store string
}

func onEngines(t *testing.T, test func(b *bench)) {
	engines(t, func(t *testing.T, host string, image sdk.Image) {
		dir := t.TempDir()
		b := &bench{t: t, d: New(), c: connect(t, host), image: image, store: filepath.Join(dir, "store")}
		_, found, err := b.d.Configure(t.Context(), sdk.Configuration{Stack: stackOn(t, host), StateDir: filepath.Join(dir, "state"), ArtifactStore: "file://" + b.store})
		if err != nil || len(found) > 0 {
			t.Fatalf("Configure: %v, %+v", err, found)
		}
		t.Cleanup(func() { closeSoon(t, b.d) })
		test(b)
	})
}

func (b *bench) step(name, script string) sdk.Step {
	return sdk.Step{Name: name, Group: name, Command: []string{"/bin/sh", "-ec", script}, Image: &b.image, Nodes: 1, When: sdk.WhenSuccess}
}

// run runs steps to their end and gives the last event of each, the run's as "".
func (b *bench) run(steps ...sdk.Step) (runID string, last map[string]sdk.Event) {
	b.t.Helper()
	runID = fmt.Sprintf("e2e-%d", time.Now().UnixNano())
	w := sdk.Workflow{Flow: "e2e", RunID: runID, FailFast: true, Labels: map[string]string{"team": "ml"}, Steps: steps}
	if _, err := b.d.Submit(b.t.Context(), w, nil); err != nil {
		b.t.Fatal(err)
	}
	last = map[string]sdk.Event{}
	err := b.d.Watch(b.t.Context(), sdk.WatchRequest{RunID: runID}, func(e sdk.Event) error { last[e.Step] = e; return nil })
	if err != nil {
		b.t.Fatal(err)
	}
	if left := containers(b.t, b.c, runID); len(left) > 0 {
		b.t.Errorf("left after the run: %v", left)
	}
	return runID, last
}

func (b *bench) output(runID, step string) string {
	b.t.Helper()
	text := ""
	if err := b.d.Logs(b.t.Context(), sdk.LogsRequest{RunID: runID, Step: step}, func(c sdk.LogChunk) error { text += string(c.Data); return nil }); err != nil {
		b.t.Fatal(err)
	}
	return text
}

func TestOutOfMemory(t *testing.T) {
	onEngines(t, func(b *bench) {
		s := b.step("eat", "python3 -c 'x = bytearray(400 << 20)'")
		s.Resources.MemoryBytes = 64 << 20
		_, last := b.run(s)
		if e := last["eat"]; e.State != sdk.StateFailed || e.Reason != sdk.ReasonOOM || e.Exit == nil || *e.Exit != 137 {
			b.t.Errorf("the end is told as %+v", e)
		}
	})
}

func TestLimitsReachTheContainer(t *testing.T) {
	onEngines(t, func(b *bench) {
		s := b.step("look", `df -k /dev/shm | tail -1 | awk '{print $2}'; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; cat /proc/1/comm`)
		s.Resources = sdk.Resources{CPU: 1.5, MemoryBytes: 128 << 20, ShmBytes: 96 << 20}
		id, last := b.run(s)
		if out := b.output(id, "look"); last["look"].State != sdk.StateSucceeded && last["look"].State != sdk.StateFailed || !strings.HasPrefix(out, "98304\n134217728\n") {
			b.t.Errorf("the container sees %q (%+v)", out, last["look"])
		}
	})
}

// An image whose user is nobody in particular reads inputs and makes outputs.
func TestAnyUserHandsFilesOn(t *testing.T) {
	onEngines(t, func(b *bench) {
		container, err := b.c.ContainerCreate(b.t.Context(), client.ContainerCreateOptions{Config: &containerapi.Config{Image: b.image.Reference, Cmd: []string{"true"}}})
		if err != nil {
			b.t.Fatal(err)
		}
		defer func() { _ = removeContainer(context.Background(), b.c, container.ID) }()
		reference := fmt.Sprintf("stack-e2e/user:%d", time.Now().UnixNano())
		if _, err := b.c.ContainerCommit(b.t.Context(), container.ID, client.ContainerCommitOptions{Reference: reference, Changes: []string{"USER 12345:23456", `ENTRYPOINT ["/bin/false"]`, `CMD ["junk"]`}}); err != nil {
			b.t.Fatal(err)
		}
		defer func() {
			if _, err := b.c.ImageRemove(context.Background(), reference, client.ImageRemoveOptions{Force: true}); err != nil {
				b.t.Error(err)
			}
		}()
		b.image = sdk.Image{Reference: reference} // on this engine alone: nothing is pulled
		first := b.step("first", `id -u; mkdir "$STACK_OUTPUT_tree/deep"; echo hello > "$STACK_OUTPUT_tree/deep/file"; ln -s deep/file "$STACK_OUTPUT_tree/link"; echo one > "$STACK_OUTPUT_single"; chmod 600 "$STACK_OUTPUT_single"; umask 077; echo two > /tmp/elsewhere; ln -s /tmp/elsewhere "$STACK_OUTPUT_linked"`)
		first.Outputs = []sdk.Output{{Name: "tree", Type: sdk.OutputDirectory}, {Name: "single", Type: sdk.OutputFile}, {Name: "linked", Type: sdk.OutputFile}}
		second := b.step("second", `cat "$STACK_INPUT_tree/link" "$STACK_INPUT_single" "$STACK_INPUT_linked"`)
		for _, o := range first.Outputs {
			second.Inputs = append(second.Inputs, sdk.Input{Name: o.Name, Sources: []sdk.Source{{Step: "first", Output: o.Name}}})
		}
		id, last := b.run(first, second)
		if last[""].State != sdk.StateSucceeded {
			b.t.Fatalf("the run ended %+v", last)
		}
		if out := b.output(id, "first") + b.output(id, "second"); out != "12345\nhello\none\ntwo\n" {
			b.t.Errorf("the output is %q", out)
		}
		data, err := os.ReadFile(filepath.Join(b.store, "runs", id, "first", "tree", "deep", "file"))
		if err != nil || string(data) != "hello\n" {
			b.t.Errorf("in the store lies %q, %v", data, err)
		}
	})
}

func TestImagesThatCannotBePulled(t *testing.T) {
	onEngines(t, func(b *bench) {
		b.image = sdk.Image{Reference: b.image.Reference + "-missing"}
		s := b.step("train", "true")
		s.Retry = sdk.Retry{Max: 3, Backoff: time.Hour} // which is not waited for
		_, last := b.run(s)
		if e := last["train"]; e.State != sdk.StateFailed || e.Reason != sdk.ReasonImagePull || !strings.Contains(e.Message, b.image.Reference) {
			b.t.Errorf("the end is told as %+v", e)
		}
	})
}

// An image given by digest is pulled by it: a small one that the engines need
// not have yet.
func TestImageByDigest(t *testing.T) {
	onEngines(t, func(b *bench) {
		small := strings.Replace(b.image.Reference, "-slim", "-small", 1)
		ref, err := name.ParseReference(small)
		if err != nil {
			b.t.Fatal(err)
		}
		manifest, err := remote.Head(ref)
		if err != nil {
			b.t.Fatal(err)
		}
		b.image = sdk.Image{Reference: small, Digest: manifest.Digest.String(), Platform: "linux/amd64"}
		if _, err := b.c.ImageRemove(b.t.Context(), b.image.Pinned(), client.ImageRemoveOptions{Force: false}); err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) {
			b.t.Fatal(err)
		}
		// Two steps at once share the pull.
		id, last := b.run(b.step("one", "echo hello"), b.step("two", "echo hello"))
		if out := b.output(id, "one") + b.output(id, "two"); last[""].State != sdk.StateSucceeded || out != "hello\nhello\n" {
			b.t.Errorf("the output is %q (%+v)", out, last)
		}
	})
}

func TestGPUsThatAreNotThere(t *testing.T) {
	onEngines(t, func(b *bench) {
		s := b.step("train", "true")
		s.Resources.Accelerator = &sdk.Accelerator{Name: "h100", Count: 8}
		_, found, err := b.d.Plan(b.t.Context(), sdk.Workflow{Flow: "e2e", Steps: []sdk.Step{s}}, true)
		if err != nil || len(found) != 1 || !found[0].Placement || found[0].Severity != sdk.SeverityError {
			b.t.Errorf("Plan: %+v, %v", found, err)
		}
		_, last := b.run(s)
		if e := last["train"]; e.State != sdk.StateFailed || e.Reason != sdk.ReasonStart || e.Message == "" {
			b.t.Errorf("the end is told as %+v", e)
		}
	})
}

func TestNetworkAndVolumes(t *testing.T) {
	onEngines(t, func(b *bench) {
		shared := b.t.TempDir()
		s := b.step("look", `ls /sys/class/net; echo mine > /shared/file; touch /fixed/file 2>&1 || echo read only`)
		config, err := json.Marshal(map[string]any{"network": "none", "volumes": []string{shared + ":/shared", shared + ":/fixed:ro"}})
		if err != nil {
			b.t.Fatal(err)
		}
		s.Orchestrator = config
		id, last := b.run(s)
		if out := b.output(id, "look"); last["look"].State != sdk.StateSucceeded || strings.Contains(out, "eth0") || !strings.HasSuffix(out, "read only\n") {
			b.t.Errorf("the output is %q (%+v)", out, last["look"])
		}
		if data, err := os.ReadFile(filepath.Join(shared, "file")); err != nil || string(data) != "mine\n" {
			b.t.Errorf("in the volume lies %q, %v", data, err)
		}
	})
}

func closeSoon(t testing.TB, d *Docker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := d.Close(ctx); err != nil {
		t.Error(err)
	}
}
