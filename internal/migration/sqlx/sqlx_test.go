package sqlx_test

import (
	"testing"

	"github.com/headgate/headgate/internal/migration/migrationtest"
	"github.com/headgate/headgate/internal/migration/sqlx"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, sqlx.Format{}) }
