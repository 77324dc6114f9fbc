package migration

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/compute"
)

// ResourceFields is the fields of ZenML's ResourceSettings that are known
// here: config/resource_settings.py of ZenML 0.98.0.
func ResourceFields() []string {
	return []string{
		"cpu_count", "gpu_count", "gpu_class", "memory", "resources", "reclaim_tolerance", "allocation_wait_timeout_seconds",
		"initialization_lease_seconds", "min_replicas", "max_replicas", "autoscaling_metric", "autoscaling_target", "max_concurrency",
	}
}

// resources carries settings.resources over.
func (l *level) resources(p place) {
	if l.unset(p) || !l.isMap(p) {
		return
	}
	out, gpu := child(l.out, "resources"), place{}
	for _, e := range p.value.Entries {
		at := p.under(e)
		switch e.Key {
		case "cpu_count":
			l.quantity(out, at, "cpu")
		case "memory":
			l.quantity(out, at, "memory")
		case "gpu_count":
			if !l.unset(at) {
				if n, ok := l.integer(at); ok {
					l.gpus, gpu = &n, at
				}
			}
		case "gpu_class":
			if !l.unset(at) {
				if text, ok := l.text(at); ok {
					l.gpuClass = text
					if gpu.value == nil {
						gpu = at
					}
				}
			}
		case "resources", "reclaim_tolerance", "allocation_wait_timeout_seconds", "initialization_lease_seconds":
			l.leftOut(at, "it is for the resource pools of ZenML's server")
		case "min_replicas", "max_replicas", "autoscaling_metric", "autoscaling_target", "max_concurrency":
			l.leftOut(at, "it is for deployments; there are none here")
		default:
			l.unknown(at, e.Key, ResourceFields())
		}
	}
	if gpu.value != nil {
		l.accelerator(out, gpu)
	}
}

// quantity carries a number of cores or a size over; the units are the same.
func (l *level) quantity(out *yaml.Node, p place, key string) {
	if l.unset(p) {
		return
	}
	text, ok := l.text(p)
	if !ok {
		return
	}
	var err error
	if key == "cpu" {
		err = new(compute.CPU).UnmarshalText([]byte(text))
	} else {
		err = new(compute.Bytes).UnmarshalText([]byte(text))
	}
	if err != nil {
		l.bad(p, "%s: %v", p.from, err)
		return
	}
	l.place(out, key, quantityNode(text), p)
	l.carried(p, join(l.to, "resources."+key))
}

// quantityNode is a number as a number, and one with a unit as text.
func quantityNode(text string) *yaml.Node {
	if _, err := strconv.ParseInt(text, 10, 64); err == nil {
		return rawNode("!!int", text)
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil && strings.Trim(text, "0123456789.") == "" {
		return rawNode("!!float", text)
	}
	return textNode(text)
}

// accelerator writes how many GPUs, and of which kind where ZenML knows one.
func (l *level) accelerator(out *yaml.Node, p place) {
	to, count := join(l.to, "resources.accelerator"), int64(1)
	if l.gpus != nil {
		count = *l.gpus
	}
	if count <= 0 {
		l.place(out, "accelerator", textNode("cpu"), p)
		l.carried(p, to)
		return
	}
	name := "gpu"
	if l.gpuClass != "" {
		if _, err := compute.ParseAccelerator(l.gpuClass); err == nil {
			name = l.gpuClass
		} else {
			l.toDo(p, to, "gpu_class %q is a name of ZenML's server: write the accelerator that it stands for, such as a100:%d", l.gpuClass, count)
		}
	}
	a, err := compute.ParseAccelerator(fmt.Sprintf("%s:%d", name, count))
	if err != nil {
		l.bad(p, "%s cannot be %s: %v", p.from, strconv.FormatInt(count, 10), err)
		return
	}
	l.place(out, "accelerator", textNode(a.String()), p)
	if name == "gpu" {
		l.changed(p, to, "any GPU, where the platform gives one; write a name such as a100:%d to have that one (ZenML asks for GPUs on Vertex AI alone)", count)
		return
	}
	l.carried(p, to)
}
