package pluginhost

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHashesRememberAFileUntilItChanges(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "plugin")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h := Hashes{Dir: filepath.Join(dir, "cache")}
	sum := func() string {
		t.Helper()
		s, err := h.SHA256(path)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	write("hello")
	const hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	if got := sum(); got != hello {
		t.Fatalf("SHA-256 is %s", got)
	}

	// What is remembered is believed: a forged record shows that it is read.
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	identity, known := identityOf(info)
	if !known {
		t.Skip("this system does not tell a file's identity")
	}
	forged := strings.Repeat("f", 64)
	h.remember(path, hashRecord{Identity: identity, SHA256: forged})
	if got := sum(); got != forged {
		t.Errorf("the record is not used: %s", got)
	}

	// The same size and times, but other content, is another file.
	write("HELLO")
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if got := sum(); got == forged || got == hello {
		t.Errorf("a file that was changed, and its time set back, has the digest %s", got)
	}

	// Nonsense in the cache is not believed.
	if err := os.WriteFile(h.file(path), []byte(`{"identity":`), 0o600); err != nil {
		t.Fatal(err)
	}
	write("hello")
	if got := sum(); got != hello {
		t.Errorf("SHA-256 is %s", got)
	}
	if _, err := (Hashes{}).SHA256(path); err != nil {
		t.Errorf("without a cache: %v", err)
	}
}
