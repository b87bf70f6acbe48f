package refinery_test

import (
	"testing"

	"github.com/headgate/headgate/internal/migration/migrationtest"
	"github.com/headgate/headgate/internal/migration/refinery"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, refinery.Format{}) }
