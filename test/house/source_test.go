package house_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxLines is where a file holds more than one concept for certain;
// manyLines is where it deserves a second look, which `go test -v` shows.
const (
	manyLines = 400
	maxLines  = 600
)

// variables is the package variables that may be assigned to, with the reason.
// Errors, embedded files, compiled patterns and interface checks need none.
func variables() map[string]string {
	return map[string]string{
		"cmd/stack.version":      "the linker writes it when a release is built",
		"test/house_test.update": "a flag of these tests",
	}
}

// file is one Go file of the repository, parsed.
type file struct {
	path      string // from the repository's root
	content   []byte
	syntax    *ast.File
	generated bool
}

func (f file) isTest() bool   { return strings.HasSuffix(f.path, "_test.go") }
func (f file) folder() string { return filepath.ToSlash(filepath.Dir(f.path)) }

// sources reads every Go file, of all modules; the text of what is tested here
// is the repository's, whatever build tags a file has.
func sources(t *testing.T) (*token.FileSet, []file) {
	t.Helper()
	dir, set := root(t), token.NewFileSet()
	var all []file
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != dir && (strings.HasPrefix(name, ".") || name == "bin" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(set, relative, content, parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, file{path: filepath.ToSlash(relative), content: content, syntax: syntax, generated: ast.IsGenerated(syntax)})
		return nil
	})
	if err != nil {
		t.Fatalf("read the sources: %v", err)
	}
	if len(all) < 20 {
		t.Fatalf("found %d Go files: the walk is broken", len(all))
	}
	return set, all
}

func TestEveryPackageHasAComment(t *testing.T) {
	_, files := sources(t)
	documented := map[string]bool{}
	name := map[string]string{}
	for _, f := range files {
		if f.isTest() {
			continue
		}
		name[f.folder()] = f.syntax.Name.Name
		if doc := f.syntax.Doc; doc != nil && len(strings.Fields(doc.Text())) >= 8 {
			documented[f.folder()] = true
		}
	}
	for folder, pkg := range name {
		if !documented[folder] {
			t.Errorf("%s: package %s has no comment that says what it is for", folder, pkg)
		}
	}
}

func TestNothingIsInitialisedBehindTheReadersBack(t *testing.T) {
	set, files := sources(t)
	excused := variables()
	// What a test is given may be a variable, as long as no test changes it.
	assigned := assignments(files)
	for _, f := range files {
		if f.generated {
			continue
		}
		for _, decl := range f.syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					t.Errorf("%s: func init: call it where its effect is wanted", set.Position(d.Pos()))
				}
			case *ast.GenDecl:
				if d.Tok != token.VAR {
					continue
				}
				for _, spec := range d.Specs {
					v := spec.(*ast.ValueSpec)
					for i, name := range v.Names {
						key := f.folder() + "." + name.Name
						if f.isTest() && strings.HasSuffix(f.syntax.Name.Name, "_test") {
							key = f.folder() + "_test." + name.Name
						}
						if _, ok := excused[key]; ok {
							delete(excused, key)
							continue
						}
						if name.Name == "_" || constant(f, d, v, i) || f.isTest() && !assigned[f.folder()+"."+name.Name] {
							continue
						}
						t.Errorf("%s: package variable %s can be changed: pass it in, or make it a function or a constant", set.Position(name.Pos()), name.Name)
					}
				}
			}
		}
	}
	for key, reason := range excused {
		t.Errorf("variables() excuses %s (%s), which does not exist", key, reason)
	}
}

// assignments is the names that test files assign to, or whose elements they
// assign to, or whose address they take; by folder.
func assignments(files []file) map[string]bool {
	found := map[string]bool{}
	for _, f := range files {
		if !f.isTest() {
			continue
		}
		note := func(e ast.Expr) {
			for {
				switch x := e.(type) {
				case *ast.IndexExpr:
					e = x.X
				case *ast.SelectorExpr:
					e = x.X
				case *ast.Ident:
					found[f.folder()+"."+x.Name] = true
					return
				default:
					return
				}
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch s := n.(type) {
			case *ast.AssignStmt:
				for _, left := range s.Lhs {
					if s.Tok == token.ASSIGN {
						note(left)
					}
				}
			case *ast.IncDecStmt:
				note(s.X)
			case *ast.UnaryExpr:
				if s.Op == token.AND {
					note(s.X)
				}
			}
			return true
		})
	}
	return found
}

