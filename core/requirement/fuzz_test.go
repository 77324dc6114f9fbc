package requirement_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/requirement"
)

func addGolden(f *testing.F) {
	for _, s := range []string{
		"a", "A_b[c,d]>=1,<2 ; os_name == 'x' or (extra=='y' and python_version<'3')", "a @ https://e.org/x ; os_name=='a'", "a (==1.*)",
		"git+https://e.org/a@v#egg=b[c]", "./a b[c];os_name=='d'", "a --hash=sha256:" + strings.Repeat("0", 64), "a -C 'b c' --global-option=\\'",
		"a=1", "a~1", "a^1", "a 1", "a b", "a,b", "a==1=2", "pip install a", "'a'", "a>=1.*+x", "-r a", "-e git+x#egg=y", "-i 'a b' -f c", "--pre",
		"-e a ; b", "a;os_name==\"'\"", "C:\\a", "a===\x00", "1!2.0rc1.post2.dev3+a.1", "[", ";", "@", "\\", "-r 'a\\' # b", "-Ca\\ \\#b",
	} {
		f.Add(s)
	}
}

func FuzzParse(f *testing.F) {
	addGolden(f)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := requirement.Parse(text)
		if err != nil {
			e := err.(*requirement.Error)
			if e.Offset < 0 || e.Error() == "" {
				t.Errorf("Parse(%q): %+v", text, e)
			}
			_ = e.Suggestion()
			return
		}
		again, err := requirement.Parse(r.Written)
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("Parse(%q) is %+v, and what is written of it %q is %+v, %v", text, r, r.Written, again, err)
		}
		normal, err := requirement.Parse(r.String())
		if err != nil || normal.String() != r.String() || normal.Name != r.Name {
			t.Errorf("Parse(%q) reads as %q, and this as %q, %v", text, r.String(), normal.String(), err)
		}
		if line, err := requirement.ParseLine(r.Written); err != nil || line.Kind != requirement.Required {
			t.Errorf("Parse(%q) is a requirement, ParseLine(%q) gives %q, %v", text, r.Written, line.Kind, err)
		}
		if name := requirement.Name(text); r.Name != "" && name != r.Name {
			t.Errorf("Name(%q) is %q, Parse says %q", text, name, r.Name)
		}
		if strings.ContainsAny(r.String(), "\n\r\x00") {
			t.Errorf("Parse(%q) has an end of line in it: %q", text, r.String())
		}
		r.Marker.Evaluate(requirement.Environment{Platform: "linux/amd64", Python: "3.12"})
		if why, contradict := requirement.Contradict(r, r, requirement.Environment{}); contradict != (why != "") {
			t.Errorf("%q: %v %q", text, contradict, why)
		}
	})
}

func FuzzParseLine(f *testing.F) {
	addGolden(f)
	f.Fuzz(func(t *testing.T, text string) {
		line, err := requirement.ParseLine(text)
		if err != nil || line.Kind != requirement.Options {
			return
		}
		var all []string
		for _, o := range line.Options {
			all = append(all, o.String())
		}
		written := strings.Join(all, " ")
		again, err := requirement.ParseLine(written)
		if err != nil || !reflect.DeepEqual(again, line) || strings.HasSuffix(written, `\`) {
			t.Errorf("%q is written as %q, which reads as %+v, %v", text, written, again, err)
		}
	})
}

func FuzzSpecifiers(f *testing.F) {
	for _, s := range []string{"", ">=1,<2", "==1.*", "~=1.0a1", "===x y", "!=1+a-1", "<1.dev1,>1.post", ">= v1 , == 1!2.*"} {
		f.Add(s, "1.0rc1.post2.dev3+a.1")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		s, err := requirement.ParseSpecifiers(text)
		if err != nil {
			return
		}
		again, err := requirement.ParseSpecifiers(s.String())
		if err != nil || again.String() != s.String() {
			t.Errorf("%q reads as %q, and this as %q, %v", text, s.String(), again.String(), err)
		}
		v, err := requirement.ParseVersion(version)
		if err != nil {
			return
		}
		if w, err := requirement.ParseVersion(v.String()); err != nil || w.Compare(v) != 0 || w.String() != v.String() {
			t.Errorf("the version %q reads as %q, and this as %q, %v", version, v, w, err)
		}
		if s.Contains(v) != again.Contains(v) {
			t.Errorf("%q and %q differ about %s", text, s.String(), v)
		}
	})
}

func FuzzParseMarker(f *testing.F) {
	for _, s := range []string{"os_name=='a'", "(a)", "'a' in extras and not b", "((os_name=='a'))or os.name!=\"b\" and '1'<python_version"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := requirement.ParseMarker(text)
		if err != nil {
			return
		}
		again, err := requirement.ParseMarker(m.String())
		env := requirement.Environment{Platform: "linux/amd64", Python: "3.12"}
		if err != nil || again.String() != m.String() || again.Evaluate(env) != m.Evaluate(env) {
			t.Errorf("%q reads as %q, and this as %q, %v", text, m, again, err)
		}
	})
}

func FuzzParseScript(f *testing.F) {
	f.Add([]byte("# /// script\n# dependencies = ['a']\n# ///\n"))
	f.Add([]byte("# /// script\n# requires-python = '>=3'\n# [tool.uv]\n# index = [{url='a'}]\n# ///\n"))
	f.Add([]byte("# /// script\n# ///\n# /// script\n#\n# ///"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := requirement.ParseScript(data)
		if err != nil {
			return
		}
		lines := strings.Count(string(data), "\n") + 1
		for _, d := range s.Dependencies {
			if d.Line <= s.Line || d.Line > lines {
				t.Errorf("%q: the dependency %q is on line %d of %d", data, d.Written, d.Line, lines)
			}
		}
	})
}
