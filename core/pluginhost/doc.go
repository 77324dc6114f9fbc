// Package pluginhost finds plugins, starts them as processes, and keeps them
// honest: it knows when one has died and says so with the plugin's own last
// words, it never blocks on one that hangs, and it never runs an executable
// that was not asked for by name.
//
// It gives the rest of stack an sdk.Orchestrator or a build.Builder; that they
// are processes shows only in the errors, each of which names the plugin. What
// is on the wire is left to sdk/wire and imagebuilders/wire, when to call what
// to core/engine.
package pluginhost
