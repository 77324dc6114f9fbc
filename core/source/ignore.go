package source

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/stackrun/stack/core/diag"
)

// patterns is what a dockerignore file says, not yet ready to match.
type patterns []string

// readPatterns reads the file named, or .dockerignore in root when the name is
// empty; that one may be absent.
func readPatterns(root, name string) (patterns, error) {
	optional := name == ""
	if optional {
		name = filepath.Join(root, ".dockerignore")
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && optional {
		return nil, nil
	}
	if err != nil {
		return nil, diag.Fail(diag.FileUnreadable, fmt.Errorf("read the ignore file: %w", err), "")
	}
	lines, err := ignorefile.ReadAll(bytes.NewReader(data))
	if err == nil {
		_, err = patternmatcher.New(lines)
	}
	if err != nil {
		return nil, diag.List{badIgnoreFile(name, data, err)}
	}
	return lines, nil
}

// badIgnoreFile finds the line that is wrong, since the parser does not say.
func badIgnoreFile(name string, data []byte, err error) diag.Diagnostic {
	for i, line := range bytes.Split(data, []byte("\n")) {
		one, readErr := ignorefile.ReadAll(bytes.NewReader(line))
		if readErr != nil {
			err = readErr
		} else if _, readErr = patternmatcher.New(one); readErr != nil {
			err = readErr
		} else {
			continue
		}
		return diag.At(diag.Range{File: name, Line: i + 1, Column: 1}, diag.Syntax, "ignore pattern is not well formed: %v", err)
	}
	return diag.At(diag.Range{File: name}, diag.Syntax, "ignore file is not well formed: %v", err)
}

// literalPattern is the pattern that matches one path and nothing else.
func literalPattern(path string) string {
	var b strings.Builder
	for _, c := range path {
		if strings.ContainsRune(`*?[]\\!#`, c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// matcher says what is ignored. It is not safe for concurrent use; its
// verdicts about folders may be handed to another matcher of the same
// patterns.
type matcher struct {
	pm *patternmatcher.PatternMatcher
	// Exceptions ("!…") can re-include something below these prefixes, or
	// anywhere if one of them begins with a wildcard.
	prefixes []string
	anywhere bool
}

// verdict is what a matcher found about a folder, for those in it.
type verdict = patternmatcher.MatchInfo

func (p patterns) matcher() (*matcher, error) {
	if len(p) == 0 {
		return nil, nil
	}
	pm, err := patternmatcher.New(p)
	if err != nil {
		return nil, err
	}
	m := &matcher{pm: pm}
	for _, pattern := range pm.Patterns() {
		if !pattern.Exclusion() {
			continue
		}
		text := strings.TrimSuffix(strings.TrimSuffix(pattern.String(), "/**"), "/*")
		if strings.ContainsAny(text, `*[]?^\`) {
			m.anywhere = true
		}
		m.prefixes = append(m.prefixes, text+"/")
	}
	return m, nil
}

// match says whether path is ignored, and for those in it what was found. It
// takes what was found about path's folder.
func (m *matcher) match(path string, parent verdict) (bool, verdict, error) {
	if m == nil {
		return false, verdict{}, nil
	}
	return m.pm.MatchesUsingParentResults(path, parent)
}

// reincludes reports whether anything in the ignored folder at path can be
// source all the same.
func (m *matcher) reincludes(path string) bool {
	if m == nil || m.anywhere {
		return m != nil
	}
	for _, prefix := range m.prefixes {
		if strings.HasPrefix(prefix, path+"/") {
			return true
		}
	}
	return false
}
