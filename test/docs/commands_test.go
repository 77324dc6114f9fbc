package docs_test

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stackrun/stack/core/cli"
	"github.com/stackrun/stack/core/diag"
)

func commands() *cobra.Command {
	return cli.Commands(cli.Program{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard})
}

// walk calls visit for every command below c.
func walk(c *cobra.Command, visit func(*cobra.Command)) {
	for _, child := range c.Commands() {
		visit(child)
		walk(child, visit)
	}
}

// checkCommand says what is wrong with the words of a command line after
// `stack`. whole lines must have all arguments too.
func checkCommand(words []string, whole bool) error {
	top := commands()
	cmd, rest, err := top.Find(words)
	if err != nil {
		return err
	}
	if cmd == top && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		var list diag.List
		if errors.As(top.ValidateArgs(rest), &list) && list[0].Code == diag.NotBuiltYet {
			return nil // said to be so
		}
		return fmt.Errorf("there is no command %q", rest[0])
	}
	cmd.InitDefaultHelpFlag()
	for i, word := range rest { // words that stand for a value of a type
		if value, ok := map[string]string{"TIME": "1s", "N": "1"}[word]; ok {
			rest[i] = value
		}
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if !whole || cmd == top {
		return nil
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// TestCommandLines tries every command line of the pages.
func TestCommandLines(t *testing.T) {
	lines, mentions := 0, 0
	for _, p := range pages(t) {
		for _, b := range p.blocks(t) {
			if b.language != "" && b.language != "bash" {
				continue
			}
			for i, line := range strings.Split(b.text, "\n") {
				line, prompt := strings.CutPrefix(line, "$ ")
				if !prompt && !startsCommand.MatchString(line) {
					continue
				}
				for _, words := range commandsIn(line) {
					lines++
					if err := checkCommand(words, prompt); err != nil {
						t.Errorf("%s:%d: stack %s: %v", p.name, b.line+i, strings.Join(words, " "), err)
					}
				}
			}
		}
		for i, line := range strings.Split(p.prose(), "\n") {
			for _, m := range inCode.FindAllStringSubmatch(line, -1) {
				if strings.HasPrefix(m[1], `stack "`) {
					continue // a block of stacks.hcl
				}
				for _, words := range commandsIn(m[1]) {
					mentions++
					if err := checkCommand(words, false); err != nil {
						t.Errorf("%s:%d: `%s`: %v", p.name, i+1, m[1], err)
					}
				}
			}
		}
	}
	if lines < 15 || mentions < 30 {
		t.Errorf("only %d command lines and %d mentions were found", lines, mentions)
	}
}

var startsCommand = regexp.MustCompile(`^((bin/)?stack|make) `)

// TestExamples tries every example of every command's help.
func TestExamples(t *testing.T) {
	walk(commands(), func(c *cobra.Command) {
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		if c.Short == "" {
			t.Errorf("%s does not say what it is for", c.CommandPath())
		}
		own := false
		for _, line := range strings.Split(c.Example, "\n") {
			found := commandsIn(line)
			if len(found) == 0 {
				t.Errorf("%s: the example %q has no command in it", c.CommandPath(), line)
			}
			for _, words := range found {
				own = own || strings.HasPrefix("stack "+strings.Join(words, " "), c.CommandPath())
				if err := checkCommand(words, true); err != nil {
					t.Errorf("%s: the example %q: %v", c.CommandPath(), line, err)
				}
			}
		}
		if !own {
			t.Errorf("no example of %s is of itself", c.CommandPath())
		}
	})
}

// TestCommandsPage: docs/commands.md has every command and every flag.
func TestCommandsPage(t *testing.T) {
	text := read(t, "docs/commands.md").text
	walk(commands(), func(c *cobra.Command) {
		if c.HasSubCommands() {
			return
		}
		if !regexp.MustCompile("`" + regexp.QuoteMeta(c.CommandPath()) + "[` ]").MatchString(text) {
			t.Errorf("docs/commands.md lacks %s", c.CommandPath())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !regexp.MustCompile("`--" + f.Name + "[` ]").MatchString(text) {
				t.Errorf("docs/commands.md lacks --%s of %s", f.Name, c.CommandPath())
			}
			if f.Shorthand != "" && !strings.Contains(text, "`-"+f.Shorthand+"`, `--"+f.Name) {
				t.Errorf("docs/commands.md lacks -%s, short for --%s", f.Shorthand, f.Name)
			}
		})
	})
}
