package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// path is name as the user gave it, made absolute.
func (a *app) path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(a.Dir, name)
}

func (a *app) readFile(name string) ([]byte, error) { return os.ReadFile(a.path(name)) }

// env is the value of a variable of the caller's environment, or empty.
func (a *app) env(name string) string {
	value, _ := a.lookupEnv(name)
	return value
}

func (a *app) lookupEnv(name string) (string, bool) {
	for i := len(a.Environ) - 1; i >= 0; i-- {
		if key, value, ok := strings.Cut(a.Environ[i], "="); ok && key == name {
			return value, true
		}
	}
	return "", false
}

// printJSON writes v to standard output, indented.
func (a *app) printJSON(v any) {
	e := json.NewEncoder(a.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		fmt.Fprintf(a.Stderr, "error: write JSON: %v\n", err)
	}
}

// printLine writes v to standard output as JSON on one line, for output that
// is one object a line.
func (a *app) printLine(v any) {
	e := json.NewEncoder(a.Stdout)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		fmt.Fprintf(a.Stderr, "error: write JSON: %v\n", err)
	}
}

// say writes a line to people.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.Stderr, format+"\n", args...)
}
