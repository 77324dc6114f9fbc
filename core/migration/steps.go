package migration

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// steps reads the steps of a run configuration.
func (l *level) steps(p place) {
	if !l.isMap(p) {
		return
	}
	taken := names{}
	for _, e := range p.value.Entries {
		at := p.under(e)
		name := flowName(e.Key)
		if name == "" {
			name = "step"
		}
		name = taken.unique(name)
		if name != e.Key {
			l.changed(at, "steps."+name, "names of steps have lower-case letters, digits, - and _")
		}
		step := *l
		step.above, step.out, step.to, step.later, step.said = l, mapNode(), "steps."+name, nil, nil
		switch e.Value.Kind {
		case settings.Map:
			step.fields(at, stepFields())
		case settings.Null:
		default:
			l.wrong(at, "a map")
		}
		l.place(child(l.out, "steps"), name, step.out, at)
		l.written = append(l.written, &step)
	}
}

// settings reads the settings of a pipeline or a step.
func (l *level) settings(p place) {
	if !l.isMap(p) {
		return
	}
	for _, e := range machineLast(p.value.Entries) {
		at := p.under(e)
		component, _, _ := strings.Cut(e.Key, ".")
		switch {
		case e.Key == "docker":
			l.docker(at)
		case e.Key == "resources":
			l.resources(at)
		case e.Key == "deployment":
			l.leftOut(at, "there are no deployments here")
		case component == "orchestrator" || component == "step_operator":
			l.orchestrator(at)
		case slices.Contains(components(), component):
			l.leftOut(at, "components are written in stacks.hcl")
		default:
			l.unknown(at, e.Key, append([]string{"docker", "resources", "deployment"}, components()...))
		}
	}
}

// machineLast is entries with those of platforms behind what holds everywhere,
// which counts where both say the same.
func machineLast(entries []settings.Entry) []settings.Entry {
	var first, last []settings.Entry
	for _, e := range entries {
		if e.Key == "docker" || e.Key == "resources" {
			first = append(first, e)
		} else {
			last = append(last, e)
		}
	}
	return append(first, last...)
}

// components is ZenML's kinds of stack components: StackComponentType.
func components() []string {
	return []string{
		"alerter", "annotator", "artifact_store", "container_registry", "data_validator", "deployer", "experiment_tracker", "feature_store",
		"image_builder", "log_store", "model_deployer", "model_registry", "orchestrator", "sandbox", "step_operator",
	}
}

// mostRetries is how many extra attempts a flow may ask for.
const mostRetries = 100

// retry carries ZenML's StepRetryConfig over.
func (l *level) retry(p place) {
	if !l.isMap(p) {
		return
	}
	most, delay, factor := int64(1), int64(0), int64(0)
	for _, e := range p.value.Entries {
		at := p.under(e)
		into, known := map[string]*int64{"max_retries": &most, "delay": &delay, "backoff": &factor}[e.Key]
		if !known {
			l.unknown(at, e.Key, []string{"max_retries", "delay", "backoff"})
			continue
		}
		if l.unset(at) {
			continue
		}
		if n, ok := l.integer(at); ok {
			*into = n
		}
	}
	to := join(l.to, "retry")
	out := mapNode()
	if most < 0 || most > mostRetries {
		l.found = append(l.found, diag.At(p.value.Range, diag.BadValue, "max_retries cannot be %d: it goes from 0 to %d here", most, mostRetries))
		return
	}
	put(out, "max", rawNode("!!int", strconv.FormatInt(most, 10)))
	if delay > 0 {
		put(out, "backoff", textNode(strconv.FormatInt(delay, 10)+"s"))
	}
	l.place(l.out, "retry", out, p)
	switch {
	case delay > 0 && most > 1 && factor == 1:
		l.changed(p, to, "ZenML waits %d seconds each time; here the wait doubles", delay)
	case delay > 0 && most > 1 && factor != 2:
		l.changed(p, to, "ZenML multiplies the wait by backoff, which is %d; here it doubles", factor)
	default:
		l.carried(p, to)
	}
}
