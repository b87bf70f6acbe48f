package goose_test

import (
	"testing"

	"github.com/headgate/headgate/internal/migration/goose"
	"github.com/headgate/headgate/internal/migration/migrationtest"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, goose.Format{}) }
