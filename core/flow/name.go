package flow

import (
	"regexp"
	"strings"
	"sync"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/sdk"
)

var namePattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`) })

// longestName is what namePattern allows.
const longestName = 63

// checkName refuses a name of a step, parameter and so on.
func (p *parser) checkName(what, name string, r diag.Range) bool {
	if namePattern().MatchString(name) {
		return true
	}
	d := diag.At(r, diag.BadName, "%q cannot be the name of %s", name, what).
		Because("Names have lower-case letters, digits, - and _, begin with a letter and have %d characters at most.", longestName)
	if near := nearName(name); near != "" {
		d = d.Try(`write "` + near + `"`)
	}
	p.add(d)
	return false
}

// nearName is the name that could have been meant, or empty.
func nearName(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(strings.TrimSpace(name)) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '-':
			b.WriteRune(c)
		default:
			b.WriteByte('-')
		}
	}
	near := strings.Trim(b.String(), "-")
	if !namePattern().MatchString(near) {
		return ""
	}
	return near
}

// names finds names that are one variable of the environment, such as a-b and
// a_b.
type names struct {
	what string
	seen map[string]string // by variable
}

func (p *parser) distinct(n *names, name string, r diag.Range) {
	if n.seen == nil {
		n.seen = map[string]string{}
	}
	variable := sdk.Variable(name)
	if first, twice := n.seen[variable]; twice {
		p.add(diag.At(r, diag.Duplicate, "%s %q and %q have one variable, %s", n.what, first, name, variable).Try("rename one of them"))
		return
	}
	n.seen[variable] = name
}
