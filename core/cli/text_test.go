package cli

import (
	"strings"
	"testing"
)

func TestShellWord(t *testing.T) {
	for text, want := range map[string]string{
		"": "''", "a-b_c.d/e:f=g,h@i+j%k": "a-b_c.d/e:f=g,h@i+j%k", "a b": "'a b'", "it's": `'it'\''s'`, "$x": "'$x'", "ü": "'ü'", "a\nb": "'a\nb'",
	} {
		if got := shellWord(text); got != want {
			t.Errorf("shellWord(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestByteText(t *testing.T) {
	for n, want := range map[int64]string{0: "0B", 1: "1B", 1024: "1KiB", 1536: "1536B", 4 << 30: "4GiB", 1 << 60: "1024PiB"} {
		if got := byteText(n); got != want {
			t.Errorf("byteText(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestFlowName(t *testing.T) {
	for folder, want := range map[string]string{"churn": "churn", "My Flow": "my-flow", "2024_x": "x", "---": "flow", "日本": "flow", strings.Repeat("a", 80): strings.Repeat("a", 63)} {
		if got := flowName(folder); got != want {
			t.Errorf("flowName(%q) = %q, want %q", folder, got, want)
		}
	}
}
