package flyway_test

import (
	"testing"

	"github.com/headgate/headgate/internal/migration/flyway"
	"github.com/headgate/headgate/internal/migration/migrationtest"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, flyway.Format{}) }
