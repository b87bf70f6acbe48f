package alembic_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		full := filepath.Join(top, dir)
		if diff := cmp.Diff(askAlembic(t, []string{full})[0], ours(full)); diff != "" {
			t.Errorf("%s differs from alembic (-alembic +ours):\n%s", dir, diff)
		}
	}
}
