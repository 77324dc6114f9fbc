package build

import (
	"encoding/csv"
	"maps"
	"strings"
)

// cachesFor is build options in which each cache that is written to a registry
// has a name of its own, by its suffix, and is read again under that name. What
// is not understood is left to the builder to refuse.
func cachesFor(options map[string]any, suffix string) map[string]any {
	to, ok := list(options["cache_to"])
	if !ok {
		return options
	}
	from, _ := list(options["cache_from"])
	out := maps.Clone(options)
	var written, read []any
	for _, entry := range to {
		text, ref := cacheFor(entry, suffix)
		written = append(written, text)
		if ref != "" {
			read = append(read, "type=registry,ref="+ref)
		}
	}
	for _, entry := range from {
		read = append(read, entry)
	}
	out["cache_to"] = written
	if len(read) > 0 {
		out["cache_from"] = read
	}
	return out
}

// cacheFor is an entry of cache_to with a suffix at its reference, which is
// given too.
func cacheFor(entry, suffix string) (text, ref string) {
	fields, err := csv.NewReader(strings.NewReader(entry)).Read()
	if err != nil {
		return entry, ""
	}
	if len(fields) == 1 && !strings.Contains(fields[0], "=") { // a reference alone
		if ref, err = suffixed(withTag(entry), suffix); err != nil {
			return entry, ""
		}
		return ref, ref
	}
	for i, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		if strings.TrimSpace(strings.ToLower(name)) != "ref" {
			continue
		}
		if ref, err = suffixed(withTag(value), suffix); err != nil {
			return entry, ""
		}
		fields[i] = name + "=" + ref
	}
	if ref == "" {
		return entry, ""
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(fields) // to memory
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n"), ref
}

// withTag is a reference with the tag that it stands for.
func withTag(reference string) string {
	if strings.LastIndexByte(reference, ':') > strings.LastIndexByte(reference, '/') {
		return reference
	}
	return reference + ":latest"
}

// list is a list of texts, as it is in memory or after JSON.
func list(value any) ([]string, bool) {
	switch v := value.(type) {
	case []string:
		return v, true
	case []any:
		var out []string
		for _, e := range v {
			text, ok := e.(string)
			if !ok {
				return nil, false
			}
			out = append(out, text)
		}
		return out, true
	}
	return nil, false
}
