package requirement

import "fmt"

// newestPatch stands for the release of a Python that an image has when only
// its minor version is asked for: the newest there is.
const newestPatch = patches - 1

// PythonFor is the newest of candidates that meets requires, such as a
// project's requires-python; empty if none does. A candidate of two numbers,
// such as "3.12", stands for its newest release; one of three is itself.
func PythonFor(requires Specifiers, candidates []string) string {
	best, found := Version{}, ""
	for _, c := range candidates {
		v, err := ParseVersion(c)
		if err != nil {
			continue
		}
		real := v
		if len(v.release) < 3 {
			real, _ = ParseVersion(fmt.Sprintf("%s.%d", v.Minor(), newestPatch))
		}
		if requires.Contains(real) && (found == "" || v.Compare(best) > 0) {
			best, found = v, c
		}
	}
	return found
}
