package gpulint

import "strings"

// spec is one clause of a requirement's versions.
type spec struct {
	op       string
	version  version
	wildcard bool // ==2.6.*
}

// parseSpecs reads clauses such as >=2.0,<2.6 and leaves out those that it does
// not understand. local is what follows the + of an exact version.
func parseSpecs(text string) (specs []spec, local string) {
	for _, clause := range strings.Split(strings.Trim(strings.TrimSpace(text), "()"), ",") {
		clause = strings.TrimSpace(clause)
		op := ""
		for _, o := range []string{"===", "~=", "==", "!=", "<=", ">=", "<", ">"} {
			if strings.HasPrefix(clause, o) {
				op = o
				break
			}
		}
		if op == "" {
			continue
		}
		release, build, _ := strings.Cut(strings.TrimSpace(clause[len(op):]), "+")
		v, ok := parseVersion(release)
		if !ok {
			continue
		}
		if op == "===" {
			op = "=="
		}
		if op == "==" && build != "" {
			local = strings.ToLower(build)
		}
		specs = append(specs, spec{op, v, strings.HasSuffix(release, ".*")})
	}
	return specs, local
}

// exact is the one version that is allowed.
func exact(specs []spec) (version, bool) {
	for _, s := range specs {
		if s.op == "==" && !s.wildcard {
			return s.version, true
		}
	}
	return nil, false
}

// allow reports whether v is allowed by all clauses.
func allow(specs []spec, v version) bool {
	for _, s := range specs {
		c := v.compare(s.version)
		ok := true
		switch s.op {
		case "==":
			ok = c == 0 || s.wildcard && v.within(s.version)
		case "!=":
			ok = c != 0 && !(s.wildcard && v.within(s.version))
		case "<=":
			ok = c <= 0
		case ">=":
			ok = c >= 0
		case "<":
			ok = c < 0
		case ">":
			ok = c > 0
		case "~=":
			ok = c >= 0 && len(s.version) > 1 && v.within(s.version[:len(s.version)-1])
		}
		if !ok {
			return false
		}
	}
	return true
}

// patches is how many patch releases of a series are looked at.
const patches = 10

// newestOf is the newest patch release of a series that is allowed.
func newestOf(specs []spec, series version) (version, bool) {
	for p := patches - 1; p >= 0; p-- {
		v := append(series[:len(series):len(series)], p)
		if allow(specs, v) {
			return v, true
		}
	}
	return nil, false
}
