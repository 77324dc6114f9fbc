package python_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/python"
)

func variables(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestFreezeChoosesTheTool(t *testing.T) {
	for name, test := range map[string]struct {
		installer string
		lookup    func(string) (string, bool)
		answers   []string
		want      string
	}{
		"uv":                 {"uv", variables("VIRTUAL_ENV", "/v"), []string{"uv", "/v/bin/python"}, "uv pip freeze --python /v/bin/python"},
		"uv by default":      {"", variables(), []string{"uv"}, "uv pip freeze --python python3"},
		"uv is not there":    {"uv", variables("VIRTUAL_ENV", "/v"), []string{"/v/bin/python"}, "/v/bin/python -m pip freeze"},
		"pip":                {"pip", variables("VIRTUAL_ENV", "/v"), []string{"uv", "/v/bin/python"}, "/v/bin/python -m pip freeze"},
		"pip without a venv": {"pip", variables(), []string{"uv", "python3"}, "python3 -m pip freeze"},
		"conda":              {"pip", variables("CONDA_PREFIX", "/c"), []string{"/c/bin/python"}, "/c/bin/python -m pip freeze"},
		"venv above conda":   {"pip", variables("CONDA_PREFIX", "/c", "VIRTUAL_ENV", "/v"), []string{"/v/bin/python"}, "/v/bin/python -m pip freeze"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{answers: map[string]answer{}}
			for _, program := range test.answers {
				f.answers[program+" "] = answer{stdout: "six==1\nPIP==24\nIdna==3.7\nx @ git+https://e.org/x@" + strings.Repeat("0", 40) + "\n"}
			}
			got, err := python.Freeze(t.Context(), f, python.Installed{Installer: test.installer, Lookup: test.lookup})
			if err != nil {
				t.Fatal(err)
			}
			if want := []string{"idna==3.7", "six==1", "x @ git+https://e.org/x@" + strings.Repeat("0", 40)}; !slices.Equal(got.Lines, want) {
				t.Errorf("got %q", got.Lines)
			}
			if last := strings.Join(f.calls[len(f.calls)-1].argv, " "); !strings.HasPrefix(last, test.want) {
				t.Errorf("ran %q, want %q", last, test.want)
			}
		})
	}
}

func TestFreezeRefusesWhatNoBuildHas(t *testing.T) {
	for output, want := range map[string][2]string{
		"# Editable install with no version control (churn==0.1)\n-e /home/me/churn\n":         {"churn (editable, /home/me/churn)", "local_project_install_command"},
		"-e git+ssh://git@e.org/churn@00#egg=churn\n":                                          {"churn (editable, git+ssh://git@e.org/churn@00#egg=churn)", "local_project_install_command"},
		"idna==3.7\nchurn @ file:///home/me/churn\nb @ file:///home/me/b-1-py3-none-any.whl\n": {"b (file:///home/me/b-1", "local_project_install_command"},
		"numpy @ file:///home/conda/feedstock_root/build_artifacts/numpy_1/work\nidna==3.7\n":  {"is conda's", "pip list --format=freeze"},
		"idna (3.7)x\n": {"idna (3.7)x", "in a file"},
	} {
		f := &fake{answers: map[string]answer{"python3": {stdout: output}}}
		_, err := python.Freeze(t.Context(), f, python.Installed{Installer: "pip"})
		var failure *diag.Failure
		if !errors.As(err, &failure) || !strings.Contains(err.Error(), want[0]) || !strings.Contains(failure.Hint, want[1]) {
			t.Errorf("%q: %v", output, err)
		}
	}
}

func TestFreezeSaysWhatTheToolsSaid(t *testing.T) {
	f := &fake{answers: map[string]answer{
		"uv":      {err: errors.New("exit status 2"), stderr: "error: no environment\n"},
		"python3": {err: errors.New("exit status 1"), stderr: "No module named pip\n"},
	}}
	_, err := python.Freeze(t.Context(), f, python.Installed{Installer: "uv"})
	var failure *diag.Failure
	if !errors.As(err, &failure) || failure.Code != diag.ExportFailed || !strings.Contains(err.Error(), "error: no environment") || !strings.Contains(err.Error(), "No module named pip") {
		t.Errorf("%v", err)
	}
	got, err := python.Freeze(t.Context(), &fake{answers: map[string]answer{"uv": {stdout: "torch==2.6.0+cu126\n"}}}, python.Installed{})
	if err != nil || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "torch==2.6.0+cu126") {
		t.Errorf("%+v, %v", got, err)
	}
}
