package plan

import (
	"errors"
	"slices"

	"github.com/stackrun/stack/core/diag"
)

// BaseProblems is what is wrong with bases that were asked for. As an error it
// is a diag.List too.
type BaseProblems []BaseProblem

// BaseProblem is what is wrong with one base.
type BaseProblem struct {
	Reference string // as it was asked for
	Found     diag.List
}

// Error is every problem, a line each.
func (p BaseProblems) Error() string { return p.list().Error() }

// As makes p a diag.List for those who look for one.
func (p BaseProblems) As(target any) bool {
	list, ok := target.(*diag.List)
	if ok {
		*list = p.list()
	}
	return ok
}

// Err is p as an error, nil where there is no problem.
func (p BaseProblems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

func (p BaseProblems) list() diag.List {
	var all diag.List
	for _, one := range p {
		all = append(all, one.Found...)
	}
	return all
}

// placed puts on what is wrong with bases where they were written.
func placed(err error, all []described) error {
	var problems BaseProblems
	if !errors.As(err, &problems) {
		return err
	}
	var list diag.List
	for _, p := range problems {
		for _, found := range p.Found {
			list = append(list, placedAt(found, p.Reference, all))
		}
	}
	return list
}

// placedAt is found at the first place where somebody wrote the reference, or,
// where nobody did, with why it is the base.
func placedAt(found diag.Diagnostic, reference string, all []described) diag.Diagnostic {
	if found.Range != nil {
		return found
	}
	unwritten := ""
	for _, d := range all {
		if !slices.Contains(d.image.References(), reference) {
			continue
		}
		at := d.image.PlaceOf(reference)
		if at.File == "" {
			at = d.at
		}
		if at.File != "" {
			found.Range = &at
			return found
		}
		if unwritten == "" {
			unwritten = d.step
		}
	}
	if unwritten != "" {
		return found.Because("It is the default for the Python version of step %s.", unwritten).
			Try("set image.base_image or image.python_version")
	}
	return found
}
