package flow

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/stackrun/stack/core/diag"
)

const (
	opening = "${{"
	closing = "}}"
)

// reference is an expression: params.X, matrix.X, inputs.X, outputs.X or
// steps.S.outputs.X.
type reference struct {
	root   string
	name   string // for steps: the step
	output string // for steps
	at     spot   // of the whole inside
	nameAt spot
	outAt  spot
}

// spot is a place in a text: so many characters after the start of its nth
// "${{", counted from 0.
type spot struct{ nth, offset, width int }

// part of a text is literal, or a reference.
type part struct {
	text string
	ref  *reference
}

// mistake is an expression that cannot be read.
type mistake struct {
	at      spot
	message string
	way     string
}

// roots is how many words a reference of each root has.
func roots() map[string]int {
	return map[string]int{"params": 2, "matrix": 2, "inputs": 2, "outputs": 2, "steps": 4}
}

func rootNames() []string { return []string{"params", "matrix", "inputs", "outputs", "steps"} }

var wordPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`) })

// split takes text apart at its expressions.
func split(text string) ([]part, []mistake) {
	var parts []part
	var wrong []mistake
	for nth := 0; ; nth++ {
		start := strings.Index(text, opening)
		if start < 0 {
			break
		}
		if start > 0 {
			parts = append(parts, part{text: text[:start]})
		}
		text = text[start:]
		end := strings.Index(text, closing)
		if next := strings.Index(text[len(opening):], opening); end < 0 || next >= 0 && next+len(opening) < end {
			wrong = append(wrong, mistake{spot{nth, 0, len(opening)}, "this expression has no end", "close it with " + closing})
			if next < 0 {
				return parts, wrong
			}
			text = text[len(opening)+next:]
			continue
		}
		ref, bad := readReference(text[len(opening):end], nth)
		if bad != nil {
			wrong = append(wrong, *bad)
		} else {
			parts = append(parts, part{ref: ref})
		}
		text = text[end+len(closing):]
	}
	if text != "" {
		parts = append(parts, part{text: text})
	}
	return parts, wrong
}

// readReference reads what is between "${{" and "}}".
func readReference(inside string, nth int) (*reference, *mistake) {
	body := strings.TrimSpace(inside)
	offset := len(opening) + utf8.RuneCountInString(inside[:strings.Index(inside, body)])
	whole := spot{nth, offset, utf8.RuneCountInString(body)}
	if body == "" {
		return nil, &mistake{spot{nth, 0, len(opening)}, "this expression is empty", "write one such as ${{ params.x }}"}
	}
	words := strings.Split(body, ".")
	spots := make([]spot, len(words))
	for i, w := range words {
		spots[i] = spot{nth, offset, utf8.RuneCountInString(w)}
		offset += spots[i].width + 1
	}
	want, known := roots()[words[0]]
	if !known {
		way := diag.DidYouMean(words[0], rootNames())
		if way == "" {
			way = "expressions read params.X, matrix.X, inputs.X, outputs.X or steps.S.outputs.X"
		}
		return nil, &mistake{spots[0], "an expression cannot begin with " + quote(words[0]), way}
	}
	for i, w := range words {
		if !wordPattern().MatchString(w) {
			return nil, &mistake{spots[i], quote(w) + " is not a name", "an expression is only names with dots between them"}
		}
	}
	form := words[0] + ".NAME"
	if want == 4 {
		form = "steps.STEP.outputs.NAME"
	}
	if len(words) != want || want == 4 && words[2] != "outputs" {
		return nil, &mistake{whole, quote(body) + " is not complete, or too long", "write " + form}
	}
	ref := &reference{root: words[0], name: words[1], at: whole, nameAt: spots[1]}
	if want == 4 {
		ref.output, ref.outAt = words[3], spots[3]
	}
	return ref, nil
}

func quote(text string) string {
	if utf8.RuneCountInString(text) > 60 {
		text = string([]rune(text)[:59]) + "…"
	}
	return `"` + text + `"`
}
