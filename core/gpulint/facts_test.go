package gpulint

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/compute"
	"github.com/stackrun/stack/core/requirement"
)

// TestEveryAcceleratorHasARow: one that compute can name and the table lacks
// would be a step that nothing is said of.
func TestEveryAcceleratorHasARow(t *testing.T) {
	f := known()
	for _, m := range compute.Accelerators() {
		a, ok := f.accelerators[m.Name]
		if !ok {
			t.Errorf("%s has no row in facts.yaml", m.Name)
			continue
		}
		want := kind("")
		switch {
		case m.Kind == compute.TPU:
			want = tpu
		case m.Vendor == "amd":
			want = rocm
		}
		if a.Platform != want || (len(a.Capability) == 2) != (want == "") {
			t.Errorf("%s: platform %q, capability %s", m.Name, a.Platform, a.Capability)
		}
	}
	if len(f.Accelerators) != len(compute.Accelerators()) {
		t.Errorf("facts.yaml has %d accelerators, the catalogue %d", len(f.Accelerators), len(compute.Accelerators()))
	}
}

// TestEveryRowHasASource and every source is used, with an address.
func TestEveryRowHasASource(t *testing.T) {
	f := known()
	used := map[string]int{}
	for text := range strings.SplitSeq(string(factsText)+string(packagesText)+string(imagesText), "\n") {
		row := strings.HasPrefix(text, "  - {") || strings.HasPrefix(text, "    source:")
		m := regexp.MustCompile(`\bsource: ([a-z0-9-]+)\}?$`).FindStringSubmatch(text)
		if m != nil {
			used[m[1]]++
		} else if row {
			t.Errorf("no source in %s", text)
		}
	}
	dates := 0
	for id, s := range f.Sources {
		if used[id] == 0 {
			t.Errorf("source %s is not used", id)
		}
		if !strings.HasPrefix(s.URL, "https://") || s.Says == "" {
			t.Errorf("source %s: %+v", id, s)
		}
		if s.Read != "" {
			dates++
		}
		delete(used, id)
	}
	for id := range used {
		t.Errorf("source %s does not exist", id)
	}
	if dates < 15 {
		t.Errorf("only %d sources were read", dates)
	}
}

// TestTables: rows that could never match, or that a reader would not expect.
func TestTables(t *testing.T) {
	f := known()
	for _, w := range f.Wheels {
		if !w.From.less(w.Below) || len(w.SM) == 0 || len(w.CUDA) == 0 {
			t.Errorf("wheel %+v", w)
		}
	}
	for i, r := range f.PyPITorch {
		if i > 0 && !r.Release.less(f.PyPITorch[i-1].Release) || len(r.CUDA) != 2 || len(r.Python) != 2 {
			t.Errorf("PyPI's torch %s is not in order, or lacks a version", r.Release)
		}
	}
	for name, p := range f.packages {
		if requirement.NormalizeName(name) != name {
			t.Errorf("package %s is not in its normal form", name)
		}
		for _, k := range append([]kind{p.Gives}, givenBy(p.Extras)...) {
			switch k {
			case cuda, rocm, tpu, libraries, cpu, cpuOnly:
			default:
				t.Errorf("package %s gives %q", name, k)
			}
		}
		if (p.Gives == cpu || p.Gives == cpuOnly || p.Gives == libraries) && p.Try == "" {
			t.Errorf("package %s has no way out", name)
		}
	}
	for _, b := range knownImages().Images {
		if _, err := regexp.Compile(b.Tag); err != nil {
			t.Errorf("image %s: %v", b.Repository, err)
		}
		switch b.Holds {
		case cuda, rocm, tpu, plain:
		default:
			t.Errorf("image %s holds %q", b.Repository, b.Holds)
		}
	}
}

func givenBy(extras map[string]extra) (all []kind) {
	for _, e := range extras {
		all = append(all, e.Gives)
	}
	return all
}

