package migration

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/compute"
	"github.com/stackrun/stack/core/settings"
)

// belongs is why a platform's own setting is not carried over.
const belongs = "it is the platform's own: it belongs to the orchestrator block of stacks.hcl, or to orchestrator: in the flow, in that plugin's names"

// orchestrator carries over what settings of an orchestrator, or of a step
// operator, say of the machine; the rest is the platform's own. The names are
// those of ZenML's Vertex AI, Kubernetes, SageMaker, Azure ML and SkyPilot
// flavours.
func (l *level) orchestrator(p place) {
	if l.unset(p) || !l.isMap(p) {
		return
	}
	for _, e := range p.value.Entries {
		at := p.under(e)
		switch e.Key {
		case "custom_job_parameters":
			l.customJob(at)
		case "pod_settings":
			l.podSettings(at)
		case "node_selector_constraint":
			l.selectorConstraint(at)
		default:
			l.platformField(at, e.Key)
		}
	}
}

func (l *level) platformField(p place, key string) {
	if l.unset(p) {
		return
	}
	switch key {
	case "instance_type", "size", "machine_type":
		l.machineType(p)
	case "volume_size_in_gb", "disk_size", "boot_disk_size_gb":
		if n, ok := l.integer(p); ok {
			l.resource(p, "disk", textNode(strconv.FormatInt(n, 10)+"GiB"), "")
		}
	case "shm_size":
		l.sharedMemory(p)
	case "use_spot":
		if b, ok := l.boolean(p); ok {
			l.resource(p, "spot", boolNode(b), "")
		}
	case "accelerators":
		l.skyAccelerators(p)
	case "num_nodes":
		if n, ok := l.integer(p); ok {
			l.place(l.out, "nodes", rawNode("!!int", strconv.FormatInt(n, 10)), p)
			l.carried(p, join(l.to, "nodes"))
		}
	case "environment":
		l.environment(p, "runtime_environment", false)
	case "max_runtime_in_seconds":
		l.maxRuntime(p)
	default:
		l.leftOut(p, "%s", belongs)
	}
}

// resource sets one of the resources, unless something else said it before.
func (l *level) resource(p place, key string, value *yaml.Node, detail string) {
	out, to := child(l.out, "resources"), join(l.to, "resources."+key)
	if have := get(out, key); have != nil {
		if have.Value == value.Value {
			l.carried(p, to)
		} else {
			l.leftOut(p, "%s is %s already", to, have.Value)
		}
		return
	}
	l.place(out, key, value, p)
	if detail != "" {
		l.changed(p, to, "%s", detail)
		return
	}
	l.carried(p, to)
}

func (l *level) machineType(p place) {
	if text, ok := l.text(p); ok {
		if text, ok = l.filled(p, join(l.to, "resources.machine_type"), text); ok {
			l.resource(p, "machine_type", textNode(text), "it ties the flow to one platform; without it a machine is chosen by cpu, memory and accelerator")
		}
	}
}

// maxRuntime is SageMaker's bound of a step.
func (l *level) maxRuntime(p place) {
	n, ok := l.integer(p)
	switch {
	case !ok:
	case l.above == nil:
		l.leftOut(p, "it bounds each step, and timeout at the top of a flow bounds the whole run: write timeout: %ds on the steps", n)
	default:
		l.place(l.out, "timeout", textNode(strconv.FormatInt(n, 10)+"s"), p)
		l.carried(p, join(l.to, "timeout"))
	}
}

var dockerSize = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]+)([bkmgBKMG]?)$`) })

// sharedMemory is a size as docker writes it: 2g.
func (l *level) sharedMemory(p place) {
	text, ok := l.text(p)
	if !ok {
		return
	}
	m := dockerSize().FindStringSubmatch(text)
	if m == nil {
		l.bad(p, "shm_size cannot be %q", text).Suggestion = "write a number and b, k, m or g, such as 2g"
		return
	}
	l.resource(p, "shm", textNode(m[1]+map[string]string{"": "", "b": "", "k": "KiB", "m": "MiB", "g": "GiB"}[strings.ToLower(m[2])]), "")
}

// customJob is Vertex AI's custom_job_parameters.
func (l *level) customJob(p place) {
	if l.unset(p) || !l.isMap(p) {
		return
	}
	for _, e := range p.value.Entries {
		at := p.under(e)
		switch e.Key {
		case "accelerator_type":
			if l.unset(at) {
				continue
			}
			count := int64(0)
			if c := p.value.Get("accelerator_count"); c != nil && c.Kind == settings.Scalar {
				count, _ = strconv.ParseInt(c.Text, 10, 64) // said below
			}
			l.named(at, count)
		case "accelerator_count":
			_, ok := l.integer(at)
			switch named := p.value.Get("accelerator_type"); {
			case !ok:
			case named == nil || named.Kind != settings.Scalar:
				l.leftOut(at, "there is no accelerator_type beside it")
			case !inCatalogue(named.Text):
				l.leftOut(at, "accelerator_type has no name in the catalogue")
			default:
				l.carried(at, join(l.to, "resources.accelerator"))
			}
		default:
			l.platformField(at, e.Key)
		}
	}
}

// named sets an accelerator that has a name; a count of zero is not known.
func (l *level) named(p place, count int64) {
	text, ok := l.text(p)
	if !ok {
		return
	}
	if count <= 0 {
		count = 1
		if l.gpus != nil && *l.gpus > 0 {
			count = *l.gpus
		}
	}
	l.accelerate(p, fmt.Sprintf("%s:%d", platformName(text), count))
}

// platformName is a platform's name of an accelerator as the catalogue has it:
// NVIDIA_TESLA_T4.
func platformName(text string) string { return strings.ToLower(strings.ReplaceAll(text, "_", "-")) }

func inCatalogue(text string) bool {
	_, ok := compute.Lookup(platformName(text))
	return ok
}

// accelerate sets an accelerator by its name and count, in place of a number
// of GPUs of no name.
func (l *level) accelerate(p place, text string) {
	a, err := compute.ParseAccelerator(text)
	if err != nil || a.Name == "" {
		l.leftOut(p, "%q has no name in the catalogue: write resources.accelerator", text)
		return
	}
	out := child(l.out, "resources")
	if have := get(out, "accelerator"); have != nil && strings.HasPrefix(have.Value, "gpu:") {
		drop(out, "accelerator")
	}
	l.resource(p, "accelerator", textNode(a.String()), "")
}

// skyAccelerators is SkyPilot's: A100:2, or {A100: 2}.
func (l *level) skyAccelerators(p place) {
	switch {
	case p.value.Kind == settings.Scalar:
		l.accelerate(p, p.value.Text)
	case p.value.Kind == settings.Map && len(p.value.Entries) == 1 && p.value.Entries[0].Value.Kind == settings.Scalar:
		l.accelerate(p, p.value.Entries[0].Key+":"+p.value.Entries[0].Value.Text)
	default:
		l.leftOut(p, "one accelerator can be asked for: write resources.accelerator")
	}
}
