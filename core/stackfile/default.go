package stackfile

import (
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/stackrun/stack/core/diag"
)

// DefaultStack is the stack to use where none is named: default_stack, else
// the only stack that the file defines and that is not abstract, else, where
// the file defines no stack at all, `local`.
func (f *File) DefaultStack() (string, diag.List) {
	if f.defaultStack != nil {
		s := f.scope()
		value, ok := s.eval(f.defaultStack.Expr)
		if !ok {
			return "", s.list
		}
		value, _ = value.Unmark()
		at := f.at(f.defaultStack.Expr.Range())
		if value.IsNull() || value.Type() != cty.String {
			return "", diag.List{diag.At(at, diag.WrongType, "default_stack must be the name of a stack")}
		}
		name := value.AsString()
		concrete := f.stackNames(func(s *stackBlock) bool { return !s.abstract })
		switch block := f.stack(name); {
		case block == nil:
			return "", diag.List{diag.At(at, diag.StackNotFound, "default_stack names unknown stack %q", name).
				Because("Stacks: %s.", strings.Join(concrete, ", ")).Try(diag.DidYouMean(name, concrete))}
		case block.abstract:
			return "", diag.List{diag.At(at, diag.StackAbstract, "default_stack names abstract stack %q", name).
				Because("Stacks: %s.", strings.Join(concrete, ", "))}
		}
		return name, nil
	}
	own := f.stackNames(func(s *stackBlock) bool { return !s.builtin && !s.abstract })
	switch len(own) {
	case 0:
		return "local", nil
	case 1:
		return own[0], nil
	}
	return "", diag.List{diag.New(diag.Usage, "no stack is chosen").
		Because("Stacks of %s: %s.", f.Path, strings.Join(own, ", ")).Try("pass --stack NAME, or write default_stack = \"" + own[0] + "\"")}
}
