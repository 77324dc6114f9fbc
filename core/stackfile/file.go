package stackfile

import (
	_ "embed"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/stackrun/stack/core/diag"
)

// builtinText is the stacks that exist without a file.
//
//go:embed builtin.hcl
var builtinText []byte

// builtinName is what values of the built-in stacks name as their file.
const builtinName = "built-in stacks"

// File is a stacks.hcl that was read, together with the built-in stacks. It is
// not changed once loaded and may be used from several goroutines.
type File struct {
	Path string // as the user would name it; empty where there is no file

	dir       string
	lookupEnv func(string) (string, bool)
	functions map[string]function.Function
	sources   map[string]*source

	variables    map[string]*variable
	locals       map[string]*hclsyntax.Attribute
	stacks       []*stackBlock // in the order written, built-in ones last
	integrations []*hclsyntax.Block
	configs      []*hclsyntax.Block // stack_config, at most one
	defaultStack *hclsyntax.Attribute
	given        map[string]givenValue
}

func newFile(lookupEnv func(string) (string, bool)) *File {
	return &File{
		lookupEnv: lookupEnv,
		functions: functions("", lookupEnv),
		sources:   map[string]*source{},
		variables: map[string]*variable{},
		locals:    map[string]*hclsyntax.Attribute{},
		given:     map[string]givenValue{},
	}
}

// Builtin is the stacks that exist without a file: `local`, whose steps are
// processes on this machine, and `docker`, whose steps are containers of the
// local Docker Engine. The first is the default.
func Builtin() *File {
	f := newFile(func(string) (string, bool) { return "", false })
	_ = f.addBuiltin() // what is embedded has no mistakes, which a test holds
	return f
}

// addBuiltin adds the built-in stacks whose names the file leaves free.
func (f *File) addBuiltin() diag.List {
	s := newSource(builtinName, builtinText, false)
	f.sources[s.name] = s
	body, list := s.parse()
	if broken(list) {
		return list
	}
	for _, b := range body.Blocks {
		stack, problems := f.readStack(b)
		list = append(list, problems...)
		if stack == nil || f.stack(stack.name) != nil {
			continue
		}
		stack.builtin = true
		f.stacks = append(f.stacks, stack)
	}
	return list
}

// stack is the stack of that name, or nil.
func (f *File) stack(name string) *stackBlock {
	for _, s := range f.stacks {
		if s.name == name {
			return s
		}
	}
	return nil
}

func (f *File) source(name string) *source { return f.sources[name] }
