package stackfile

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// largestFile is how much the function file reads; what it is for is names,
// keys and small documents.
const largestFile = 1 << 20

// functions is what expressions may call. None depends on the time or on
// chance: the same file, variables and environment give the same stacks.
func functions(dir string, lookupEnv func(string) (string, bool)) map[string]function.Function {
	return map[string]function.Function{
		"abs":             stdlib.AbsoluteFunc,
		"base64decode":    base64DecodeFunc(),
		"base64encode":    stringFunc(func(s string) (string, error) { return base64.StdEncoding.EncodeToString([]byte(s)), nil }),
		"can":             tryfunc.CanFunc,
		"ceil":            stdlib.CeilFunc,
		"chomp":           stdlib.ChompFunc,
		"chunklist":       stdlib.ChunklistFunc,
		"coalesce":        stdlib.CoalesceFunc,
		"coalescelist":    stdlib.CoalesceListFunc,
		"compact":         stdlib.CompactFunc,
		"concat":          stdlib.ConcatFunc,
		"contains":        stdlib.ContainsFunc,
		"csvdecode":       stdlib.CSVDecodeFunc,
		"distinct":        stdlib.DistinctFunc,
		"element":         stdlib.ElementFunc,
		"endswith":        affixFunc(strings.HasSuffix),
		"env":             envFunc(lookupEnv),
		"file":            fileFunc(dir),
		"flatten":         stdlib.FlattenFunc,
		"floor":           stdlib.FloorFunc,
		"format":          stdlib.FormatFunc,
		"formatdate":      stdlib.FormatDateFunc,
		"formatlist":      stdlib.FormatListFunc,
		"indent":          stdlib.IndentFunc,
		"index":           stdlib.IndexFunc,
		"join":            stdlib.JoinFunc,
		"jsondecode":      stdlib.JSONDecodeFunc,
		"jsonencode":      stdlib.JSONEncodeFunc,
		"keys":            stdlib.KeysFunc,
		"length":          lengthFunc(),
		"log":             stdlib.LogFunc,
		"lookup":          stdlib.LookupFunc,
		"lower":           stdlib.LowerFunc,
		"max":             stdlib.MaxFunc,
		"merge":           stdlib.MergeFunc,
		"min":             stdlib.MinFunc,
		"parseint":        stdlib.ParseIntFunc,
		"pow":             stdlib.PowFunc,
		"range":           stdlib.RangeFunc,
		"regex":           stdlib.RegexFunc,
		"regexall":        stdlib.RegexAllFunc,
		"regexreplace":    stdlib.RegexReplaceFunc,
		"replace":         stdlib.ReplaceFunc,
		"reverse":         stdlib.ReverseListFunc,
		"setintersection": stdlib.SetIntersectionFunc,
		"setproduct":      stdlib.SetProductFunc,
		"setsubtract":     stdlib.SetSubtractFunc,
		"setunion":        stdlib.SetUnionFunc,
		"signum":          stdlib.SignumFunc,
		"slice":           stdlib.SliceFunc,
		"sort":            stdlib.SortFunc,
		"split":           stdlib.SplitFunc,
		"startswith":      affixFunc(strings.HasPrefix),
		"strlen":          stdlib.StrlenFunc,
		"strrev":          stdlib.ReverseFunc,
		"substr":          stdlib.SubstrFunc,
		"title":           stdlib.TitleFunc,
		"tobool":          stdlib.MakeToFunc(cty.Bool),
		"tolist":          stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
		"tomap":           stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"tonumber":        stdlib.MakeToFunc(cty.Number),
		"toset":           stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
		"tostring":        stdlib.MakeToFunc(cty.String),
		"trim":            stdlib.TrimFunc,
		"trimprefix":      stdlib.TrimPrefixFunc,
		"trimspace":       stdlib.TrimSpaceFunc,
		"trimsuffix":      stdlib.TrimSuffixFunc,
		"try":             tryfunc.TryFunc,
		"upper":           stdlib.UpperFunc,
		"values":          stdlib.ValuesFunc,
		"zipmap":          stdlib.ZipmapFunc,
	}
}

