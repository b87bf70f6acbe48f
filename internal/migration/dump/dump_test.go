package dump_test

import (
	"testing"

	"github.com/headgate/headgate/internal/migration/dump"
	"github.com/headgate/headgate/internal/migration/migrationtest"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, dump.Format{}) }
