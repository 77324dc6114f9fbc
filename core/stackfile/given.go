package stackfile

import (
	"path/filepath"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/sdk"
)

// givenValue is a value that was given to a variable outside of stacks.hcl: an
// expression of a *.stackvars.hcl, or text of a flag or of the environment.
type givenValue struct {
	expr hclsyntax.Expression
	text string
	at   diag.Range
}

// readVars reads the values given to variables. What is read later counts
// more: files by name, the environment, flags.
func (f *File) readVars(o Options) diag.List {
	var list diag.List
	paths, err := f.varFiles()
	if err != nil {
		list = append(list, diag.New(diag.FileUnreadable, "cannot list the folder of %s: %v", f.Path, plainPathError(err)))
	}
	for _, path := range paths {
		text, problem := o.read(path)
		if problem != nil {
			list = append(list, *problem)
			continue
		}
		list = append(list, f.readVarFile(newSource(o.display(path), text, true))...)
	}
	for _, name := range f.variableNames() {
		key := "STACK_VAR_" + sdk.Variable(name) // a shell cannot set a name with "-"
		if text, ok := o.LookupEnv(key); ok {
			f.given[name] = givenValue{text: text, at: diag.Range{File: "environment variable " + key}}
		}
	}
	return append(list, f.readFlags(o.Vars)...)
}

func (f *File) readVarFile(s *source) diag.List {
	f.sources[s.name] = s
	body, list := s.parse()
	if broken(list) {
		return list
	}
	for _, b := range body.Blocks {
		list = append(list, diag.At(f.at(b.TypeRange), diag.WrongType, "%s holds values of variables only", filepath.Base(s.name)).
			Because("Write NAME = VALUE."))
	}
	for _, a := range attributes(body) {
		if f.variables[a.Name] == nil {
			list = append(list, f.unknownVariable(f.at(a.NameRange), a.Name))
			continue
		}
		f.given[a.Name] = givenValue{expr: a.Expr, at: f.at(a.Expr.Range())}
	}
	return list
}

// readFlags reads the values of --var, each NAME=VALUE.
func (f *File) readFlags(vars []string) diag.List {
	var list diag.List
	for _, flag := range vars {
		name, text, ok := strings.Cut(flag, "=")
		if !ok || name == "" {
			list = append(list, diag.New(diag.Usage, "--var %q has no value", flag).Try("write --var NAME=VALUE"))
			continue
		}
		at := diag.Range{File: "--var " + name}
		if f.variables[name] == nil {
			list = append(list, f.unknownVariable(at, name))
			continue
		}
		f.given[name] = givenValue{text: text, at: at}
	}
	return list
}

func (f *File) unknownVariable(at diag.Range, name string) diag.Diagnostic {
	d := diag.At(at, diag.StackVariable, "unknown variable %q", name).Try(diag.DidYouMean(name, f.variableNames()))
	switch {
	case d.Suggestion != "":
	case len(f.variables) == 0:
		d = d.Because("There are no variables.")
	default:
		d = d.Because("Variables: %s.", strings.Join(f.variableNames(), ", "))
	}
	return d
}

func (f *File) variableNames() []string {
	names := make([]string, 0, len(f.variables))
	for name := range f.variables {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// fromText reads text that was given to a variable: as it is for strings and
// for variables without a type, else as an expression of the type.
func (s *scope) fromText(v *variable, text string, at diag.Range) (cty.Value, bool) {
	typ := s.typeOf(v)
	if typ == cty.String || typ == cty.DynamicPseudoType {
		return cty.StringVal(text), true
	}
	if typ.IsPrimitiveType() {
		value, err := convert.Convert(cty.StringVal(strings.TrimSpace(text)), typ)
		if err != nil || typ == cty.Number && exponent(text) > largestExponent {
			s.report(diag.At(at, diag.StackVariable, "variable %q must be a %s", v.name, typ.FriendlyName()))
			return cty.NilVal, false
		}
		return value, true
	}
	src := newSource(at.File, []byte(text), false)
	if place, what := excess(src.text); place != nil {
		s.report(diag.At(at, diag.StackVariable, "variable %q: %s", v.name, what))
		return cty.NilVal, false
	}
	expr, problems := hclsyntax.ParseExpression(src.text, src.name, hcl.InitialPos)
	var value cty.Value
	if !problems.HasErrors() {
		var more hcl.Diagnostics
		value, more = expr.Value(nil)
		problems = append(problems, more...)
	}
	if problems.HasErrors() {
		list := src.diagnostics(problems, diag.StackVariable)
		d := list[0]
		d.Detail = strings.TrimSpace("The value is written as in stacks.hcl, such as [\"a\"] or {a = 1}. " + d.Detail)
		s.report(d)
		return cty.NilVal, false
	}
	return value, true
}
