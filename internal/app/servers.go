package app

import (
	"context"
	"errors"
	"sync"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/postgres"
)

// servers are the throwaway servers of a run: one, unless services are on different versions or images of PostgreSQL.
type servers struct {
	start   func(*config.Config) (*postgres.Server, error)
	mu      sync.Mutex
	started map[serverKey]*sharedServer
}

// serverKey is what makes two services need different servers.
type serverKey struct{ version, image string }

// sharedServer is a server that several services build their schemas on, one after the other: a role belongs to the whole
// server, so that the migrations of two services must not run at a time.
type sharedServer struct {
	start func() (*postgres.Server, error)
	mu    sync.Mutex // held while a service builds
	used  bool       // by a service, whose roles may be there
}

func newServers(ctx context.Context, p Process) *servers {
	return &servers{started: map[serverKey]*sharedServer{}, start: func(c *config.Config) (*postgres.Server, error) {
		return postgres.Start(ctx, postgres.Options{
			Provider: c.Postgres, Version: c.PostgresVersion, Image: c.PostgresImage, Superuser: c.Superuser,
			Progress: func(line string) { p.say("%s", line) }, Warn: func(line string) { p.say("warning: %s", line) }, Env: p.getenv,
		})
	}}
}

// of gives the server that a service needs, which starts when the first one asks for it.
func (s *servers) of(c *config.Config) *sharedServer {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := serverKey{c.PostgresVersion, c.PostgresImage}
	if s.started[key] == nil {
		s.started[key] = &sharedServer{start: sync.OnceValues(func() (*postgres.Server, error) { return s.start(c) })}
	}
	return s.started[key]
}

// build builds the schemas of a service on the server that it needs.
func (s *servers) build(ctx context.Context, c *run) (*postgres.Server, error) {
	shared := s.of(c.config)
	server, err := shared.start()
	if err != nil {
		return nil, err
	}
	c.watch.lap("postgres")
	shared.mu.Lock()
	defer shared.mu.Unlock()
	c.rolesBefore, shared.used = shared.used, true
	c.schemas, err = c.build(ctx, server)
	c.adopt(c.schemas)
	return server, err
}

// close ends all of them.
func (s *servers) close(ctx context.Context) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, shared := range s.started {
		server, failed := shared.start()
		if failed == nil {
			err = errors.Join(err, server.Close(ctx))
		}
	}
	return err
}