// constant says whether a package variable is one in name only: an error to
// compare with, an embedded file, a compiled pattern.
func constant(f file, d *ast.GenDecl, v *ast.ValueSpec, i int) bool {
	for _, doc := range []*ast.CommentGroup{d.Doc, v.Doc} {
		if doc == nil {
			continue
		}
		for _, c := range doc.List {
			if strings.HasPrefix(c.Text, "//go:embed ") {
				return true
			}
		}
	}
	if i >= len(v.Values) {
		return false
	}
	call, ok := v.Values[i].(*ast.CallExpr)
	if !ok {
		return false
	}
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := fun.X.(*ast.Ident)
	if !ok {
		return false
	}
	switch pkg.Name + "." + fun.Sel.Name {
	case "errors.New", "fmt.Errorf", "regexp.MustCompile", "regexp.MustCompilePOSIX", "strings.NewReplacer",
		"sync.OnceValue", "sync.OnceValues": // computed when first asked for, then always the same
		return true
	}
	return false
}

func TestNothingIsLeftForLater(t *testing.T) {
	_, files := sources(t)
	later := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX|HA` + `CK)\b`)
	for _, f := range files {
		if f.generated {
			continue
		}
		for i, line := range bytes.Split(f.content, []byte("\n")) {
			if later.Match(line) {
				t.Errorf("%s:%d: %s", f.path, i+1, bytes.TrimSpace(line))
			}
		}
	}
}

func TestFilesHoldOneConcept(t *testing.T) {
	_, files := sources(t)
	for _, f := range files {
		if f.generated {
			continue
		}
		switch n := bytes.Count(f.content, []byte("\n")); {
		case n > maxLines:
			t.Errorf("%s has %d lines; at most %d", f.path, n, maxLines)
		case n > manyLines:
			t.Logf("%s has %d lines", f.path, n)
		}
	}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	set, files := sources(t)
	promised := interfaceMethods(files)
	for _, f := range files {
		if f.isTest() || f.generated {
			continue
		}
		missing := func(name *ast.Ident) {
			t.Errorf("%s: exported %s has no comment", set.Position(name.Pos()), name.Name)
		}
		for _, decl := range f.syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				// What an interface promises, of ours or of the standard library, is said there.
				if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || exportedReceiver(d) && !wellKnown(d.Name.Name) && !promised[d.Name.Name]) {
					missing(d.Name)
				}
			case *ast.GenDecl:
				group := commented(d)
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
							missing(s.Name)
						}
					case *ast.ValueSpec:
						for _, name := range s.Names {
							if name.IsExported() && !group && s.Type == nil {
								missing(name)
							}
						}
					}
				}
			}
		}
	}
}

// commented says whether a group of constants has a comment anywhere: one line
// often speaks for those below it. A constant of a named type is explained by
// the type.
func commented(d *ast.GenDecl) bool {
	if d.Doc != nil {
		return true
	}
	for _, spec := range d.Specs {
		if v, ok := spec.(*ast.ValueSpec); ok && (v.Doc != nil || v.Comment != nil || v.Type != nil) {
			return true
		}
	}
	return false
}

// interfaceMethods is the names of the methods of this repository's interfaces.
func interfaceMethods(files []file) map[string]bool {
	names := map[string]bool{}
	for _, f := range files {
		if f.generated {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			i, ok := n.(*ast.InterfaceType)
			if !ok {
				return true
			}
			for _, m := range i.Methods.List {
				for _, name := range m.Names {
					names[name.Name] = true
				}
			}
			return true
		})
	}
	return names
}

func exportedReceiver(d *ast.FuncDecl) bool {
	expr := d.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.IsExported()
		default:
			return false
		}
	}
}

func wellKnown(method string) bool {
	switch method {
	case "Error", "String", "Unwrap", "Is", "As", "Len", "Less", "Swap", "Read", "Write", "Close",
		"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "GoString", "Format":
		return true
	}
	return false
}
