package diesel_test

import (
	"testing"

	"github.com/headgate/headgate/internal/migration/diesel"
	"github.com/headgate/headgate/internal/migration/migrationtest"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, diesel.Format{}) }
