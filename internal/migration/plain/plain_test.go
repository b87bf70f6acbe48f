package plain_test

import (
	"testing"

	"github.com/headgate/headgate/internal/migration/migrationtest"
	"github.com/headgate/headgate/internal/migration/plain"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, plain.Format{}) }
