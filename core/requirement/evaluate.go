package requirement

import (
	"fmt"
	"strings"
)

// Environment is what is known of the machine that a requirement is for: Linux
// with CPython, as images have it.
type Environment struct {
	Platform string // such as linux/amd64; empty where it is not known
	Python   string // such as 3.12 or 3.12.4; empty where it is not known
}

// Truth is what is known of a marker.
type Truth int

// A marker is Unknown where it depends on what the Environment does not say,
// such as the kernel's version.
const (
	Unknown Truth = iota
	False
	True
)

func (t Truth) String() string { return [...]string{"unknown", "false", "true"}[t] }

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

// patches is how many releases of a Python are looked at where only its minor
// version is known. None has come near to as many.
const patches = 60

// Evaluate says whether the marker holds in e. No marker holds everywhere.
func (m Marker) Evaluate(e Environment) Truth {
	if m.root == nil {
		return True
	}
	python, err := ParseVersion(e.Python)
	if err != nil {
		return m.root.evaluate(e.variables("", ""))
	}
	if len(python.release) > 2 {
		return m.root.evaluate(e.variables(python.Minor(), python.String()))
	}
	all := m.root.evaluate(e.variables(python.Minor(), python.Minor()+".0"))
	for patch := 1; patch < patches; patch++ {
		if m.root.evaluate(e.variables(python.Minor(), fmt.Sprintf("%s.%d", python.Minor(), patch))) != all {
			return Unknown
		}
	}
	return all
}

// variables is the values that are known.
func (e Environment) variables(minor, full string) map[string]string {
	known := map[string]string{
		"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux",
		"platform_python_implementation": "CPython", "implementation_name": "cpython",
		"extra": "", "extras": "", "dependency_groups": "",
	}
	if minor != "" {
		known["python_version"], known["python_full_version"], known["implementation_version"] = minor, full, full
	}
	if e.Platform != "" && !strings.HasPrefix(e.Platform, "linux/") {
		for _, name := range []string{"os_name", "sys_platform", "platform_system"} {
			delete(known, name)
		}
	}
	if m := machine(e.Platform); m != "" {
		known["platform_machine"] = m
	}
	return known
}

// machine is what `uname -m` says on a platform of images.
func machine(platform string) string {
	switch platform {
	case "linux/amd64", "linux/amd64/v2", "linux/amd64/v3":
		return "x86_64"
	case "linux/arm64", "linux/arm64/v8":
		return "aarch64"
	case "linux/ppc64le":
		return "ppc64le"
	case "linux/s390x":
		return "s390x"
	case "linux/riscv64":
		return "riscv64"
	}
	return ""
}

func (c *condition) evaluate(known map[string]string) Truth {
	switch c.join {
	case "and":
		result := True
		for _, part := range c.all {
			switch part.evaluate(known) {
			case False:
				return False
			case Unknown:
				result = Unknown
			}
		}
		return result
	case "or":
		result := False
		for _, part := range c.all {
			switch part.evaluate(known) {
			case True:
				return True
			case Unknown:
				result = Unknown
			}
		}
		return result
	}
	variable := c.left.variable + c.right.variable
	value, ok := known[variable]
	if !ok {
		return Unknown
	}
	left, right := c.left.text, c.right.text
	if c.left.variable != "" {
		left = value
	} else {
		right = value
	}
	return truth(compare(variable, left, c.op, right))
}

// compare is PEP 508's comparison: as versions where the variable is one and
// the right side can be compared with, otherwise as text, which has no order.
func compare(variable, left, op, right string) bool {
	switch variable {
	case "extras", "dependency_groups": // sets, and empty ones
		return op == "not in"
	case "python_version", "python_full_version", "implementation_version":
		if spec, err := ParseSpecifiers(op + right); err == nil && len(spec) == 1 && op != "in" && op != "not in" {
			v, err := ParseVersion(left)
			return err == nil && spec.Contains(v)
		}
	}
	switch op {
	case "==", "===", "<=", ">=":
		return left == right
	case "!=":
		return left != right
	case "in":
		return strings.Contains(right, left)
	case "not in":
		return !strings.Contains(right, left)
	}
	return false
}
