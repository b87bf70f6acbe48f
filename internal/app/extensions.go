package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/sqltext"
)

// extension finds what a migration creates where it is not there. It may find too much (in a comment): an extension
// that is made and not used does no harm. The second way is that of alembic_utils. A plain CREATE EXTENSION would fail on one that is made already.
// The schema can stand behind the name, or behind the version (manual, CREATE EXTENSION).
var extension = regexp.MustCompile(`(?i)\bcreate\s+extension\s+if\s+not\s+exists\s+"?([a-z0-9_-]+)"?(?:\s+with\b)?(?:\s+version\s+\S+)?(?:\s+schema\s+("[^"]{1,63}"|[a-z_][a-z0-9_$]*))?|\bPGExtension\([^)]*\bsignature\s*=\s*["']([a-z0-9_-]+)`)

// plainSchema finds the schemas that a migration makes and that must not be there before.
var plainSchema = regexp.MustCompile(`(?i)\bcreate\s+schema\s+("[^"]{1,63}"|[a-z_][a-z0-9_$]*)`)

// wantedExtensions are what was found in the texts of migrations.
type wantedExtensions struct {
	list  []postgres.Extension
	seen  map[string]bool
	plain map[string]bool // schemas that cannot be made beforehand
}

// noteSchemas takes in the schemas that a migration makes. A dump is loaded past those that are there.
func (w *wantedExtensions) noteSchemas(text []byte) {
	for _, m := range plainSchema.FindAllSubmatch(text, -1) {
		w.plain[sqltext.Unquote(string(m[1]))] = true
	}
}

func (w *wantedExtensions) note(text []byte) {
	for _, m := range extension.FindAllSubmatch(text, -1) {
		if name := string(m[1]) + string(m[3]); !w.seen[name] {
			w.seen[name] = true
			w.list = append(w.list, postgres.Extension{Name: name, Schema: sqltext.Unquote(string(m[2]))})
		}
	}
}

// inTheirSchemas leaves the schema out where it is not there yet and a migration must make it, or none may be made.
func (w *wantedExtensions) inTheirSchemas() []postgres.Extension {
	for i, e := range w.list {
		own := strings.HasPrefix(e.Schema, "pg_") || e.Schema == "information_schema"
		if w.plain[e.Schema] && e.Schema != "public" || own && e.Schema != "pg_catalog" {
			w.list[i].Schema = ""
		}
	}
	return w.list
}

// createExtensions makes the extensions that only a superuser may make, for migrations that then find them.
func (c *run) createExtensions(ctx context.Context, database *postgres.Database) error {
	if c.config.Superuser {
		return nil // then the migrations may do it themselves
	}
	wanted := &wantedExtensions{seen: map[string]bool{}, plain: map[string]bool{}}
	find := func(tree fs.FS, h *migration.History) error {
		var files []string
		for _, r := range h.Revisions {
			files = append(append(files, r.File), r.Includes...)
		}
		slices.Sort(files)
		for _, file := range slices.Compact(files) {
			text, err := fs.ReadFile(tree, file)
			if err != nil {
				return fmt.Errorf("read the migration: %w", err)
			}
			wanted.note(text)
			if !h.Whole {
				wanted.noteSchemas(text)
			}
		}
		return nil
	}
	released := c.released
	if c.converted != nil {
		released = c.converted.history
	}
	err := errors.Join(find(c.releasedTree, released), find(c.headTree, c.proposed))
	if c.config.Setup != "" {
		text, readErr := fs.ReadFile(c.headTree, c.config.Setup)
		wanted.note(text)
		if !errors.Is(readErr, fs.ErrNotExist) { // that is said where it runs
			err = errors.Join(err, readErr)
		}
	}
	if err != nil {
		return err
	}
	if c.config.Baseline == config.BaselineModels {
		if err := c.findInCode(wanted.note); err != nil {
			return err
		}
	}
	extensions := slices.DeleteFunc(wanted.inTheirSchemas(), func(e postgres.Extension) bool { return c.brought(e.Name) })
	err = database.CreateExtensions(ctx, extensions)
	if missing := (*postgres.MissingExtensionsError)(nil); errors.As(err, &missing) {
		for _, name := range missing.Names {
			if image := migration.ImageWith(name); image != "" {
				return fmt.Errorf("%w; the image %s has %s", err, image, name)
			}
		}
	}
	return err
}

// findInCode hands the Python files at the base to note: with models for a baseline, the code makes the extensions that its
// tables need.
func (c *run) findInCode(note func(text []byte)) error {
	return fs.WalkDir(c.releasedTree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".py" || !entry.Type().IsRegular() || passedOver.MatchString(name) {
			return err
		}
		text, err := fs.ReadFile(c.releasedTree, name)
		if err != nil {
			return fmt.Errorf("read the code: %w", err)
		}
		note(text)
		return nil
	})
}
