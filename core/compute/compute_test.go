package compute_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/compute"
)

func TestParseAccelerator(t *testing.T) {
	for _, tc := range []struct {
		text string
		want compute.Accelerator
	}{
		{"h100", compute.Accelerator{Name: "h100", Count: 1}},
		{" H100:8 ", compute.Accelerator{Name: "h100", Count: 8}},
		{"h100x8", compute.Accelerator{Name: "h100", Count: 8}},
		{"mi300x", compute.Accelerator{Name: "mi300x", Count: 1}},
		{"mi300xx4", compute.Accelerator{Name: "mi300x", Count: 4}},
		{"a100-80gb:4", compute.Accelerator{Name: "a100-80gb", Count: 4}},
		{"a100-80gbx4", compute.Accelerator{Name: "a100-80gb", Count: 4}},
		{"nvidia-tesla-t4:2", compute.Accelerator{Name: "t4", Count: 2}},
		{"gpu", compute.Accelerator{Name: "gpu", Count: 1}},
		{"gpu:2", compute.Accelerator{Name: "gpu", Count: 2}},
		{"gpu:l4", compute.Accelerator{Name: "l4", Count: 1}},
		{"L4:SPOT", compute.Accelerator{Name: "l4", Count: 1, Spot: true}},
		{"h100:8:spot", compute.Accelerator{Name: "h100", Count: 8, Spot: true}},
		{"cpu", compute.Accelerator{}},
		{"cpu:spot", compute.Accelerator{Spot: true}},
		{"tpu-v6e:8", compute.Accelerator{Name: "tpu-v6e", Count: 8}},
		{"tpu-v6e-8", compute.Accelerator{Name: "tpu-v6e", Count: 8}},
		{"v6e", compute.Accelerator{Name: "tpu-v6e", Count: 1}},
		{"tpu-v5litepod-4", compute.Accelerator{Name: "tpu-v5e", Count: 4}},
		{"tpu-v5p:2x2x2", compute.Accelerator{Name: "tpu-v5p", Count: 8, Topology: "2x2x2"}},
		{"tpu-v6e:2x4", compute.Accelerator{Name: "tpu-v6e", Count: 8, Topology: "2x4"}},
	} {
		got, err := compute.ParseAccelerator(tc.text)
		if err != nil || got != tc.want {
			t.Errorf("ParseAccelerator(%q) = %+v, %v; want %+v", tc.text, got, err, tc.want)
		}
		if again, err := compute.ParseAccelerator(got.String()); err != nil || again != got {
			t.Errorf("%q does not read back: %+v, %v", got.String(), again, err)
		}
	}
}

func TestBadAcceleratorsHaveAWayOut(t *testing.T) {
	for _, tc := range []struct{ text, way string }{
		{"h1000", `did you mean "h100"?`},
		{"tpu-v4-8", "write tpu-v4:4 for 8 cores, or tpu-v4:8 for 8 chips"},
		{"tpu-v5p-8", "write tpu-v5p:4 for 8 cores, or tpu-v5p:8 for 8 chips"},
		{"tpu7x-8", "write tpu7x:4 for 8 cores, or tpu7x:8 for 8 chips"},
		{"v3-8", "write tpu-v3:4 for 8 cores, or tpu-v3:8 for 8 chips"},
		{"h100:0", "write h100:1"},
		{"h100:-1", "write h100:1"},
		{"h100:999999", "write h100:1"},
		{"gpu:many", ""},
		{"tpu-v6e:3", "tpu-v6e has slices of 1 (1x1), 4 (2x2)"},
		{"tpu-v6e:9x9", "tpu-v6e has slices of"},
		{"", ""}, {":", ""}, {"h100:8:8", "write h100:1"}, {"💥", ""},
	} {
		_, err := compute.ParseAccelerator(tc.text)
		var grammar *compute.GrammarError
		if !errors.As(err, &grammar) {
			t.Errorf("ParseAccelerator(%q) = %v", tc.text, err)
			continue
		}
		if !strings.Contains(grammar.Suggestion(), tc.way) || grammar.Suggestion() == "" {
			t.Errorf("%q: suggestion %q, want %q", tc.text, grammar.Suggestion(), tc.way)
		}
	}
}

