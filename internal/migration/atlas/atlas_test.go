package atlas_test

import (
	"testing"

	"github.com/headgate/headgate/internal/migration/atlas"
	"github.com/headgate/headgate/internal/migration/migrationtest"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, atlas.Format{}) }
