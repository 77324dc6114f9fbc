package sdk

import "strings"

// repositoryOf is reference without tag and digest.
func repositoryOf(reference string) string {
	if at := strings.IndexByte(reference, '@'); at >= 0 {
		reference = reference[:at]
	}
	if colon := strings.LastIndexByte(reference, ':'); colon > strings.LastIndexByte(reference, '/') {
		reference = reference[:colon]
	}
	return reference
}

// InputReference stands in Step.Command and in the values of Step.Environment
// for the path of an input, which only the platform knows. Expand puts the path
// in.
func InputReference(name string) string { return "${{ inputs." + name + " }}" }

// OutputReference is InputReference for an output.
func OutputReference(name string) string { return "${{ outputs." + name + " }}" }

// Expand replaces the references in text with the paths that input and output
// give.
func Expand(text string, s Step, input, output func(name string) string) string {
	if !strings.Contains(text, "${{") {
		return text
	}
	var pairs []string
	for _, in := range s.Inputs {
		pairs = append(pairs, InputReference(in.Name), input(in.Name))
	}
	for _, out := range s.Outputs {
		pairs = append(pairs, OutputReference(out.Name), output(out.Name))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Variable is name as the tail of an environment variable: "-" and "." become
// "_".
func Variable(name string) string { return strings.NewReplacer("-", "_", ".", "_").Replace(name) }
