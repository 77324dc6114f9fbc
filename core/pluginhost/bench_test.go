package pluginhost_test

import (
	"testing"

	"github.com/stackrun/stack/core/pluginhost"
)

// BenchmarkFirstReply is from exec to the answer of Handshake. The plugin is
// this test binary, which links more than a plugin does; the target is 10 ms.
func BenchmarkFirstReply(b *testing.B) {
	plugin := pluginhost.Plugin{Kind: pluginhost.Orchestrator, Name: "fake", Path: self()}
	o := options("good")
	for b.Loop() {
		p, err := pluginhost.Launch(b.Context(), plugin, o)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		p.Close(b.Context())
		b.StartTimer()
	}
}

// BenchmarkCall is one small call to a plugin that runs.
func BenchmarkCall(b *testing.B) {
	p, err := launchFake(b.Context(), "good")
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close(b.Context())
	o := p.Orchestrator()
	for b.Loop() {
		if _, err := o.Schema(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
