package machine

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func information(model string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("Model: \t\t " + model + "\nIRQ:   \t\t 42\n")}
}

func TestAccelerators(t *testing.T) {
	file := &fstest.MapFile{}
	both := fstest.MapFS{}
	for i := range 8 {
		both[fmt.Sprintf("proc/driver/nvidia/gpus/0000:0%d:00.0/information", i)] = information("NVIDIA H100 80GB HBM3")
	}
	both["dev/nvidia0"], both["dev/nvidia1"], both["dev/nvidiactl"], both["dev/nvidia-uvm"] = file, file, file, file
	tests := []struct {
		name  string
		files fstest.MapFS
		gpus  []string
		chips int
	}{
		{"nothing", fstest.MapFS{"dev/null": file}, []string{}, 0},
		{"GPUs with names", fstest.MapFS{"proc/driver/nvidia/gpus/a/information": information("NVIDIA L4"), "dev/nvidia0": file}, []string{"NVIDIA L4"}, 0},
		{"GPUs without names", fstest.MapFS{"dev/nvidia0": file, "dev/nvidia1": file, "dev/nvidiactl": file}, []string{"", ""}, 0},
		{"two of eight in a container", both, []string{"NVIDIA H100 80GB HBM3", "NVIDIA H100 80GB HBM3"}, 0},
		{"TPUs", fstest.MapFS{"dev/accel0": file, "dev/accel1": file}, []string{}, 2},
		{"TPUs by vfio", fstest.MapFS{
			"dev/vfio/0": file, "dev/vfio/1": file, "dev/vfio/vfio": file,
			"sys/bus/pci/devices/a/vendor": {Data: []byte("0x1ae0\n")}, "sys/bus/pci/devices/a/class": {Data: []byte("0x120000\n")},
		}, []string{}, 2},
		{"vfio of something else", fstest.MapFS{"dev/vfio/0": file, "sys/bus/pci/devices/a/vendor": {Data: []byte("0x8086\n")}}, []string{}, 0},
	}
	for _, tt := range tests {
		gpus, chips := accelerators(tt.files)
		if diff := cmp.Diff(tt.gpus, gpus); diff != "" || chips != tt.chips {
			t.Errorf("%s: %d chips (-want +got):\n%s", tt.name, chips, diff)
		}
	}
}

func TestHas(t *testing.T) {
	m := Machine{GPUs: []string{"NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-80GB", "NVIDIA A100-SXM4-40GB", "NVIDIA L40S", ""}, TPUChips: 4}
	for name, want := range map[string]int{"gpu": 5, "h100": 2, "a100": 3, "a100-80gb": 2, "a100-40gb": 2, "l4": 1, "l40s": 2, "tpu-v6e": 4} {
		if got := m.Has(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

func TestString(t *testing.T) {
	m := Machine{Host: "box", Cores: 2, MemoryBytes: 24 << 30, GPUs: []string{"NVIDIA L4"}, TPUChips: 1}
	if got, want := m.String(), "box, 2 cores, 24 GiB, 1 × NVIDIA L4, 1 TPU chip"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Bytes(1536 << 20); got != "1.5 GiB" {
		t.Errorf("1.5 GiB is %q", got)
	}
	if this := This(); this.Cores < 1 || this.Host == "" {
		t.Errorf("this machine is %+v", this)
	}
}
