//go:build !unix

// Package testbed starts the real servers that stores are tested against. It
// needs a Unix; elsewhere every server is missing.
package testbed

import "errors"

// ErrMissing says that a program is not installed here.
var ErrMissing = errors.New("servers are started on Unix only")

// The keys of the S3 service's only account.
const (
	S3Key    = "gorgon-test-key"
	S3Secret = "gorgon-test-secret"
)

// A Server is one process.
type Server struct{ URL, Addr, Roots string }

// Start starts the server where it does not run.
func (s *Server) Start() error { return ErrMissing }

// Stop ends the server in order.
func (s *Server) Stop() {}

// Kill ends the server at once.
func (s *Server) Kill() {}

// Pause makes the server hang.
func (s *Server) Pause() {}

// Resume ends a Pause.
func (s *Server) Resume() {}

// Close ends the server and removes what it kept.
func (s *Server) Close() {}

// DNS starts a name server.
func DNS() (*Server, error) { return nil, ErrMissing }

// ACME starts an ACME authority.
func ACME(_, _, _ string) (*Server, error) { return nil, ErrMissing }

// PgBouncer starts a PgBouncer before a PostgreSQL.
func PgBouncer(*Server) (*Server, error) { return nil, ErrMissing }

// Postgres starts a PostgreSQL.
func Postgres() (*Server, error) { return nil, ErrMissing }

// PostgresSynced is a PostgreSQL that syncs its log to the disk.
func PostgresSynced() (*Server, error) { return nil, ErrMissing }

// Redis starts a Redis.
func Redis(...string) (*Server, error) { return nil, ErrMissing }

// S3 starts an S3 service.
func S3() (*Server, error) { return nil, ErrMissing }

// Caddy starts a Caddy.
func Caddy([]byte, ...string) (*Server, error) { return nil, ErrMissing }

// Nginx starts an nginx.
func Nginx([]byte, ...string) (*Server, error) { return nil, ErrMissing }
