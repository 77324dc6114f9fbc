package requirement_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/requirement"
)

// TestWrongRequirements is what people write and how they get out of it.
func TestWrongRequirements(t *testing.T) {
	for text, want := range map[string]struct {
		column  int // 0: at the end
		message string
		instead string
	}{
		"torch=2.0":                     {6, `"=" is no operator`, "torch==2.0"},
		"torch=>2.0":                    {6, `"=>" is no operator`, "torch>=2.0"},
		"torch=<2":                      {6, `"=<" is no operator`, "torch<=2"},
		"torch~2":                       {6, `"~" is no operator`, "torch~=2.0"},
		"torch <> 1":                    {7, `"<>" is no operator`, "torch != 1"},
		"torch≥1.0":                     {6, `"≥" is no operator`, "torch>=1.0"},
		"torch^2.1":                     {6, "poetry's", "torch>=2.1,<3"},
		"torch^0.3.1":                   {6, "poetry's", "torch>=0.3.1,<0.4"},
		"torch^0.0.3":                   {6, "poetry's", "torch>=0.0.3,<0.0.4"},
		"torch=2.0=py39_0":              {6, "conda's", "torch==2.0"},
		"torch>=2.0 numpy":              {12, "two requirements in one", "them as two: torch>=2.0 and numpy"},
		"numpy,pandas":                  {6, "two requirements in one", "them as two: numpy and pandas"},
		"two words":                     {5, "two requirements in one", "them as two: two and words"},
		"torch 2.0":                     {7, "expected an operator", "torch==2.0"},
		"torch>=1 <2":                   {10, "expected a comma", "torch>=1,<2"},
		"torch>=1 and <2":               {10, "expected a comma", "torch>=1,<2"},
		"torch>=2.*":                    {8, "only == and !=", "torch>=2"},
		"torch<=2.*":                    {8, "only == and !=", "torch<3"},
		"torch>9.*":                     {7, "only == and !=", "torch>=10"},
		"torch~=2":                      {8, "two numbers", "torch~=2.0"},
		"torch>=1.0+cu1":                {8, "local version", "torch>=1.0"},
		"torch==latest":                 {8, "for any version none is written", "torch"},
		"torch==*":                      {8, "for any version none is written", "torch"},
		"torch*":                        {6, "nothing for any version", "torch"},
		"torch=='1.0'":                  {8, "without quotes", "torch==1.0"},
		"torch==":                       {0, "expected a version", ""},
		"torch==1.0.":                   {11, "expected a digit", "torch==1.0"},
		"torch==$V":                     {8, "variables are not read", ""},
		"torch==1.0a1.*":                {8, "nothing but numbers", ""},
		"torch[cuda":                    {0, "closing bracket of column 6", "torch[cuda]"},
		"torch[cuda!]":                  {11, "closing bracket of column 6", ""},
		"torch[,]":                      {7, "the name of an extra", ""},
		"torch(>=2":                     {0, "closing parenthesis of column 6", "torch(>=2)"},
		`"torch"`:                       {1, "without quotes", "torch"},
		"_torch":                        {1, "begins with a letter or digit", "torch"},
		"pip install torch":             {1, "found a command", "torch"},
		"torch#c":                       {6, "expected a space", "torch #c"},
		"git+git@e.org:a/b.git":         {4, "a URL with a scheme", "git+ssh://git@e.org/a/b.git"},
		"-r more.txt":                   {1, "found an option", ""},
		"":                              {0, "empty", ""},
		"torch @ ./x":                   {9, "expected a URL", ""},
		"torch @":                       {0, "expected a URL", ""},
		"torch @ https://e.org/x.whl y": {29, "the end, after the URL", ""},
		"torch @ https://e.org/x.whl; os_name=='a'":  {28, "expected a space", "torch @ https://e.org/x.whl ; os_name=='a'"},
		"https://e.org/x.whl y":                      {20, "the end, after the URL", ""},
		"torch;":                                     {0, "expected a marker", ""},
		"torch;python_version>3.8":                   {22, "in quotes", `torch;python_version>"3.8"`},
		"torch;python_version=>'3'":                  {21, "expected an operator", "torch;python_version>='3'"},
		"torch;pyton_version>'3'":                    {7, "unknown variable", "torch;python_version>'3'"},
		"torch;os_name=='a":                          {16, "expected the quote ' again", ""},
		"torch;'a'=='a'":                             {7, "compares a variable", ""},
		"torch;os_name==sys_platform":                {7, "compares a variable", ""},
		"torch;(os_name=='a'":                        {0, "closing parenthesis of column 7", ""},
		`torch;os_name=="a\n"`:                       {18, "no backslash", ""},
		"torch --hash=sha256:00":                     {14, "64 hexadecimal digits", ""},
		"torch --hash=md5:00":                        {14, "sha256, sha384 or sha512", ""},
		"torch --config-setings=a=b":                 {7, "unknown option", "torch --config-settings=a=b"},
		"torch --hsh=sha256:00":                      {7, "unknown option", "torch --hash=sha256:00"},
		"torch --index-url https://e.org":            {7, "on a line of its own", ""},
		"torch --hash":                               {0, "expected a value of --hash", ""},
		"torch\nnumpy":                               {6, "control character", ""},
		"t;" + strings.Repeat("(", 101) + "os_name=": {103, "nested", ""},
	} {
		_, err := requirement.Parse(text)
		var e *requirement.Error
		if !errors.As(err, &e) {
			t.Errorf("Parse(%q) gives no error", text)
			continue
		}
		column := len([]rune(e.Text[:min(e.Offset, len(e.Text))])) + 1
		if e.Offset >= len(e.Text) {
			column = 0
		}
		if column != want.column || !strings.Contains(e.Error(), want.message) || e.Instead != want.instead {
			t.Errorf("Parse(%q): column %d, instead %q: %v", text, column, e.Instead, e)
		}
		if e.Instead == "" || strings.Contains(e.Instead, " and ") || strings.Contains(e.Instead, "#c") || strings.Contains(e.Instead, ":00") {
			continue
		}
		if _, err := requirement.Parse(e.Instead); err != nil {
			t.Errorf("Parse(%q) suggests %q, which is wrong too: %v", text, e.Instead, err)
		}
	}
}

func TestErrorsHaveNoCredentials(t *testing.T) {
	for _, text := range []string{
		"torch @ https://user:s3cret@e.org/x y", "https://s3cret@e.org/x y", "torch @ https://e:s3cret@e.org/x.whl; os_name=='a'",
		"torch @ git+https://s3cret:x@e.org/x;y z", "git+https://u:s3cret@e.org/a; b",
	} {
		_, err := requirement.Parse(text)
		var e *requirement.Error
		if !errors.As(err, &e) {
			t.Errorf("Parse(%q) gives no error", text)
		} else if strings.Contains(e.Error()+e.Suggestion(), "s3cret") {
			t.Errorf("the error of %q shows the password: %v; %s", text, e, e.Suggestion())
		}
	}
	if got := requirement.Redacted("git+ssh://git@e.org/x and https://a:b@c/d"); got != "git+ssh://git@e.org/x and https://…@c/d" {
		t.Error(got)
	}
}
