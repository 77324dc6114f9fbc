package gpulint

import (
	"regexp"
	"strings"
	"sync"
)

// applies is what a marker comes to.
type applies int

const (
	never applies = iota
	perhaps
	always
)

var markerTokens = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\s*(\(|\)|===|~=|==|!=|<=|>=|<|>|'[^']*'|"[^"]*"|[A-Za-z_][A-Za-z0-9_.]*)`)
})

// markerOf says whether a marker of PEP 508 holds in the image: on Linux, on
// this machine, with this Python where it is known. What it does not understand
// holds perhaps.
func markerOf(text, arch, python string) applies {
	if strings.TrimSpace(text) == "" {
		return always
	}
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch]
	p := &markerParser{variables: map[string]string{
		"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": machine,
		"platform_python_implementation": "CPython", "implementation_name": "cpython", "python_version": python,
	}}
	rest := text
	for {
		m := markerTokens().FindStringSubmatchIndex(rest)
		if m == nil || m[0] != 0 {
			break
		}
		p.tokens = append(p.tokens, rest[m[2]:m[3]])
		rest = rest[m[1]:]
	}
	if strings.TrimSpace(rest) != "" || len(p.tokens) > 200 {
		return perhaps
	}
	v := p.or()
	if p.failed || p.at != len(p.tokens) {
		return perhaps
	}
	return v
}

type markerParser struct {
	variables map[string]string
	tokens    []string
	at        int
	failed    bool
}

func (p *markerParser) next() string {
	if p.at >= len(p.tokens) {
		p.failed = true
		return ""
	}
	p.at++
	return p.tokens[p.at-1]
}

func (p *markerParser) follows(word string) bool {
	if p.at < len(p.tokens) && p.tokens[p.at] == word {
		p.at++
		return true
	}
	return false
}

func (p *markerParser) or() applies {
	v := p.and()
	for p.follows("or") {
		v = max(v, p.and())
	}
	return v
}

func (p *markerParser) and() applies {
	v := p.one()
	for p.follows("and") {
		v = min(v, p.one())
	}
	return v
}

func (p *markerParser) one() applies {
	if p.follows("(") {
		v := p.or()
		if !p.follows(")") {
			p.failed = true
		}
		return v
	}
	left := p.next()
	op := p.next()
	right := p.next()
	l, lok := p.value(left)
	r, rok := p.value(right)
	if !lok || !rok {
		return perhaps
	}
	if left == "python_version" || right == "python_version" {
		lv, ok1 := parseVersion(l)
		rv, ok2 := parseVersion(r)
		if !ok1 || !ok2 {
			return perhaps
		}
		if right == "python_version" { // '3.10' <= python_version
			lv, rv, op = rv, lv, mirrored(op)
		}
		return truth(allow([]spec{{op, rv, strings.HasSuffix(r, ".*")}}, lv))
	}
	switch op {
	case "==", "===":
		return truth(l == r)
	case "!=":
		return truth(l != r)
	}
	return perhaps
}

func mirrored(op string) string {
	if m, ok := map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}[op]; ok {
		return m
	}
	return op
}

func truth(b bool) applies {
	if b {
		return always
	}
	return never
}

// value is that of a string or a variable that is known.
func (p *markerParser) value(token string) (string, bool) {
	if len(token) >= 2 && (token[0] == '\'' || token[0] == '"') {
		return token[1 : len(token)-1], true
	}
	v := p.variables[token]
	return v, v != ""
}
