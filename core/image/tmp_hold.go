package image

func (c *compiler) contradictions([]set)       {}
func (c *compiler) pythonOf(s Settings) string { return first(s.PythonVersion, DefaultPython) }

type scr struct{ Dependencies []string }

func (c *compiler) script(s Settings) scr { return scr{} }
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