// TestNewerWheelsCoverWhatPyPIHas: every release on PyPI since 2.0 is judged by
// a row of its own, not by floors alone.
func TestNewerWheelsCoverWhatPyPIHas(t *testing.T) {
	f := known()
	for _, r := range f.PyPITorch {
		if r.Release.less(version{2, 0}) {
			continue
		}
		found := false
		for _, w := range f.Wheels {
			for _, c := range w.CUDA {
				found = found || w.Framework == "torch" && !r.Release.less(w.From) && r.Release.less(w.Below) && c.compare(r.CUDA) == 0 && w.Arch != "arm64"
			}
		}
		if !found {
			t.Errorf("torch %s with CUDA %s has no row of wheels", r.Release, r.CUDA)
		}
	}
}

func TestReadBase(t *testing.T) {
	for reference, want := range map[string]string{
		"python:3.12-slim":                              "plain python:3.12-slim",
		"python":                                        "plain python",
		"docker.io/python:3.12":                         "plain python:3.12",
		"docker.io/library/python:3.12":                 "plain python:3.12",
		"public.ecr.aws/docker/library/python:3.12":     "plain python:3.12",
		"localhost:5000/library/python:3.12":            "plain python:3.12",
		"localhost:5000/python:3.12":                    "",
		"example/python:3.12":                           "",
		"nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04":    "cuda 12.4 devel",
		"nvcr.io/nvidia/cuda:13.0.1-base-ubuntu24.04":   "cuda 13.0",
		"nvidia/cuda:latest":                            "cuda ",
		"pytorch/pytorch:2.7.1-cuda12.8-cudnn9-runtime": "cuda 12.8 torch 2.7.1",
		"pytorch/pytorch:2.7.1-cuda12.8-cudnn9-devel":   "cuda 12.8 devel torch 2.7.1",
		"pytorch/pytorch:latest":                        "cuda torch",
		"pytorch/pytorch:something":                     "",
		"tensorflow/tensorflow:2.16.1-gpu":              "cuda tensorflow 2.16.1",
		"tensorflow/tensorflow:2.16.1":                  "plain tensorflow",
		"tensorflow/tensorflow:2.16.1-jupyter":          "plain tensorflow",
		"nvcr.io/nvidia/pytorch:24.06-py3":              "cuda 12.4 devel torch",
		"nvcr.io/nvidia/pytorch:24.08-py3":              "cuda 12 devel torch",
		"nvcr.io/nvidia/pytorch:24.12-py3":              "cuda 12 devel torch",
		"nvcr.io/nvidia/pytorch:25.10-py3":              "cuda 13.0 devel torch",
		"nvcr.io/nvidia/pytorch:26.09-py3":              "cuda devel torch",
		"nvcr.io/nvidia/tensorflow:23.01-tf2-py3":       "cuda 12.0 devel tensorflow",
		"ghcr.io/astral-sh/uv:python3.12-bookworm-slim": "plain astral-sh/uv:python3.12-bookworm-slim",
		"python@sha256:" + strings.Repeat("0", 64):      "plain python",
		"":                "",
		"not a reference": "",
		"PYTHON:3.12":     "plain python:3.12",
		"europe-docker.pkg.dev/p/r/pytorch/pytorch:1-cuda12": "",
	} {
		b := knownImages().readBase(reference)
		got := string(b.holds)
		if b.holds == plain && len(b.frameworks) == 0 {
			got += " " + b.short
		}
		if len(b.cuda) > 0 || reference == "nvidia/cuda:latest" {
			got += " " + b.cuda.String()
		}
		if b.devel {
			got += " devel"
		}
		for _, f := range b.frameworks {
			got += " " + f
		}
		if len(b.version) > 0 {
			got += " " + b.version.String()
		}
		if got != want || b.known != (want != "") {
			t.Errorf("%s: %q, want %q", reference, got, want)
		}
	}
}
