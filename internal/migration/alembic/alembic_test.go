package alembic_test

import (
	"testing"

	"github.com/headgate/headgate/internal/migration/alembic"
	"github.com/headgate/headgate/internal/migration/migrationtest"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, alembic.Format{}) }