func TestCatalogue(t *testing.T) {
	seen := map[string]string{"gpu": "gpu", "cpu": "cpu"}
	for _, m := range compute.Accelerators() {
		for _, name := range append([]string{m.Name}, m.Aliases...) {
			if other, twice := seen[name]; twice {
				t.Errorf("%q means %s and %s", name, other, m.Name)
			}
			seen[name] = m.Name
			if found, ok := compute.Lookup(strings.ToUpper(name)); !ok || found.Name != m.Name {
				t.Errorf("Lookup(%q) = %v, %v", name, found.Name, ok)
			}
		}
		if m.MemoryGiB <= 0 || m.Vendor == "" {
			t.Errorf("%+v", m)
		}
		if (m.Kind == compute.TPU) != (len(m.Shapes) > 0 && (m.SuffixCounts == "cores" || m.SuffixCounts == "chips")) {
			t.Errorf("%s: shapes and suffix are for TPUs, and all TPUs have them", m.Name)
		}
		for _, s := range m.Shapes {
			product := 1
			for _, side := range strings.Split(s.Topology, "x") {
				n := 0
				for _, digit := range side {
					n = n*10 + int(digit-'0')
				}
				product *= n
			}
			if product != s.Chips {
				t.Errorf("%s: %s is %d chips, not %d", m.Name, s.Topology, product, s.Chips)
			}
		}
	}
}

func TestBytes(t *testing.T) {
	for _, tc := range []struct {
		text string
		want compute.Bytes
		out  string
	}{
		{"4GiB", 4 << 30, "4GiB"}, {"4GB", 4e9, "3906250KiB"}, {"4Gi", 4 << 30, "4GiB"}, {"1.5gib", 3 << 29, "1536MiB"},
		{"0", 0, "0"}, {"1023", 1023, "1023"}, {" 512 MiB ", 512 << 20, "512MiB"}, {"0.5KiB", 512, "512"},
	} {
		var b compute.Bytes
		if err := b.UnmarshalText([]byte(tc.text)); err != nil || b != tc.want || b.String() != tc.out {
			t.Errorf("%q = %d (%s), %v; want %d (%s)", tc.text, b, b, err, tc.want, tc.out)
		}
	}
	for _, bad := range []string{"", "GiB", "-1GiB", "4G", "4 giga", "0.3B", "9999999PiB", "1e9", "0x10", "４GiB", "1..5GiB"} {
		var b compute.Bytes
		err := b.UnmarshalText([]byte(bad))
		var grammar *compute.GrammarError
		if !errors.As(err, &grammar) || grammar.Suggestion() == "" {
			t.Errorf("%q = %d, %v", bad, b, err)
		}
	}
}

func TestDurationAndCPU(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "2h": 2 * time.Hour, "1d": 24 * time.Hour, "1d12h": 36 * time.Hour, "90": 90 * time.Second, "500ms": 500 * time.Millisecond, "0s": 0,
	} {
		var d compute.Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%q = %v, %v", text, d, err)
		}
	}
	for _, bad := range []string{"", "-1s", "1 hour", "5000d", "soon", "1h-2h", "∞"} {
		var d compute.Duration
		if err := d.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q = %v", bad, d)
		}
	}
	for text, want := range map[string]compute.CPU{"2": 2, "0.5": 0.5, "500m": 0.5} {
		var c compute.CPU
		if err := c.UnmarshalText([]byte(text)); err != nil || c != want {
			t.Errorf("%q = %v, %v", text, c, err)
		}
	}
	for _, bad := range []string{"", "0", "-1", "NaN", "inf", "two", "1e9"} {
		var c compute.CPU
		if err := c.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q = %v", bad, c)
		}
	}
}

func FuzzQuantities(f *testing.F) {
	for _, s := range []string{"4GiB", "1.5GB", "h100:8", "tpu-v5p:2x2x2", "30s", "1d2h", "500m", "l4:spot"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := compute.ParseAccelerator(text); err == nil {
			again, err := compute.ParseAccelerator(a.String())
			if diff := cmp.Diff(a, again); err != nil || diff != "" {
				t.Errorf("%q → %q: %v %s", text, a, err, diff)
			}
		}
		var b, b2 compute.Bytes
		if b.UnmarshalText([]byte(text)) == nil && (b2.UnmarshalText([]byte(b.String())) != nil || b != b2) {
			t.Errorf("%q → %q", text, b)
		}
		var d, d2 compute.Duration
		if d.UnmarshalText([]byte(text)) == nil && (d2.UnmarshalText([]byte(d.String())) != nil || d != d2) {
			t.Errorf("%q → %q", text, d)
		}
		var c compute.CPU
		_ = c.UnmarshalText([]byte(text))
	})
}
