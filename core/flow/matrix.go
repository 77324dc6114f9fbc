package flow

import (
	"unicode/utf8"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

const (
	// MostSteps is how many steps a flow may have once its matrices are
	// multiplied.
	MostSteps = 10_000
	// mostEdges is how many connections they may have.
	mostEdges = 1_000_000
	// longestValue keeps names of variants readable.
	longestValue = 200
)

// matrix reads the axes of a step.
func (p *parser) matrix(s *Step, v *settings.Value) {
	if v == nil || v.Kind != settings.Map {
		return
	}
	if len(v.Entries) == 0 {
		p.add(diag.At(v.Range, diag.BadValue, "the matrix of step %s is empty", s.Name).Try("write {NAME: [VALUE, VALUE]}"))
	}
	distinct := names{what: "matrix keys"}
	total := 1
	for _, e := range v.Entries {
		if !p.checkName("a matrix key", e.Key, e.Range) {
			continue
		}
		p.distinct(&distinct, e.Key, e.Range)
		axis := p.axis(e)
		s.Matrix = append(s.Matrix, axis)
		total *= max(len(axis.Values), 1)
		if total > MostSteps {
			p.add(diag.At(v.Range, diag.BadValue, "the matrix of step %s makes more than %d steps", s.Name, MostSteps))
			s.Matrix = nil
			return
		}
	}
}

func (p *parser) axis(e settings.Entry) Axis {
	axis := Axis{Name: e.Key}
	if e.Value.Kind == settings.Null {
		p.add(diag.At(e.Range, diag.WrongType, "matrix key %s has no values", e.Key).Try("write [VALUE, VALUE]"))
	}
	if e.Value.Kind != settings.List {
		return axis
	}
	if len(e.Value.Items) == 0 {
		p.add(diag.At(e.Value.Range, diag.BadValue, "matrix key %s has no values", e.Key))
	}
	seen := map[string]bool{}
	for _, item := range e.Value.Items {
		switch {
		case item.Kind == settings.Map && (e.Key == "include" || e.Key == "exclude"):
			p.add(diag.At(e.Range, diag.NotBuiltYet, "a matrix cannot %s combinations", e.Key).Because("Every key of a matrix is a list of values."))
			return axis
		case item.Kind != settings.Scalar:
			continue // said by Decode
		case seen[item.Text]:
			p.add(diag.At(item.Range, diag.Duplicate, "matrix key %s has %s twice", e.Key, item.PlainText()))
			continue
		case utf8.RuneCountInString(item.Text) > longestValue:
			p.add(diag.At(item.Range, diag.BadValue, "a value of matrix key %s has more than %d characters", e.Key, longestValue))
			continue
		}
		seen[item.Text] = true
		if p.carried("a value of matrix key "+e.Key, item.Text, item.Range) {
			axis.Values = append(axis.Values, AxisValue{Text: item.Text, Type: item.Type})
		}
	}
	return axis
}

// variants is how many steps s becomes.
func (s *Step) variants() int {
	total := 1
	for _, a := range s.Matrix {
		total *= max(len(a.Values), 1)
	}
	return total
}
