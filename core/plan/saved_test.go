package plan_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/sdk"
)

// key is a key of 64 digits, all of them d.
func key(d string) string { return strings.Repeat(d, 64) }

// sample is a plan of two steps that share an image.
func sample() plan.Plan {
	image := key("a")
	digest := "sha256:" + key("1")
	return plan.Plan{
		SchemaVersion: plan.SchemaVersion, Flow: "churn", Stack: "docker",
		Images: []plan.Image{{
			Key: image, Reference: "reg/churn:" + image, Digest: &digest, Action: plan.Reuse, Reasons: []string{"known"}, Builder: "docker",
			Platforms: []string{"linux/amd64"}, Steps: []string{"prepare", "train"},
			Base: &plan.Base{Reference: "python:3.12-slim", Digest: "sha256:" + key("b")}, Dockerfile: "FROM python\n",
		}},
		Steps: []plan.Step{
			{Name: "prepare", Needs: []string{}, When: sdk.WhenSuccess, Image: &image, Command: []string{"a"}, Environment: map[string]string{"A": "b"},
				Secrets: []string{}, Nodes: 1, Placement: plan.Placement{Rejected: []plan.Rejected{}}},
			{Name: "train", Needs: []string{"prepare"}, When: sdk.WhenSuccess, Image: &image, Command: []string{"b"}, Environment: map[string]string{},
				Secrets: []string{}, Nodes: 1, Resources: plan.Resources{CPU: 2}, Placement: plan.Placement{Rejected: []plan.Rejected{}}},
		},
		Documents:   []plan.Document{{Name: "train", MediaType: "application/json", Content: "{}"}},
		Diagnostics: diag.List{diag.New(diag.SecretName, "A sounds like a secret").AsWarning()},
	}
}

var request = plan.Request{FlowFile: "flow.yaml", Stack: "docker", Params: []string{"epochs=3"}}