// unsetError is a variable of the environment that a file needs and that is
// not set.
type unsetError struct{ name string }

func (e *unsetError) Error() string { return fmt.Sprintf("environment variable %q is not set", e.name) }

// envFunc is env("X"), an error where X is not set, and env("X", "instead").
func envFunc(lookup func(string) (string, bool)) function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "name", Type: cty.String}},
		VarParam: &function.Parameter{Name: "instead", Type: cty.String, AllowNull: true},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if len(args) > 2 {
				return cty.NilVal, function.NewArgErrorf(2, "env takes a name and, at most, a value to use when it is not set")
			}
			name := args[0].AsString()
			if value, ok := lookup(name); ok {
				if !utf8.ValidString(value) {
					return cty.NilVal, fmt.Errorf("environment variable %q is not UTF-8", name)
				}
				return cty.StringVal(value), nil
			}
			if len(args) == 2 {
				return args[1], nil
			}
			return cty.NilVal, &unsetError{name}
		},
	})
}

// fileFunc is file("path"): the text of a file in the folder of stacks.hcl or
// below it. A path that leads outside, through a link too, is an error, so
// that a repository's file cannot carry a key of this machine into a plan.
func fileFunc(dir string) function.Function {
	return stringFunc(func(name string) (string, error) {
		if dir == "" {
			return "", errors.New("there is no stacks.hcl whose folder the path could be relative to")
		}
		if filepath.IsAbs(name) {
			return "", fmt.Errorf("%q must be relative to the folder of stacks.hcl", name)
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return "", fmt.Errorf("%q leads outside of the folder of stacks.hcl", name)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			return "", fmt.Errorf("open folder of stacks.hcl: %w", plainPathError(err))
		}
		defer func() { _ = root.Close() }() // only read
		info, err := root.Stat(filepath.FromSlash(name))
		if err != nil {
			return "", fmt.Errorf("read %q: %w", name, plainPathError(err))
		}
		if !info.Mode().IsRegular() {
			return "", fmt.Errorf("%q is not a regular file", name)
		}
		f, err := root.Open(filepath.FromSlash(name))
		if err != nil {
			return "", fmt.Errorf("read %q: %w", name, plainPathError(err))
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, largestFile+1))
		switch {
		case err != nil:
			return "", fmt.Errorf("read %q: %w", name, plainPathError(err))
		case len(data) > largestFile:
			return "", fmt.Errorf("%q is larger than 1 MiB", name)
		case !utf8.Valid(data):
			return "", fmt.Errorf("%q is not UTF-8 text", name)
		}
		return string(data), nil
	})
}

// plainPathError is err without the path, which the caller names.
func plainPathError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func stringFunc(do func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			text, err := do(args[0].AsString())
			if err != nil {
				return cty.NilVal, err
			}
			return cty.StringVal(text), nil
		},
	})
}

func base64DecodeFunc() function.Function {
	return stringFunc(func(s string) (string, error) {
		data, err := base64.StdEncoding.DecodeString(s)
		if err != nil || !utf8.Valid(data) {
			return "", errors.New("not base64 of UTF-8 text")
		}
		return string(data), nil
	})
}

func affixFunc(has func(string, string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "part", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(has(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

// lengthFunc is length of a string, too, in characters as people count them.
func lengthFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true}},
		Type: func(args []cty.Value) (cty.Type, error) {
			t := args[0].Type()
			if t == cty.String || t == cty.DynamicPseudoType || t.IsCollectionType() || t.IsTupleType() || t.IsObjectType() {
				return cty.Number, nil
			}
			return cty.NilType, function.NewArgErrorf(0, "a string, list or map is needed")
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if args[0].Type() == cty.String {
				return stdlib.Strlen(args[0])
			}
			if args[0].Type().IsObjectType() {
				return cty.NumberIntVal(int64(len(args[0].Type().AttributeTypes()))), nil
			}
			return stdlib.Length(args[0])
		},
	})
}
