package stackfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/stackfile"
)

// manyStacks is a file like that of a large team: n stacks of six components
// with variables, locals, inheritance and defaults.
func manyStacks(n int) string {
	var b strings.Builder
	b.WriteString(`default_stack = "team_1"
variable "project" { default = "acme" }
locals { region = "us-central1" }
stack "_base" {
  abstract = true
  defaults {
    image { python_version = "3.12" }
    resources { cpu = 2 }
  }
}
`)
	for i := range n {
		fmt.Fprintf(&b, `
# Stack %[1]d of the team that trains recommendation models, in its own project
# and with its own bucket, as every team has.
stack "team_%[1]d" {
  inherits    = ["_base"]
  description = "training of team %[1]d on accelerators that the team has reserved"
  orchestrator "vertex" {
    project         = "${var.project}-%[1]d"
    location        = local.region
    service_account = "trainer-%[1]d@${var.project}.iam.gserviceaccount.com"
    network         = "projects/123456/global/networks/team-%[1]d"
    labels = {
      team = "team-%[1]d"
      cost = upper("center-%[1]d")
    }
  }
  image_builder "cloudbuild" {
    machine_type = "E2_HIGHCPU_8"
    timeout      = 1800
  }
  container_registry {
    uri                = "us-docker.pkg.dev/${var.project}/ml-%[1]d"
    default_repository = "training"
  }
  code_repository "git" { url = "https://github.com/acme/team-%[1]d.git" }
  artifact_store { url = "gs://${var.project}-artifacts-%[1]d/stack" }
  secret_store "gcp" { project = var.project }
  defaults {
    resources { memory = "%[1]dGiB" }
    image {
      requirements = ["torch>=2.6", "pandas", "scikit-learn==1.6.%[1]d"]
      environment  = { TEAM = "team-%[1]d", LEVEL = "info" }
    }
    retry {
      max     = 2
      backoff = "30s"
    }
  }
}
`, i)
	}
	return b.String()
}

// BenchmarkHundredStacks is what a command pays for a file of 142 KB: reading
// it and evaluating the one stack that is used. The target is well below
// 100 ms.
func BenchmarkHundredStacks(b *testing.B) {
	dir := b.TempDir()
	text := manyStacks(100)
	if err := os.WriteFile(filepath.Join(dir, stackfile.FileName), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	b.Run("one", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			f, list := stackfile.Load(stackfile.Options{WorkDir: dir})
			if list.HasErrors() {
				b.Fatal(list)
			}
			if _, list := f.Stack("team_42"); list.HasErrors() {
				b.Fatal(list)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f, _ := stackfile.Load(stackfile.Options{WorkDir: dir})
			if list := f.Check(); len(list) > 0 {
				b.Fatal(list)
			}
		}
	})
}
