// Command lint is the analyzers that this repository is held to beyond those of
// go vet and staticcheck: wrapped errors are compared and printed as such, no
// error is dropped, response bodies are closed, switches over enumerations are
// whole, no dereference of what is known to be nil, no write that nothing reads.
//
// It speaks the protocol of go vet, which keeps results by package:
//
//	go vet -vettool=/path/to/lint ./...
//
// A module of its own, so that no analyzer becomes a dependency of stack.
package main

import (
	"github.com/kisielk/errcheck/errcheck"
	"github.com/nishanths/exhaustive"
	"github.com/polyfloyd/go-errorlint/errorlint"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis/passes/nilness"
	"golang.org/x/tools/go/analysis/passes/unusedwrite"
	"golang.org/x/tools/go/analysis/passes/waitgroup"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	unitchecker.Main(
		errorlint.NewAnalyzer(),
		errcheck.Analyzer,
		bodyclose.Analyzer,
		exhaustive.Analyzer,
		nilness.Analyzer,
		unusedwrite.Analyzer,
		waitgroup.Analyzer,
	)
}
