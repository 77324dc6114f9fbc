package docs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// commandsIn is the words after `stack` of each call of it in a shell line.
// `a|b` stands for either, in a word of its own line; "…" ends what is said.
func commandsIn(line string) [][]string {
	var out [][]string
	for _, words := range pipelines(line) {
		if len(words) == 0 || words[0] != "stack" && words[0] != "bin/stack" {
			if len(out) > 0 && strings.HasPrefix(line, "stack ") && len(words) > 0 && words[0] != "jq" && !strings.Contains(line, "&&") {
				words = append([]string{"stack"}, words...) // stack init | validate | plan
			} else {
				continue
			}
		}
		words = words[1:]
		if i := slices.IndexFunc(words, func(w string) bool { return strings.Contains(w, "…") || w == "..." }); i >= 0 {
			words = words[:i]
		}
		out = append(out, alternatives(words)...)
	}
	return out
}

func alternatives(words []string) [][]string {
	for i, w := range words {
		if !strings.Contains(w, "|") {
			continue
		}
		var out [][]string
		for _, choice := range strings.Split(w, "|") {
			one := slices.Clone(words)
			one[i] = choice
			out = append(out, alternatives(one)...)
		}
		return out
	}
	return [][]string{words}
}

// pipelines splits a shell line into the commands that it runs, and those into
// words without quotes.
func pipelines(line string) [][]string {
	var all [][]string
	var words []string
	var word strings.Builder
	inWord, redirected := false, false
	end := func() {
		if inWord && !redirected {
			words = append(words, word.String())
		}
		redirected = redirected && !inWord
		word.Reset()
		inWord = false
	}
	command := func() {
		end()
		all = append(all, words)
		words = nil
	}
	quote := rune(0)
	runes := []rune(line)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == '#' && !inWord:
			i = len(runes)
		case r == ' ' || r == '\t':
			end()
		case r == '>':
			end()
			redirected = true // the next word is a file
		case r == ';' || r == '(' || r == ')' || r == '&' || r == '<' || r == '|' && !inWord:
			command()
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	command()
	return slices.DeleteFunc(all, func(words []string) bool { return len(words) == 0 })
}

func TestCommandsIn(t *testing.T) {
	for line, want := range map[string][][]string{
		"stack init churn && stack run churn/flow.yaml":    {{"init", "churn"}, {"run", "churn/flow.yaml"}},
		"stack plan flow.yaml -o json | jq '.images[]|.x'": {{"plan", "flow.yaml", "-o", "json"}},
		"source <(stack completion bash)":                  {{"completion", "bash"}},
		"stack schema flow > flow.schema.json":             {{"schema", "flow"}},
		"stack stacks list|show # both":                    {{"stacks", "list"}, {"stacks", "show"}},
		"stack init | validate":                            {{"init"}, {"validate"}},
		"make build && bin/stack ps":                       {{"ps"}},
		"stack run --set 'image.requirements=[a, b]' f":    {{"run", "--set", "image.requirements=[a, b]", "f"}},
		"stack-orchestrator-local":                         nil,
		"the stack plan":                                   nil,
	} {
		if diff := cmp.Diff(want, commandsIn(line)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
}
