// Package machine says what this machine has: processors, memory,
// accelerators. It reads files only and starts nothing, and leaves to others
// what a step may use of it.
package machine

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
)

// Machine is what a machine has.
type Machine struct {
	Host        string
	Cores       int
	MemoryBytes int64    // 0: not known
	GPUs        []string // product names; empty text where the driver does not tell
	TPUChips    int
}

// This is the machine that the process runs on.
func This() Machine {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	m := Machine{Host: host, Cores: runtime.NumCPU(), MemoryBytes: memory()}
	m.GPUs, m.TPUChips = accelerators(os.DirFS("/"))
	return m
}

// String is the machine in a few words: HOST, 2 cores, 24 GiB, 8 × NVIDIA H100.
func (m Machine) String() string {
	parts := []string{m.Host, count(m.Cores, "core")}
	if m.MemoryBytes > 0 {
		parts = append(parts, Bytes(m.MemoryBytes))
	}
	if len(m.GPUs) > 0 {
		name := m.GPUs[0]
		if name == "" {
			name = "GPU"
		}
		parts = append(parts, fmt.Sprintf("%d × %s", len(m.GPUs), name))
	}
	if m.TPUChips > 0 {
		parts = append(parts, count(m.TPUChips, "TPU chip"))
	}
	return strings.Join(parts, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Bytes is a size in binary units, with at most one decimal.
func Bytes(n int64) string {
	const gib = 1 << 30
	if n >= gib {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/gib), ".0") + " GiB"
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// accelerators looks for the NVIDIA driver's and the TPU driver's files.
func accelerators(root fs.FS) (gpus []string, tpuChips int) {
	infos, _ := fs.Glob(root, "proc/driver/nvidia/gpus/*/information") // the pattern is fine
	for _, info := range infos {
		gpus = append(gpus, model(root, info))
	}
	devices, _ := fs.Glob(root, "dev/nvidia[0-9]*")
	// In a container the driver's list names all GPUs, the devices are ours.
	switch {
	case len(infos) == 0:
		gpus = make([]string, len(devices))
	case len(devices) < len(gpus):
		gpus = gpus[:len(devices)]
	}
	chips, _ := fs.Glob(root, "dev/accel[0-9]*")
	if len(chips) == 0 {
		groups, _ := fs.Glob(root, "dev/vfio/[0-9]*")
		chips = slices.DeleteFunc(groups, func(string) bool { return !isTPUHost(root) })
	}
	return gpus, len(chips)
}

// model reads the product's name: "Model: \t\t NVIDIA H100 80GB HBM3".
func model(root fs.FS, file string) string {
	data, err := fs.ReadFile(root, file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(line, "Model:"); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// isTPUHost reports whether one of the machine's PCI devices is a TPU: vendor
// 0x1ae0 is Google, and the class of processing accelerators is 0x1200.
func isTPUHost(root fs.FS) bool {
	vendors, _ := fs.Glob(root, "sys/bus/pci/devices/*/vendor")
	for _, file := range vendors {
		vendor, err := fs.ReadFile(root, file)
		if err != nil || strings.TrimSpace(string(vendor)) != "0x1ae0" {
			continue
		}
		class, err := fs.ReadFile(root, path.Join(path.Dir(file), "class"))
		if err == nil && strings.HasPrefix(string(class), "0x1200") {
			return true
		}
	}
	return false
}
