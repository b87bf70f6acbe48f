package migration

import (
	"context"
	"io/fs"
)

// Finisher is a Migrator of a tool that runs files of the project around each deploy, such as Flyway with its callbacks.
type Finisher interface {
	Migrator
	// Finish runs what the tool runs once a deploy's last revision is applied, or where there was none to apply. It returns the
	// statements that ran; a failing one is an *Error with its place.
	Finish(ctx context.Context) ([]Statement, error)
}

// Finish ends a deploy, with a migrator that has something to do then.
func Finish(ctx context.Context, m Migrator) ([]Statement, error) {
	if f, ok := m.(Finisher); ok {
		return f.Finish(ctx)
	}
	return nil, nil
}

// RunsAlways tells whether a deploy of h changes the database even where no revision is pending, as far as files of the project
// say so.
func RunsAlways(f Format, fsys fs.FS, h *History) (bool, error) {
	if always, ok := f.(interface {
		RunsAlways(fsys fs.FS, h *History) (bool, error)
	}); ok {
		return always.RunsAlways(fsys, h)
	}
	return false, nil
}
