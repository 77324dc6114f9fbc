package migration

import (
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// ZenML reads a run configuration of ZenML, as `pipeline.with_options(
// config_path=...)` and `zenml pipeline run --config` take it. The names are
// those of ZenML 0.98.0, and of earlier versions where they differ.
func ZenML(file string, data []byte, o Options) (Result, diag.List) {
	tree, list := settings.ParseYAML(file, data, settings.Flow)
	r := &reader{system: "ZenML", lines: strings.Split(string(data), "\n"), comments: comments{}, params: newParams(), parsed: true, found: list}
	if tree == nil || list.HasErrors() {
		return Result{}, list
	}
	if tree.Kind != settings.Map {
		return Result{}, append(list, diag.At(tree.Range, diag.WrongType, "a run configuration of ZenML is a map, not %s", tree.Describe()))
	}
	r.comments, r.top = readComments(data)
	l := &level{reader: r, out: mapNode(), included: true}
	l.pipeline(place{value: tree})
	return r.finish(l, o)
}

// PipelineFields is what a run configuration may have at its top:
// config/pipeline_run_configuration.py of ZenML 0.98.0, that of a replay too.
func PipelineFields() []string {
	var out []string
	for _, f := range pipelineFields() {
		out = append(out, f.name)
	}
	return out
}

// field is a field that is read, or why it has no counterpart.
type field struct {
	name  string
	carry func(*level, place)
	why   string
}

const (
	noArtifacts = "steps hand files to each other, and nothing else is kept of them"
	noHooks     = "write a step with when: failed or when: always"
	noReplay    = "it is for replaying a run"
)

func pipelineFields() []field {
	return []field{
		{name: "parameters", carry: func(l *level, p place) { l.parameters(p, "") }},
		{name: "settings", carry: (*level).settings},
		{name: "steps", carry: (*level).steps},
		{name: "retry", carry: (*level).retry},
		{name: "environment", carry: (*level).variables},
		{name: "secrets", carry: (*level).secrets},
		{name: "execution_mode", carry: (*level).executionMode},
		{name: "enable_cache", carry: (*level).cache},
		{name: "schedule", carry: (*level).schedule},
		{name: "build", why: "a build of ZenML's server is none here; `stack build` prints the id of one that is, for build: in the flow"},
		{name: "run_name", why: "a run has an id; `stack run --run-id ID` chooses it"},
		{name: "enable_artifact_metadata", why: noArtifacts},
		{name: "enable_artifact_visualization", why: noArtifacts},
		{name: "enable_step_logs", why: "what steps write is always kept: `stack logs`"},
		{name: "enable_pipeline_logs", why: "what steps write is always kept: `stack logs`"},
		{name: "enable_heartbeat", why: "the platform tells when a step is lost"},
		{name: "tags", why: "runs have no tags"},
		{name: "extra", why: "there is no place for it; params reach the steps"},
		{name: "model", why: "there is no registry of models"},
		{name: "init_hook_source", why: noHooks},
		{name: "init_hook_kwargs", why: noHooks},
		{name: "cleanup_hook_source", why: noHooks},
		{name: "failure_hook_source", why: noHooks},
		{name: "success_hook_source", why: noHooks},
		{name: "start_hook_source", why: noHooks},
		{name: "end_hook_source", why: noHooks},
		{name: "pause_hook_source", why: noHooks},
		{name: "resume_hook_source", why: noHooks},
		{name: "substitutions", why: "nothing is named by a pattern here"},
		{name: "cache_policy", why: "steps always run; images are reused by their key"},
		{name: "skip_successful_steps", why: noReplay},
		{name: "steps_to_skip", why: noReplay},
		{name: "step_input_overrides", why: noReplay},
		{name: "step_default_input_overrides", why: noReplay},
	}
}

// StepFields is what a step of a run configuration may have:
// StepConfigurationUpdate of ZenML 0.98.0.
func StepFields() []string {
	var out []string
	for _, f := range stepFields() {
		out = append(out, f.name)
	}
	return out
}

func stepFields() []field {
	return []field{
		{name: "parameters", carry: func(l *level, p place) { l.parameters(p, strings.TrimPrefix(l.to, "steps.")) }},
		{name: "settings", carry: (*level).settings},
		{name: "retry", carry: (*level).retry},
		{name: "environment", carry: (*level).variables},
		{name: "secrets", carry: (*level).secrets},
		{name: "enable_cache", carry: (*level).cache},
		{name: "name", why: "a step has the name that it stands under"},
		{name: "enable_artifact_metadata", why: noArtifacts},
		{name: "enable_artifact_visualization", why: noArtifacts},
		{name: "enable_step_logs", why: "what steps write is always kept: `stack logs`"},
		{name: "step_operator", why: "every step runs on the stack's orchestrator"},
		{name: "experiment_tracker", why: "give the step what the tracker's own library needs"},
		{name: "extra", why: "there is no place for it; params reach the steps"},
		{name: "failure_hook_source", why: noHooks},
		{name: "success_hook_source", why: noHooks},
		{name: "start_hook_source", why: noHooks},
		{name: "end_hook_source", why: noHooks},
		{name: "model", why: "there is no registry of models"},
		{name: "substitutions", why: "nothing is named by a pattern here"},
		{name: "cache_policy", why: "steps always run; images are reused by their key"},
		{name: "runtime", why: "a step always has a container or a process of its own"},
		{name: "heartbeat_healthy_threshold", why: "the platform tells when a step is lost; timeout bounds an attempt"},
		{name: "group", why: "steps are not grouped"},
		{name: "outputs", why: "outputs are declared in the flow, and made as files: outputs: {NAME: {type: file}}"},
		{name: "template", why: "steps have no templates"},
	}
}

// fields reads the entries of a map by a table.
func (l *level) fields(p place, table []field) {
	var known []string
	byName := map[string]field{}
	for _, f := range table {
		known = append(known, f.name)
		byName[f.name] = f
	}
	for _, e := range p.value.Entries {
		at := p.under(e)
		f, ok := byName[e.Key]
		switch {
		case !ok:
			l.unknown(at, e.Key, known)
		case l.unset(at):
		case f.carry == nil:
			l.leftOut(at, "%s", f.why)
		default:
			f.carry(l, at)
		}
	}
}

// pipeline reads the whole configuration: what steps inherit first.
func (l *level) pipeline(p place) {
	first, last := *p.value, *p.value
	first.Entries, last.Entries = nil, nil
	for _, e := range p.value.Entries {
		if e.Key == "steps" {
			last.Entries = append(last.Entries, e)
		} else {
			first.Entries = append(first.Entries, e)
		}
	}
	l.fields(place{value: &first}, pipelineFields())
	l.unasked(p.value)
	l.fields(place{value: &last}, pipelineFields())
}

// unasked writes what ZenML does where nothing is said.
func (l *level) unasked(tree *settings.Value) {
	if get(get(l.out, "image"), "base_image") == nil && get(get(l.out, "image"), "dockerfile") == nil {
		list := listNode()
		list.Content = append(list.Content, textNode("zenml"))
		put(l.image(), "inject", list)
		l.changed(place{}, "image.inject", "ZenML starts from an image of its own; here it is python:<python_version>-slim with the newest zenml put in. Write inject: [\"zenml==VERSION\"] to have one version, or remove it once the code does not import zenml")
		l.toDo(place{}, "image.python_version", "ZenML takes the Python version of the client: write it, if it is not 3.12")
	}
	if tree.Get("execution_mode") == nil {
		put(l.out, "fail", textNode("slow"))
		l.changed(place{}, "fail", "after a failure ZenML goes on with branches that do not need the failed step, unless execution_mode says otherwise; remove it to stop at once")
	}
}

func (l *level) executionMode(p place) {
	text, ok := l.text(p)
	if !ok {
		return
	}
	switch text {
	case "continue_on_failure":
		l.place(l.out, "fail", textNode("slow"), p)
		l.carried(p, "fail")
	case "stop_on_failure":
		l.place(l.out, "fail", textNode("fast"), p)
		l.carried(p, "fail")
	case "fail_fast":
		l.place(l.out, "fail", textNode("fast"), p)
		l.changed(p, "fail", "no further step is started; those that run are not stopped")
	default:
		l.bad(p, "execution_mode cannot be %q", text).Suggestion = diag.DidYouMean(text, []string{"continue_on_failure", "stop_on_failure", "fail_fast"})
	}
}

func (l *level) cache(p place) {
	if b, ok := l.boolean(p); ok && !b {
		l.leftOut(p, "nothing is lost: steps always run")
	} else if ok {
		l.leftOut(p, "steps always run; images are reused by their key")
	}
}

func (l *level) schedule(p place) {
	detail := "schedules are not available in this version: run `stack run` from cron"
	if cron := p.value.Get("cron_expression"); cron != nil && cron.Kind == settings.Scalar {
		detail += ", at " + cron.Text
	}
	l.leftOut(p, "%s", detail)
}

// variables carries environment of a pipeline or a step over, which ZenML sets
// when the step starts, names as they are.
func (l *level) variables(p place) { l.environment(p, "runtime_environment", false) }

// secrets keeps the names of secrets as a comment: they would be an error now.
func (l *level) secrets(p place) {
	items, ok := l.texts(p)
	if !ok {
		return
	}
	var refs []string
	for _, item := range items {
		refs = append(refs, item.value.Text)
	}
	l.later = append(l.later, "secret_environment_from: ["+strings.Join(refs, ", ")+"]")
	l.leftOut(p, "secret_environment_from is not available in this version; it stands in the flow as a comment")
}
