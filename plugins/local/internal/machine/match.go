package machine

import "strings"

// Has counts the accelerators of a canonical name, such as h100, a100-80gb or
// gpu. A GPU whose driver does not tell its name counts as any.
func (m Machine) Has(name string) int {
	if strings.HasPrefix(name, "tpu") {
		return m.TPUChips
	}
	n := 0
	for _, product := range m.GPUs {
		if name == "gpu" || product == "" || isModel(product, name) {
			n++
		}
	}
	return n
}

// isModel reports whether every part of a canonical name is a word of the
// product's: a100-80gb is "NVIDIA A100-SXM4-80GB", and l4 is not "NVIDIA L40S".
func isModel(product, name string) bool {
	words := strings.FieldsFunc(strings.ToLower(product), func(r rune) bool { return r == ' ' || r == '-' || r == '/' })
	for part := range strings.SplitSeq(name, "-") {
		found := false
		for _, word := range words {
			found = found || word == part
		}
		if !found {
			return false
		}
	}
	return true
}
