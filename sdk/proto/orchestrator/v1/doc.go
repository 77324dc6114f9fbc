// Package orchestratorv1 is the protocol between stack and an orchestrator
// plugin, generated from orchestrator.proto. Plugins written in Go use package
// sdk instead; sdk/wire converts between the two.
package orchestratorv1
