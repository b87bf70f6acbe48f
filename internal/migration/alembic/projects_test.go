package alembic_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/migration/alembic"
)

// TestProjectsEqualAlembic compares heads and order of checkouts of public repositories.
func TestProjectsEqualAlembic(t *testing.T) {
	requireAlembic(t)
	named := strings.FieldsFunc(os.Getenv(projects), func(r rune) bool { return r == ':' })
	if len(named) == 0 {
		t.Skipf("%s names no checkouts", projects)
	}
	for _, project := range named {
		top, dir, _ := strings.Cut(project, "//")
		fsys := os.DirFS(top)
		h, err := alembic.Format{}.Read(fsys, dir)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		asked := strings.Join(append([]string{filepath.Join(top, scripts(fsys, dir))}, versionFolders(top, h)...), ":")
		if diff := cmp.Diff(askAlembic(t, []string{asked})[0], answerOf(h)); diff != "" {
			t.Errorf("%s differs from alembic (-alembic +ours):\n%s", dir, diff)
		}
		t.Logf("%s: %d revisions, heads %v", dir, len(h.Revisions), h.Heads())
	}
}
