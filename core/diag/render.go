package diag

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
)

// Printer shows diagnostics to people.
type Printer struct {
	W     io.Writer
	Color bool
	// ReadFile gives the text of a file that a range names, for the line to
	// show. nil is os.ReadFile; a file that cannot be read is shown without.
	ReadFile func(path string) ([]byte, error)
}

// Print writes every diagnostic of l, errors and warnings in the order found:
//
//	error: unknown field "acelerator"   [STK1203]
//	  flow.yaml:26:7
//	26 |       acelerator: h100:8
//	   |       ^^^^^^^^^^ did you mean "accelerator"?
//
// Lines that hold a secret, or something with the name of one, are not shown,
// whichever diagnostic is about them.
func (p Printer) Print(l List) {
	source := source{lines: map[string][]string{}}
	for _, d := range l {
		if d.Range != nil && (d.Code == SecretInPlain || d.Code == SecretName) {
			source.hidden = append(source.hidden, *d.Range)
		}
	}
	for _, d := range l {
		p.print(d, source)
	}
}

// source is the text of files, and what of it is not shown.
type source struct {
	lines  map[string][]string // by file
	hidden []Range
}

// hides reports whether line is not shown.
func (s source) hides(file string, line int) bool {
	for _, r := range s.hidden {
		if r.File == file && r.Line <= line && line <= max(r.Line, r.EndLine) {
			return true
		}
	}
	return false
}

// holdsCredentials reports whether a line has a URL with a user in it. That a
// mistake beside it was found first is no reason to show it.
func holdsCredentials(line string) bool {
	for {
		_, rest, found := strings.Cut(line, "://")
		if !found {
			return false
		}
		authority := rest
		if end := strings.IndexAny(rest, "/ \t\"'"); end >= 0 {
			authority = rest[:end]
		}
		if user, _, has := strings.Cut(authority, "@"); has && user != "git" {
			return true
		}
		line = rest
	}
}

func (p Printer) print(d Diagnostic, from source) {
	label := map[Severity]string{Error: "\x1b[1;31m", Warning: "\x1b[1;33m", Info: "\x1b[1;36m"}[d.Severity]
	fmt.Fprintf(p.W, "%s: %s   %s\n", p.paint(label, string(d.Severity)), Printable(d.Summary), p.paint("\x1b[2m", "["+string(d.Code)+"]"))
	shown := false
	if d.Range != nil {
		fmt.Fprintf(p.W, "  %s\n", Printable(d.Range.String()))
		shown = p.snippet(d, from)
	}
	for _, line := range strings.Split(strings.TrimSpace(d.Detail), "\n") {
		if line != "" {
			fmt.Fprintf(p.W, "  %s\n", Printable(line))
		}
	}
	if d.Suggestion != "" && !shown {
		for _, line := range strings.Split(d.Suggestion, "\n") {
			fmt.Fprintf(p.W, "  %s\n", Printable(line))
		}
	}
}

// snippet shows the line of d with the range underlined and the suggestion
// behind it; it reports whether it could.
func (p Printer) snippet(d Diagnostic, from source) bool {
	r := *d.Range
	if r.Line < 1 || from.hides(r.File, r.Line) {
		return false
	}
	lines, read := from.lines[r.File]
	if !read {
		readFile := p.ReadFile
		if readFile == nil {
			readFile = os.ReadFile
		}
		if data, err := readFile(r.File); err == nil {
			lines = strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
		}
		from.lines[r.File] = lines
	}
	if r.Line > len(lines) || holdsCredentials(lines[r.Line-1]) {
		return false
	}
	const widest = 160
	text := []rune(strings.ReplaceAll(lines[r.Line-1], "\t", " "))
	start := min(max(r.Column-1, 0), len(text))
	end := start + 1
	if r.EndLine == r.Line && r.EndColumn-1 > start {
		end = r.EndColumn - 1
	}
	end = min(max(end, start+1), max(len(text), start+1))
	if len(text) > widest { // keep the place in sight
		from := max(0, min(start-widest/3, len(text)-widest))
		text, start, end = text[from:from+widest], start-from, min(end-from, widest)
	}
	number := strconv.Itoa(r.Line)
	blank := strings.Repeat(" ", len(number))
	fmt.Fprintf(p.W, "%s | %s\n", number, Printable(string(text)))
	fmt.Fprintf(p.W, "%s | %s%s", blank, strings.Repeat(" ", start), p.paint("\x1b[1;31m", strings.Repeat("^", max(end-start, 1))))
	if d.Suggestion != "" && !strings.Contains(d.Suggestion, "\n") {
		fmt.Fprintf(p.W, " %s\n", Printable(d.Suggestion))
		return true
	}
	fmt.Fprintln(p.W)
	return false
}

func (p Printer) paint(code, text string) string {
	if !p.Color {
		return text
	}
	return code + text + "\x1b[0m"
}

// Printable is text with characters that would change the terminal's state
// (escape sequences in a file's name, say) written out.
func Printable(text string) string {
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unprintable(r) {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func unprintable(r rune) bool { return unicode.IsControl(r) && r != '\t' }
