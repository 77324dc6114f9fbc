package compute

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bytes is a size. It is written with a unit of 1000 (KB, MB, GB, TB, PB) or
// 1024 (KiB, MiB, GiB, TiB, PiB; Ki, Mi, Gi, Ti, Pi), or as a number of bytes.
type Bytes int64

var bytesPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]{1,18})(?:\.([0-9]{1,9}))?\s*([A-Za-z]*)$`) })

// units is the size of each unit, by its lower-case spelling.
func units() map[string]int64 {
	return map[string]int64{
		"": 1, "b": 1,
		"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "pb": 1e15,
		"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "pib": 1 << 50,
		"ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40, "pi": 1 << 50,
	}
}

// UnmarshalText reads a size. A fraction must come to whole bytes. The error
// is a *GrammarError.
func (b *Bytes) UnmarshalText(text []byte) error {
	t := strings.TrimSpace(string(text))
	m := bytesPattern().FindStringSubmatch(t)
	if m == nil {
		return &GrammarError{fmt.Sprintf("%q is not a size", t), "write a number and a unit, such as 4GiB or 500MB"}
	}
	unit, ok := units()[strings.ToLower(m[3])]
	if !ok {
		way := "units are KB, MB, GB, TB (1000) and KiB, MiB, GiB, TiB (1024)"
		if len(m[3]) == 1 {
			way = fmt.Sprintf("write %s%siB or %s%sB", m[1], strings.ToUpper(m[3]), m[1], strings.ToUpper(m[3]))
		}
		return &GrammarError{fmt.Sprintf("size %q has the unknown unit %q", t, m[3]), way}
	}
	number := m[1]
	if m[2] != "" {
		number += "." + m[2]
	}
	value, _ := new(big.Rat).SetString(number) // digits, by the pattern
	value.Mul(value, new(big.Rat).SetInt64(unit))
	if !value.IsInt() {
		return &GrammarError{fmt.Sprintf("size %q is not a whole number of bytes", t), "use a smaller unit"}
	}
	if !value.Num().IsInt64() {
		return &GrammarError{fmt.Sprintf("size %q is too large", t), "sizes go up to 8191PiB"}
	}
	*b = Bytes(value.Num().Int64())
	return nil
}

// String is the size in the largest unit of 1024 that takes it exactly.
func (b Bytes) String() string {
	n, unit := int64(b), 0
	names := []string{"", "KiB", "MiB", "GiB", "TiB", "PiB"}
	for n != 0 && n%1024 == 0 && unit < len(names)-1 {
		n, unit = n/1024, unit+1
	}
	return strconv.FormatInt(n, 10) + names[unit]
}

// MarshalText is String.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// JSONSchema describes the grammar to editors.
func (Bytes) JSONSchema() map[string]any {
	return map[string]any{"type": []any{"string", "integer"}, "examples": []any{"4GiB", "500MB"}}
}

// Duration is a time, written as Go does (90s, 1h30m, 500ms), with d for days,
// or as a number of seconds.
type Duration time.Duration

// longest is the longest duration that means anything here: ten years.
const longest = 10 * 365 * 24 * time.Hour

var daysPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]{1,4})d(.*)$`) })

// UnmarshalText reads a duration. The error is a *GrammarError.
func (d *Duration) UnmarshalText(text []byte) error {
	t := strings.TrimSpace(string(text))
	wrong := &GrammarError{fmt.Sprintf("%q is not a duration", t), "write a number and a unit, such as 30s, 5m, 2h or 1d"}
	var days time.Duration
	rest := t
	if m := daysPattern().FindStringSubmatch(t); m != nil {
		n, _ := strconv.Atoi(m[1]) // four digits at most, by the pattern
		days, rest = time.Duration(n)*24*time.Hour, m[2]
		if rest == "" {
			rest = "0s"
		}
	}
	if n, err := strconv.ParseInt(rest, 10, 32); err == nil && days == 0 {
		rest = strconv.FormatInt(n, 10) + "s"
	}
	parsed, err := time.ParseDuration(rest)
	if err != nil {
		return wrong
	}
	parsed += days
	if parsed < 0 || parsed > longest {
		return &GrammarError{fmt.Sprintf("duration %q is out of range", t), "durations go from 0s to ten years"}
	}
	*d = Duration(parsed)
	return nil
}

// String is the duration as Go writes it, which reads back as the same.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText is String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// JSONSchema describes the grammar to editors.
func (Duration) JSONSchema() map[string]any {
	return map[string]any{"type": []any{"string", "integer"}, "examples": []any{"30s", "2h"}}
}

// CPU is a number of cores; fractions are parts of one.
type CPU float64

// UnmarshalText reads a number of cores, also as thousandths (500m). The error
// is a *GrammarError.
func (c *CPU) UnmarshalText(text []byte) error {
	t := strings.TrimSpace(string(text))
	number, thousandths := strings.CutSuffix(t, "m")
	n, err := strconv.ParseFloat(number, 64)
	if thousandths {
		n /= 1000
	}
	if err != nil || n != n {
		return &GrammarError{fmt.Sprintf("%q is not a number of cores", t), "write a number, such as 2 or 0.5"}
	}
	if n <= 0 || n > 100000 {
		return &GrammarError{fmt.Sprintf("%s cores are out of range", t), "write a number above 0"}
	}
	*c = CPU(n)
	return nil
}

// MarshalText is the number.
func (c CPU) MarshalText() ([]byte, error) {
	return []byte(strconv.FormatFloat(float64(c), 'g', -1, 64)), nil
}

// JSONSchema describes the grammar to editors.
func (CPU) JSONSchema() map[string]any {
	return map[string]any{"type": []any{"number", "string"}, "examples": []any{2, 0.5}}
}
