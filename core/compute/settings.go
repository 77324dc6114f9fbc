package compute

// Settings is what users may say about the machine of a step. Nil was not
// written.
type Settings struct {
	CPU         *CPU         `json:"cpu" doc:"Cores; fractions are parts of one."`
	Memory      *Bytes       `json:"memory" doc:"Main memory, such as 4GiB."`
	Disk        *Bytes       `json:"disk" doc:"Disk space, such as 100GiB."`
	Shm         *Bytes       `json:"shm" doc:"Size of /dev/shm."`
	Accelerator *Accelerator `json:"accelerator" doc:"GPUs or TPU chips, such as h100:8, gpu:2, tpu-v6e:8 or tpu-v5p:2x2x2; cpu for none."`
	Spot        *bool        `json:"spot" doc:"Use capacity that can be taken away."`
	MachineType string       `json:"machine_type" doc:"The platform's own name of a machine, in place of choosing one."`
}

// Spotted reports whether capacity that can be taken away is asked for, here
// or by the accelerator's :spot.
func (s Settings) Spotted() bool {
	if s.Spot != nil {
		return *s.Spot
	}
	return s.Accelerator != nil && s.Accelerator.Spot
}
