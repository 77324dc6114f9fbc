package gpulint

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"sync"

	"go.yaml.in/yaml/v4"
)

//go:embed facts.yaml
var factsText []byte

//go:embed packages.yaml
var packagesText []byte

//go:embed images.yaml
var imagesText []byte

// facts is what facts.yaml and packages.yaml say. See there for the meaning of
// each table.
type facts struct {
	Sources      map[string]source `yaml:"sources"`
	Accelerators []accelerator     `yaml:"accelerators"`
	CUDADrops    []drop            `yaml:"cuda_drops"`
	Wheels       []wheel           `yaml:"wheels"`
	PyPITorch    []release         `yaml:"pypi_torch"`
	ARM64CPU     release           `yaml:"pypi_torch_arm64_cpu_below"`
	AndCUDA      []release         `yaml:"and_cuda"`
	Floors       []floor           `yaml:"floors"`
	Indexes      indexes           `yaml:"indexes"`
	Packages     []pkg             `yaml:"packages"`

	accelerators map[string]accelerator
	packages     map[string]pkg
	builds       *regexp.Regexp
}

type source struct {
	URL  string `yaml:"url"`
	Read string `yaml:"read"`
	Says string `yaml:"says"`
}

type accelerator struct {
	Name       string  `yaml:"name"`
	Capability version `yaml:"capability"`
	Platform   kind    `yaml:"platform"` // empty for NVIDIA's
	Source     string  `yaml:"source"`
}

type drop struct {
	Capability version `yaml:"capability"`
	Version    version `yaml:"version"`
	Source     string  `yaml:"source"`
}

type wheel struct {
	Framework string   `yaml:"framework"`
	From      version  `yaml:"from"`
	Below     version  `yaml:"below"`
	CUDA      versions `yaml:"cuda"`
	Arch      string   `yaml:"arch"`
	SM        versions `yaml:"sm"`
	PTX       versions `yaml:"ptx"`
	Source    string   `yaml:"source"`
}

type release struct {
	Release version `yaml:"release"`
	CUDA    version `yaml:"cuda"`
	Python  version `yaml:"python"`
	Source  string  `yaml:"source"`
}

type floor struct {
	Framework  string  `yaml:"framework"`
	Capability version `yaml:"capability"`
	Release    version `yaml:"release"`
	CUDA       version `yaml:"cuda"`
	Source     string  `yaml:"source"`
}

type indexes struct {
	Builds string   `yaml:"builds"`
	Public []string `yaml:"public"`
	Source string   `yaml:"source"`
}

type pkg struct {
	Names     []string         `yaml:"names"`
	Gives     kind             `yaml:"gives"`
	CUDA      version          `yaml:"cuda"`
	Framework string           `yaml:"framework"`
	Indirect  bool             `yaml:"indirect"` // it needs the framework's own package
	Compiles  bool             `yaml:"compiles"`
	Links     bool             `yaml:"links"` // to the CUDA of its name
	Extras    map[string]extra `yaml:"extras"`
	Try       string           `yaml:"try"`
	Source    string           `yaml:"source"`
}

type extra struct {
	Gives kind    `yaml:"gives"`
	CUDA  version `yaml:"cuda"`
}

// kind is what a package or an image is good for.
type kind string

const (
	cuda      kind = "cuda"
	rocm      kind = "rocm"
	tpu       kind = "tpu"
	plain     kind = "plain"
	libraries kind = "libraries"
	cpu       kind = "cpu"
	cpuOnly   kind = "cpu-only"
)

// known reads the tables once, when they are first needed.
var known = sync.OnceValue(func() *facts {
	f, err := readFacts(factsText, packagesText)
	if err != nil {
		panic(fmt.Sprintf("tables of gpulint: %v", err)) // embedded, and read whole by a test
	}
	return f
})

// decode reads YAML, and no key that v lacks.
func decode(text []byte, v any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	return d.Decode(v)
}

func readFacts(files ...[]byte) (*facts, error) {
	var f facts
	for _, text := range files {
		if err := decode(text, &f); err != nil {
			return nil, err
		}
	}
	f.accelerators = map[string]accelerator{}
	for _, a := range f.Accelerators {
		f.accelerators[a.Name] = a
	}
	f.packages = map[string]pkg{}
	for _, p := range f.Packages {
		for _, name := range p.Names {
			if _, twice := f.packages[name]; twice {
				return nil, fmt.Errorf("package %s has two rows", name)
			}
			f.packages[name] = p
		}
	}
	var err error
	f.builds, err = regexp.Compile(f.Indexes.Builds)
	return &f, err
}