func saved(t testing.TB, p plan.Plan) []byte {
	t.Helper()
	data, err := plan.Save(p, request)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSavedPlanReadsBack(t *testing.T) {
	data := saved(t, sample())
	s, err := plan.Load("plan.json", data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(request, s.Request); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if err := plan.CheckFresh(s.Plan, sample()); err != nil {
		t.Errorf("it is stale at once: %v", err)
	}
	again, err := plan.Save(s.Plan, s.Request)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(data), string(again)); diff != "" {
		t.Errorf("saved again (-first +second):\n%s", diff)
	}
}

// TestFresh has what may differ between two looks at the same work, and what
// may not.
func TestFresh(t *testing.T) {
	other := "sha256:" + key("2")
	for _, tc := range []struct {
		name   string
		change func(*plan.Plan)
		want   []string // differences; nil is fresh
	}{
		{"nothing", func(*plan.Plan) {}, nil},
		{"an image was built meanwhile", func(p *plan.Plan) {
			p.Images[0].Action, p.Images[0].Digest, p.Images[0].Reasons = plan.Build, &other, nil
		}, nil},
		{"warnings", func(p *plan.Plan) { p.Diagnostics = nil }, nil},
		{"requests hold digests", func(p *plan.Plan) { p.Documents[0].Content = `{"a":1}` }, nil},
		{"a command", func(p *plan.Plan) { p.Steps[1].Command = []string{"c", "d"} },
			[]string{`~ command of step train: ["b"] → ["c","d"]`}},
		{"environment and resources", func(p *plan.Plan) {
			p.Steps[0].Environment = map[string]string{"A": "c"}
			p.Steps[1].Resources.CPU = 4
		}, []string{`~ environment of step prepare: {"A":"b"} → {"A":"c"}`,
			`~ resources of step train: {"cpu":2,"memory_bytes":0,"disk_bytes":0,"shm_bytes":0,"accelerator":null,"spot… → {"cpu":4,"memory_bytes":0,"disk_bytes":0,"shm_bytes":0,"accelerator":null,"spot…`}},
		{"an image", func(p *plan.Plan) {
			k := key("c")
			p.Images[0].Key, p.Images[0].Reference = k, "reg/churn:"+k
			p.Steps[0].Image, p.Steps[1].Image = &k, &k
		}, []string{"~ image reg/churn:aaaaaaaaaaaa → reg/churn:cccccccccccc"}},
		{"the base of an image", func(p *plan.Plan) { p.Images[0].Base.Digest = "sha256:" + key("d") },
			[]string{"~ image python:3.12-slim (sha256:" + key("b") + " → sha256:" + key("d") + ")"}},
		{"only how an image is made", func(p *plan.Plan) { p.Images[0].Builder = "kaniko" }, []string{"~ images"}},
		{"a step more", func(p *plan.Plan) {
			p.Steps = append(p.Steps, plan.Step{Name: "report"})
		}, []string{"+ step report"}},
		{"a step less", func(p *plan.Plan) { p.Steps = p.Steps[:1] }, []string{"- step train"}},
		{"another stack", func(p *plan.Plan) { p.Stack = "vertex" }, []string{"~ flow churn on stack docker → churn on vertex"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			now := sample()
			tc.change(&now)
			err := plan.CheckFresh(sample(), now)
			if tc.want == nil {
				if err != nil {
					t.Errorf("stale: %v", err)
				}
				return
			}
			if diff := cmp.Diff(tc.want, plan.Differences(sample(), now)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			var list diag.List
			if !errors.As(err, &list) || len(list) != 1 || list[0].Code != diag.PlanStale {
				t.Fatalf("the error is %v", err)
			}
			if got := strings.Split(list[0].Detail, "\n"); !cmp.Equal(tc.want, got) {
				t.Errorf("the error says %q", got)
			}
			if diag.ExitOf(err) != diag.ExitStale {
				t.Errorf("exit status %d", diag.ExitOf(err))
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	good := string(saved(t, sample()))
	printed, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, text string
		code       diag.Code
		line       int
	}{
		{"empty", "", diag.Syntax, 1},
		{"not JSON", "version: 1\n", diag.Syntax, 1},
		{"cut short", good[:len(good)/2], diag.Syntax, 1},
		{"a mistake in it", strings.Replace(good, `"stack": "docker",`, `"stack" "docker",`, 1), diag.Syntax, 4},
		{"a wrong type", strings.Replace(good, `"stack": "docker",`, `"stack": 7,`, 1), diag.Syntax, 4},
		{"an unknown field", strings.Replace(good, `"stack": `, `"stak": `, 1), diag.Syntax, 1},
		{"another version", strings.Replace(good, `"schema_version": 1`, `"schema_version": 2`, 1), diag.Version, 1},
		{"printed, not saved", string(printed), diag.Syntax, 1},
		{"changed by hand", strings.Replace(good, `"cpu": 2`, `"cpu": 200`, 1), diag.PlanStale, 1},
		{"another image", strings.Replace(good, `"FROM python\n"`, `"FROM evil\n"`, 1), diag.PlanStale, 1},
		{"two plans", good + good, diag.Syntax, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.text == good {
				t.Fatal("the case changes nothing")
			}
			_, err := plan.Load("plan.json", []byte(tc.text))
			var list diag.List
			if !errors.As(err, &list) || len(list) != 1 {
				t.Fatalf("the error is %v", err)
			}
			if d := list[0]; d.Code != tc.code || d.Range == nil || d.Range.File != "plan.json" || d.Range.Line < tc.line {
				t.Errorf("got %+v at %v, want code %s at line %d", d, d.Range, tc.code, tc.line)
			}
		})
	}
}

// FuzzLoad: any text is either a plan that says what its digest says, or a
// mistake in that file; never a panic.
func FuzzLoad(f *testing.F) {
	good := saved(f, sample())
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(strings.Replace(string(good), `"images": [`, `"images": [{},`, 1)))
	f.Add([]byte(`{"schema_version":1,"plan_digest":"x","request":{"flow_file":"a"},"steps":[{"image":null}]}`))
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := plan.Load("plan.json", data)
		if err != nil {
			var list diag.List
			if !errors.As(err, &list) || !list.HasErrors() || list[0].Range == nil || list[0].Range.File != "plan.json" {
				t.Fatalf("the error has no place: %v", err)
			}
			return
		}
		if s.Digest() != s.PlanDigest || s.Request.FlowFile == "" {
			t.Fatalf("read a plan that was not saved: %+v", s)
		}
		if err := plan.CheckFresh(s.Plan, s.Plan); err != nil {
			t.Fatalf("a plan is not fresh to itself: %v", err)
		}
		plan.Differences(s.Plan, sample())
		plan.Differences(sample(), s.Plan)
	})
}
