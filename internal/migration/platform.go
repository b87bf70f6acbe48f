package migration

import "context"

// Platform is a format whose migrations run on a platform: there, a database has objects before the first migration.
type Platform interface {
	// SetUp makes them in a database that does not have them. They belong to no migration, so it runs before any is applied, also
	// where none is released yet.
	SetUp(ctx context.Context, to Target) error
	// SearchPath is where the platform's connections look for names, unless the user says otherwise.
	SearchPath() []string
	// Brings tells of an extension that it is one of those objects. SetUp makes it where the server has it.
	Brings(extension string) bool
}
