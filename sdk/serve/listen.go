package serve

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/stackrun/stack/sdk/wire"
)

// How long each part of the end may take; together they stay below the two
// seconds in which a plugin is gone after its host.
const (
	hostGrace    = 500 * time.Millisecond // without a connection, until the host counts as dead
	connectGrace = 15 * time.Second       // until the first connection
	closeTime    = 800 * time.Millisecond // for Closer
)

// listen serves until the host says goodbye or dies, and closes the instance.
func listen(s Service, instance Instance, log *slog.Logger) {
	leaveSignalsToHost()
	var once sync.Once
	end := func() { once.Do(func() { closeInstance(instance, log) }) }
	watch := newWatchdog(hostGrace, connectGrace, func() {
		end()
		removeSocketDir()
		os.Exit(0)
	})
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  uint(s.Version),
			MagicCookieKey:   wire.CookieKey,
			MagicCookieValue: wire.CookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{s.Version: {s.Name: registration{register: instance.Register}}},
		Logger: hclog.New(&hclog.LoggerOptions{
			Level: hclog.Warn, Output: os.Stderr, JSONFormat: true,
		}),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			options = append(options, wire.ServerOptions()...)
			return grpc.NewServer(append(options, grpc.StatsHandler(watch))...)
		},
	})
	end()
}

func closeInstance(instance Instance, log *slog.Logger) {
	closer, ok := instance.Implementation.(Closer)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := wire.Guard("Close", nil, func() (struct{}, error) { return struct{}{}, closer.Close(ctx) })
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			log.Error("close", "error", err)
		}
	case <-ctx.Done():
		log.Error("close took too long")
	}
}

// leaveSignalsToHost keeps Ctrl-C, a terminate signal or a closed terminal
// from ending the process: the host says when it ends. A broken pipe is on the
// list because writing to a dead host's log must not kill the process before
// Closer has stopped what it started. The signals are taken and dropped, not
// ignored, since children would inherit that.
func leaveSignalsToHost() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	go func() {
		for range signals { // until the process ends
		}
	}()
}

// removeSocketDir removes the folder that a dead host has left; only an empty
// one goes.
func removeSocketDir() {
	if dir := os.Getenv(plugin.EnvUnixSocketDir); dir != "" {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return
		}
		for _, entry := range entries {
			if entry.Type()&os.ModeSocket != 0 {
				_ = os.Remove(dir + string(os.PathSeparator) + entry.Name()) // the next line tells
			}
		}
		_ = os.Remove(dir) // nobody is left to be told
	}
}

// registration is a service in go-plugin's terms.
type registration struct {
	plugin.NetRPCUnsupportedPlugin
	register func(grpc.ServiceRegistrar)
}

func (r registration) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	r.register(server)
	return nil
}

func (r registration) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("this side of the connection serves")
}
