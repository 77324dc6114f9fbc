// Command lint is the analyzers that this repository is held to beyond those of
// go vet and staticcheck: wrapped errors are compared and printed as such, no
// error is dropped, response bodies are closed, no dereference of what is known
// to be nil, no write that nothing reads.
//
// It speaks the protocol of go vet, which keeps results by package:
//
//	go vet -vettool=/path/to/lint ./...
//
// A module of its own, so that no analyzer becomes a dependency of stack.
package main

import (
	"strings"

	"github.com/kisielk/errcheck/errcheck"
	"github.com/polyfloyd/go-errorlint/errorlint"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/nilness"
	"golang.org/x/tools/go/analysis/passes/unusedwrite"
	"golang.org/x/tools/go/analysis/passes/waitgroup"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	unitchecker.Main(
		product(errorlint.NewAnalyzer()),
		product(errcheck.Analyzer),
		bodyclose.Analyzer,
		nilness.Analyzer,
		unusedwrite.Analyzer,
		waitgroup.Analyzer,
	)
}

// product is a without what it finds in tests. There an error that is dropped
// or compared directly is often what the test is about, and shows when it runs.
func product(a *analysis.Analyzer) *analysis.Analyzer {
	run := a.Run
	a.Run = func(pass *analysis.Pass) (any, error) {
		report := pass.Report
		pass.Report = func(d analysis.Diagnostic) {
			if !strings.HasSuffix(pass.Fset.Position(d.Pos).Filename, "_test.go") {
				d.Message = a.Name + ": " + d.Message
				report(d)
			}
		}
		return run(pass)
	}
	return a
}
