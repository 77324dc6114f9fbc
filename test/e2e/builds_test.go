//go:build e2e

package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listedBuild is a build as `stack builds list -o json` prints it.
type listedBuild struct {
	Build  string `json:"build"`
	Flow   string `json:"flow"`
	Stack  string `json:"stack"`
	Images struct {
		Built  int `json:"built"`
		Reused int `json:"reused"`
		Used   int `json:"used"`
	} `json:"images"`
	State string `json:"state"`
}

func (p *project) builds() []listedBuild {
	p.t.Helper()
	r := p.must(0, "builds", "list", "-o", "json")
	var out []listedBuild
	if err := json.Unmarshal([]byte(r.stdout), &out); err != nil {
		p.t.Fatalf("builds list prints no array of builds: %v\n%s", err, r)
	}
	return out
}

// build builds flow.yaml and gives the build's id.
func (p *project) build(args ...string) string {
	p.t.Helper()
	r := p.must(0, append([]string{"build", "flow.yaml", "-o", "json"}, args...)...)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	var out struct {
		Build string `json:"build"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &out); err != nil || !strings.HasPrefix(out.Build, "build-") {
		p.t.Fatalf("build prints no id: %v\n%s", err, r)
	}
	return out.Build
}

// twoImages is a flow of three steps with two images.
const twoImages = `version: 1
name: churn
image: {base_image: "python:3.11-slim", commands: ["echo %s > /made"]}
steps:
  prepare: {run: "cat /made code.txt"}
  train: {needs: [prepare], run: "cat /made code.txt"}
  serve: {run: "cat /made; echo $MODE", image: {environment: {MODE: plain, PYTHONUNBUFFERED: ""}}}
`

// TestBuildsOfOneFlow: a build is listed, shown and compared, and a run uses its
// images as they are, whatever the code and the settings have become.
func TestBuildsOfOneFlow(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		m := marker(t)
		p := newProject(t, map[string]string{
			"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t),
			"flow.yaml":  fmt.Sprintf(twoImages, m),
			"code.txt":   "old code\n",
		}).on(on)
		first := p.build()
		if all := p.builds(); len(all) != 1 || all[0].Build != first || all[0].Images.Built != 2 || all[0].State != "present" || all[0].Flow != "churn" || all[0].Stack != "docker" {
			t.Fatalf("builds list says %+v", all)
		}
		second := p.build()
		if all := p.builds(); len(all) != 2 || all[0].Build != second || all[0].Images.Reused != 2 {
			t.Fatalf("builds list says %+v", all)
		}
		same := p.must(0, "builds", "diff", first, second)
		p.wants(same, "same     prepare", "same     serve")

		var shown struct {
			State  string `json:"state"`
			Images []struct {
				Digest, State, Dockerfile string
				Steps, Platforms          []string
				Base                      struct{ Reference, Digest string }
				Inputs                    []struct {
					Name   string
					Values []string
				}
			} `json:"images"`
		}
		if err := json.Unmarshal([]byte(p.must(0, "builds", "show", first, "-o", "json").stdout), &shown); err != nil {
			t.Fatal(err)
		}
		if im := shown.Images[0]; shown.State != "present" || len(shown.Images) != 2 || im.State != "present" || !slices.Equal(im.Steps, []string{"prepare", "train"}) ||
			!strings.HasPrefix(im.Digest, "sha256:") || !strings.HasPrefix(im.Base.Digest, "sha256:") || !strings.Contains(im.Dockerfile, m) || len(im.Platforms) != 1 {
			t.Errorf("builds show says %+v", shown)
		}
		p.wants(p.must(0, "builds", "show", first), "commands", "echo "+m+" > /made", "source", "code.txt", "MODE")

		// What changes afterwards does not count, and is told.
		p.write("code.txt", "new code\n")
		p.write("flow.yaml", strings.ReplaceAll(fmt.Sprintf(twoImages, m), "plain", "changed"))
		p.wants(p.must(0, "builds", "diff", first, "flow.yaml"), "as it is now", "changed  serve", "~ environment (MODE)", "~ source (code.txt, flow.yaml)")
		plan := p.must(0, "plan", "flow.yaml", "--build", first)
		p.wants(plan, "why       build "+first, "as it was in build "+first, "images: 2 reused", "warning: build "+first+" is used for serve as it is", "~ environment (MODE)", "~ source (code.txt, flow.yaml)")
		ran := p.must(0, "run", "flow.yaml", "--build", first, "--run-id", "pinned")
		p.wants(ran, m, "old code", "plain", "reuse: build "+first, "warning: build "+first)
		if strings.Contains(ran.all(), "new code") || strings.Contains(ran.all(), "changed\n") || strings.Contains(ran.all(), "built:") {
			t.Errorf("the run did not use the build as it is:\n%s", ran)
		}
		if strings.Contains(plan.stdout, "PYTHONUNBUFFERED=1 MODE") {
			t.Errorf("the plan sets what the image has:\n%s", plan)
		}
		p.wants(result{stdout: p.read(".stack/runs/pinned/record.json")}, `"build": "`+first+`"`)
		if len(p.builds()) != 2 {
			t.Error("using a build made another one")
		}

		// The flow may name it; the command line counts more.
		named := strings.Replace(fmt.Sprintf(twoImages, m), "image:", "build: "+first+"\nimage:", 1)
		p.write("flow.yaml", named)
		p.write("code.txt", "old code\n")
		quiet := p.must(0, "plan", "flow.yaml")
		p.wants(quiet, "why       build "+first)
		if strings.Contains(quiet.stderr, "warning") {
			t.Errorf("naming the build is no difference:\n%s", quiet)
		}
		p.wants(p.must(0, "plan", "flow.yaml", "--build", second), "why       build "+second)
		p.wants(p.must(0, "plan", "flow.yaml", "--build", ""), "2 to build", "~ source (flow.yaml)")
		p.wants(p.must(2, "run", "flow.yaml", "--force"), "STK1209", "flow.yaml:3:8")
		p.must(0, "plan", "flow.yaml", "-O", "plan.json", "--build", second)
		p.wants(p.must(0, "run", "plan.json", "--run-id", "saved"), "reuse: build "+second)
		p.wants(result{stdout: p.read(".stack/runs/saved/record.json")}, `"build": "`+second+`"`)
		p.wants(p.must(2, "run", "plan.json", "--build", first), "STK0002", "--build")

		// What cannot be used says why, where, and the way out.
		p.write("flow.yaml", strings.Replace(named, first, first[:len(first)-1], 1))
		p.wants(p.must(4, "run", "flow.yaml"), "STK5010", "flow.yaml:3:8", `did you mean "`+first+`"`)
		p.wants(p.must(0, "validate", "flow.yaml"), "warning", "STK5010", "flow.yaml:3:8")
		p.write("flow.yaml", strings.Replace(named, "train:", "fit:", 1))
		p.wants(p.must(2, "run", "flow.yaml"), "STK5011", "flow.yaml:3:8", "no image for fit", "stack build flow.yaml --stack docker")
		p.wants(p.must(2, "validate", "flow.yaml"), "STK5011")
		record := ".stack/builds/" + first + ".json"
		p.write(record, strings.Replace(p.read(record), shown.Images[0].Digest, "sha256:"+strings.Repeat("0", 64), 1))
		p.write("flow.yaml", named)
		p.wants(p.must(4, "run", "flow.yaml"), "STK5012", "flow.yaml:3:8", "sha256:000000", "stack build flow.yaml --stack docker")
		if all := p.builds(); all[0].State != "present" || all[1].State != "missing" {
			t.Errorf("builds list says %+v", all)
		}
		// Building goes on, whatever build the flow names.
		p.wants(p.must(0, "build", "flow.yaml"), "warning: build "+first+" has no effect when images are built", "~ source (flow.yaml)")
	})
}

// TestBuildsOnOtherStacks: images of a registry serve every stack, those of an
// engine only that engine's.
func TestBuildsOnOtherStacks(t *testing.T) {
	on := engines(t)
	hcl := strings.Replace(stacks{registry: ownRegistry(t)}.hcl(t), "default_stack", "stack \"engine\" {\n  orchestrator \"docker\" {}\n}\ndefault_stack", 1)
	custom := "version: 1\nname: mixed\nsteps:\n  made: {run: 'cat /made', image: {base_image: \"python:3.11-slim\", commands: ['echo %s > /made']}}\n" +
		"  plain: {run: 'echo of $WHO', image: {mode: custom, base_image: \"python:3.11-slim\", runtime_environment: {WHO: nobody}}}\n"
	m := marker(t)
	p := newProject(t, map[string]string{"stacks.hcl": hcl, "flow.yaml": fmt.Sprintf(custom, m)}).on(on[0])
	pushed, kept := p.build(), p.build("--stack", "engine")
	if all := p.builds(); len(all) != 2 || all[0].Images.Used != 1 || all[0].Images.Built != 1 || all[0].State != "present" || all[1].State != "present" {
		t.Fatalf("builds list says %+v", all)
	}
	p.write("flow.yaml", strings.Replace(fmt.Sprintf(custom, "x"+m), "nobody", "somebody", 1))
	r := p.must(0, "run", "flow.yaml", "--stack", "engine", "--build", pushed)
	p.wants(r, "made | "+m, "plain | of somebody", "reuse: build "+pushed)
	r = p.must(0, "run", "flow.yaml", "--stack", "engine", "--build", kept)
	p.wants(r, "made | "+m, "reuse: build "+kept)
	p.wants(p.must(2, "plan", "flow.yaml", "--build", kept), "STK5011", "--build", "stack build flow.yaml --stack docker")
	p.on(on[1])
	p.wants(p.must(4, "plan", "flow.yaml", "--stack", "engine", "--build", kept), "STK5012", "not in builder docker any more")
	if all := p.builds(); all[0].State != "missing" || all[1].State != "present" {
		t.Errorf("on another engine builds list says %+v", all)
	}
	p.env = append(p.env, "DOCKER_HOST=unix:///nothing/there.sock")
	if all := p.builds(); all[0].State != "unknown" || all[1].State != "present" {
		t.Errorf("without an engine builds list says %+v", all)
	}
}

// TestWhyRebuiltFromTheRegistry: a machine that has never built the flow says
// what changed since another one built it: the labels of an image in the
// registry tell, and there is no other state between the two.
func TestWhyRebuiltFromTheRegistry(t *testing.T) {
	on := engines(t)[0]
	registry := ownRegistry(t)
	files := map[string]string{
		"stacks.hcl": stacks{registry: registry}.hcl(t),
		"flow.yaml":  flow("team", "requirements: [tabulate==0.9.0], commands: ['echo "+marker(t)+"']", "python -c 'import tabulate'"),
	}
	a := newProject(t, files).on(on)
	a.build()
	b := newProject(t, files).on(on)
	if left, _ := filepath.Glob(b.path(".stack/*")); len(left) != 0 {
		t.Fatalf("the second machine knows %v", left)
	}
	// The same is found, which asks nothing more, and leaves the tag.
	b.wants(b.must(0, "plan", "flow.yaml"), "1 reused")
	b.write("flow.yaml", strings.Replace(files["flow.yaml"], "0.9.0", "0.8.10", 1))
	for _, r := range []result{b.must(0, "plan", "flow.yaml"), b.must(0, "build", "flow.yaml", "--why")} {
		b.wants(r, "~ requirements (tabulate 0.9.0 → 0.8.10)", "~ source (flow.yaml)")
	}
	if _, err := os.Stat(b.path(".stack/builds")); err == nil {
		t.Error("looking made a record")
	}
	// The one that came last counts, on either machine.
	b.wants(b.must(0, "build", "flow.yaml"), "~ requirements (tabulate 0.9.0 → 0.8.10)")
	a.write("flow.yaml", strings.Replace(files["flow.yaml"], "0.9.0", "0.8.9", 1))
	a.wants(a.must(0, "plan", "flow.yaml"), "~ requirements (tabulate 0.8.10 → 0.8.9)")
	// Another stack or flow is another story.
	b.write("flow.yaml", strings.Replace(files["flow.yaml"], "name: team", "name: others", 1))
	b.wants(b.must(0, "plan", "flow.yaml"), "no image with this key exists")

	tags := tagsOf(t, registry+"/team")
	latest := slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return !strings.HasPrefix(tag, "stack-latest-") })
	if len(latest) != 1 || len(tags) != 2*2+len(latest) { // a key and a record of each build
		t.Errorf("the registry has the tags %v", tags)
	}
}

// TestABuildOfAnotherMachine: an id means the same on every machine that uses the
// registry, so that a flow in a repository can name a build.
func TestABuildOfAnotherMachine(t *testing.T) {
	on := engines(t)
	m := marker(t)
	hcl := stacks{registry: ownRegistry(t)}.hcl(t)
	a := newProject(t, map[string]string{"stacks.hcl": hcl, "flow.yaml": fmt.Sprintf(twoImages, m), "code.txt": "of a\n"}).on(on[0])
	id := a.build()
	again := a.build() // nothing is built, and it is shared all the same
	a.must(0, "run", "flow.yaml", "--run-id", "no-change")
	quiet := a.builds()[0].Build

	named := strings.Replace(fmt.Sprintf(twoImages, "b"+m), "image:", "build: "+id+"\nimage:", 1)
	b := newProject(t, map[string]string{"stacks.hcl": hcl, "flow.yaml": named, "code.txt": "of b\n"}).on(on[1])
	b.wants(b.must(0, "validate", "flow.yaml"), "warning: build \""+id+"\" does not exist") // it asks no registry
	r := b.must(0, "run", "flow.yaml")
	b.wants(r, "prepare | "+m, "prepare | of a", "reuse: build "+id, "+ commands (echo b"+m)
	b.wants(b.must(0, "builds", "show", id), "echo "+m, "present")
	b.wants(b.must(0, "builds", "diff", id, "flow.yaml"), "changed  train", "~ source (code.txt, flow.yaml)")
	b.wants(b.must(0, "plan", "flow.yaml", "--build", again), "why       build "+again)
	r = b.must(4, "plan", "flow.yaml", "--build", quiet)
	b.wants(r, "STK5010", ".stack/builds, and in ", "/churn.")
	b.wants(b.must(4, "plan", "flow.yaml", "--build", "../../etc/passwd"), "STK5010")
}

// tagsOf is what the registry itself says.
func tagsOf(t *testing.T, repository string) []string {
	t.Helper()
	host, path, _ := strings.Cut(repository, "/")
	response, err := http.Get("http://" + host + "/v2/" + path + "/tags/list")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out struct{ Tags []string }
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return out.Tags
}
