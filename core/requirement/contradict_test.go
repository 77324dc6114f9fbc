package requirement_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/requirement"
)

func TestContradict(t *testing.T) {
	env := requirement.Environment{Platform: "linux/amd64", Python: "3.12"}
	for pair, want := range map[string]string{
		"torch==2.6.0 | torch==2.7.0":                               "no version of torch is both ==2.6.0 and ==2.7.0",
		"torch==2.6 | Torch==2.6.0":                                 "",
		"torch==2.6.0 | torch==2.6.0+cu126":                         "",
		"torch==2.6.0+cpu | torch==2.6.0+cu126":                     "both",
		"torch==2.6.0 | torch===2.6.0":                              "",
		"torch===2.6 | torch===2.6.0":                               "both", // they are compared as texts
		"torch===odd | torch===even":                                "both",
		"torch===odd | torch>=1":                                    "",
		"torch==2.6.* | torch==2.6.1":                               "",
		"torch==2.6.* | torch==2.7.1":                               "both",
		"torch==2.* | torch==2.6.*":                                 "",
		"torch==2.6.* | torch==2.60.*":                              "both",
		"torch==2.6.0 | torch>=2.7":                                 "no version of torch is both ==2.6.0 and >=2.7",
		"torch==2.7rc1 | torch<2.7":                                 "both",
		"torch==2.7.post1 | torch>2.7":                              "both",
		"torch==2.7.post1 | torch>=2.7":                             "",
		"torch==2.7+x | torch>2.7":                                  "both",
		"torch==2.7+x | torch<=2.7":                                 "",
		"torch>=3 | torch<3":                                        "both",
		"torch>=3 | torch<=3":                                       "",
		"torch>3 | torch<=3":                                        "both",
		"torch>=3rc1 | torch<3":                                     "both",
		"torch>=2,<3 | torch~=3.1":                                  "both",
		"torch~=2.2 | torch>=2.9":                                   "",
		"torch~=2.2.0 | torch>=2.3":                                 "both",
		"torch>1.0 | torch<1.0.1":                                   "", // such as 1.0.0.1
		"torch!=1.0 | torch==1.0":                                   "both",
		"torch!=1.0 | torch==1.0+x":                                 "both",
		"torch!=1.0+x | torch==1.0":                                 "", // 1.0 itself
		"torch!=1.* | torch==1.5":                                   "both",
		"torch>=1,!=1.5 | torch<2":                                  "",
		"torch>=1.5 | torch<=1.5,!=1.5":                             "all of",
		"torch==1!1.0 | torch<2":                                    "both",
		"torch==1!1.0 | torch==1.0":                                 "both",
		"torch | torch==1":                                          "",
		"torch==1 | numpy==2":                                       "",
		"torch==1; os_name=='nt' | torch==2":                        "",
		"torch==1; python_version<'3.12' | torch==2":                "",
		"torch==1; python_version>='3.12' | torch==2":               "both",
		"torch==1; python_full_version>='3.12.4' | torch==2":        "", // not known
		"torch==1; platform_release=='5' | torch==2":                "",
		"torch[a]==1 | torch[b]==2":                                 "both",
		"torch @ https://e.org/a.zip | torch @ https://e.org/b.zip": "cannot come from both",
		"torch @ https://e.org/a.zip#sha256=0 | torch @ https://U:p@E.org/a.zip":                  "",
		"torch @ git+https://e.org/a@v1 | torch @ git+https://e.org/a@v2":                         "cannot come from both",
		"git+https://e.org/a@v1#egg=torch | torch @ git+https://e.org/a@v1":                       "",
		"torch @ git+https://e.org/a#subdirectory=x | torch @ git+https://e.org/a#subdirectory=y": "cannot come from both",
		"torch @ git+https://e.org/a@v1 | torch==1":                                               "",
		"torch @ https://e.org/torch-2.6.0%2Bcpu-cp312-cp312-linux_x86_64.whl | torch==2.7":       "2.6.0+cpu (of torch-2.6.0+cpu-cp312",
		"torch @ https://e.org/torch-2.6.0%2Bcpu-cp312-cp312-linux_x86_64.whl | torch==2.6.0":     "",
		"torch @ https://e.org/torch-2.6.0.tar.gz | torch>=2.7":                                   "both",
		"https://e.org/my_pkg-1.0-py3-none-any.whl | my.pkg<1":                                    "both",
		"torch @ https://u:s3cret@e.org/a.zip | torch @ https://e.org/b.zip":                      "https://…@e.org/a.zip",
		"torch @ https://e.org/v2.6.0.zip | torch==1":                                             "",
		"torch>=99999999999999999999999 | torch<3":                                                "both",
	} {
		left, right, _ := strings.Cut(pair, " | ")
		a, b := parsed(t, left), parsed(t, right)
		for range 2 {
			why, got := requirement.Contradict(a, b, env)
			if got != (want != "") || got && !strings.Contains(why, want) && want[:2] != "no" || got == (why == "") {
				t.Errorf("%s: %v %q, want %q", pair, got, why, want)
			}
			if strings.Contains(why, "s3cret") {
				t.Errorf("%s: the reason shows the password", pair)
			}
			a, b = b, a
		}
	}
}

func parsed(t *testing.T, text string) requirement.Requirement {
	t.Helper()
	r, err := requirement.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestContradictIsCertain makes random pairs and looks whether a version that
// there is meets both.
func TestContradictIsCertain(t *testing.T) {
	p := readPackaging(t)
	var pool []requirement.Version
	for _, v := range p.Order {
		pool = append(pool, version(t, v))
	}
	random := rand.New(rand.NewPCG(1, 2))
	operators := []string{"==", "!=", "<=", ">=", "<", ">", "~="}
	one := func() string {
		v := pool[random.IntN(len(pool))]
		op := operators[random.IntN(len(operators))]
		text := op + strings.Split(v.String(), "+")[0]
		if op == "==" || op == "!=" {
			text = op + v.String()
		}
		if random.IntN(4) == 0 {
			text = []string{"==", "!="}[random.IntN(2)] + v.Minor() + ".*"
		}
		return text
	}
	contradictions, missed, checked := 0, 0, 0
	for range 20000 {
		left, right := "x"+one(), "x"+one()
		if random.IntN(2) == 0 {
			left += "," + one()
		}
		a, errA := requirement.Parse(left)
		b, errB := requirement.Parse(right)
		if errA != nil || errB != nil { // such as ~=1
			continue
		}
		checked++
		why, contradict := requirement.Contradict(a, b, requirement.Environment{})
		met := false
		for _, v := range pool {
			met = met || a.Specifiers.Contains(v) && b.Specifiers.Contains(v)
		}
		switch {
		case contradict && met:
			t.Fatalf("%s and %s: %s, but there is one", left, right, why)
		case contradict:
			contradictions++
		case !met:
			missed++ // the pool is small: a version that it lacks may meet both
		}
	}
	if checked < 15000 || contradictions < 3000 || missed > contradictions/5 {
		t.Errorf("of %d pairs %d contradict, and of %d none was found that meets both", checked, contradictions, missed)
	}
}
