package migration

import (
	"fmt"
	"strings"

	"github.com/stackrun/stack/core/compute"
	"github.com/stackrun/stack/core/settings"
)

// gkeAccelerator is the label that Google's nodes with GPUs have.
const gkeAccelerator = "cloud.google.com/gke-accelerator"

func (l *level) selectorConstraint(p place) {
	if items, ok := l.texts(p); ok && len(items) == 2 && items[0].value.Text == gkeAccelerator {
		l.named(items[1], 0)
	} else if ok {
		l.leftOut(p, "%s", belongs)
	}
}

// podSettings is what pods are given on Kubernetes, and on Vertex AI.
func (l *level) podSettings(p place) {
	if l.unset(p) || !l.isMap(p) {
		return
	}
	for _, e := range p.value.Entries {
		at := p.under(e)
		switch {
		case e.Key == "resources" && e.Value.Kind == settings.Map:
			l.podResources(at)
		case e.Key == "node_selectors" && e.Value.Kind == settings.Map:
			for _, selector := range e.Value.Entries {
				if s := at.under(selector); selector.Key == gkeAccelerator {
					l.named(s, 0)
				} else {
					l.leftOut(s, "%s", belongs)
				}
			}
		case l.unset(at):
		case e.Key == "env" && e.Value.Kind == settings.List:
			l.podEnvironment(at)
		default:
			l.leftOut(at, "%s", belongs)
		}
	}
}

// podEnvironment is a list of {name, value}.
func (l *level) podEnvironment(p place) {
	for i := range p.value.Items {
		at := p.item(i)
		name, value := at.value.Get("name"), at.value.Get("value")
		if name == nil || name.Kind != settings.Scalar || value == nil || len(at.value.Entries) != 2 {
			l.leftOut(at, "%s", belongs)
			continue
		}
		one := *at.value
		one.Entries = []settings.Entry{{Key: name.Text, Range: name.Range, Value: value}}
		l.environment(place{from: at.from, key: at.key, value: &one}, "runtime_environment", false)
	}
}

// podResources is requests and limits, which are one number here: what is
// requested, and the limit where nothing is.
func (l *level) podResources(p place) {
	requests := p.value.Get("requests")
	for _, e := range p.value.Entries {
		part := p.under(e)
		if e.Value.Kind != settings.Map || e.Key != "requests" && e.Key != "limits" {
			l.leftOut(part, "%s", belongs)
			continue
		}
		for _, r := range e.Value.Entries {
			at := part.under(r)
			if other := requests.Get(r.Key); e.Key == "limits" && other != nil {
				if other.Text == r.Value.Text {
					l.carried(at, join(l.to, "resources"))
				} else {
					l.leftOut(at, "a request and its limit are one number here, and the request was carried over")
				}
				continue
			}
			l.podResource(at, r.Key)
		}
	}
}

func (l *level) podResource(p place, name string) {
	text, ok := l.text(p)
	if !ok {
		return
	}
	switch name {
	case "cpu":
		l.resource(p, "cpu", quantityNode(text), "")
	case "memory", "ephemeral-storage":
		if end := text[max(len(text)-1, 0):]; strings.ContainsAny(end, "kKMGTP") {
			text += "B" // of 1000, as in Kubernetes
		}
		if err := new(compute.Bytes).UnmarshalText([]byte(text)); err != nil {
			l.bad(p, "%s: %v", p.from, err)
			return
		}
		l.resource(p, map[string]string{"memory": "memory", "ephemeral-storage": "disk"}[name], textNode(text), "")
	case "nvidia.com/gpu":
		if n, ok := l.integer(p); ok {
			l.gpus = &n
			if get(child(l.out, "resources"), "accelerator") == nil && n > 0 {
				l.resource(p, "accelerator", textNode(fmt.Sprintf("gpu:%d", n)), fmt.Sprintf("any GPU; write a name such as a100:%d to have that one", n))
				return
			}
			l.carried(p, join(l.to, "resources.accelerator"))
		}
	default:
		l.leftOut(p, "%s", belongs)
	}
}
