package app

import (
	"runtime/debug"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/alembic"
	"github.com/headgate/headgate/internal/migration/atlas"
	"github.com/headgate/headgate/internal/migration/command"
	"github.com/headgate/headgate/internal/migration/dbmate"
	"github.com/headgate/headgate/internal/migration/diesel"
	"github.com/headgate/headgate/internal/migration/drizzle"
	"github.com/headgate/headgate/internal/migration/dump"
	"github.com/headgate/headgate/internal/migration/flyway"
	"github.com/headgate/headgate/internal/migration/golangmigrate"
	"github.com/headgate/headgate/internal/migration/goose"
	"github.com/headgate/headgate/internal/migration/liquibase"
	"github.com/headgate/headgate/internal/migration/nodepgmigrate"
	"github.com/headgate/headgate/internal/migration/plain"
	"github.com/headgate/headgate/internal/migration/prisma"
	"github.com/headgate/headgate/internal/migration/refinery"
	"github.com/headgate/headgate/internal/migration/sqlmigrate"
	"github.com/headgate/headgate/internal/migration/sqlx"
	"github.com/headgate/headgate/internal/migration/supabase"
	"github.com/headgate/headgate/internal/migration/tern"
	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/reference/golang"
	"github.com/headgate/headgate/internal/reference/python"
	"github.com/headgate/headgate/internal/reference/sql"
	"github.com/headgate/headgate/internal/report"
	"github.com/headgate/headgate/internal/report/annotations"
	"github.com/headgate/headgate/internal/report/json"
	"github.com/headgate/headgate/internal/report/summary"
	"github.com/headgate/headgate/internal/report/text"
)

// registry is all that can be plugged in. To add one is one folder and one line here; flag help, the README's tables and
// the check of action.yml come from it.
type registry struct {
	formats   []migration.Format
	languages []reference.Language
	reports   []report.Format
}

func newRegistry(p Process) registry {
	return registry{
		formats: []migration.Format{
			goose.Format{},
			alembic.Format{},
			golangmigrate.Format{},
			flyway.Format{},
			dbmate.Format{},
			tern.Format{},
			sqlmigrate.Format{},
			sqlx.Format{},
			diesel.Format{},
			refinery.Format{},
			atlas.Format{},
			prisma.Format{},
			drizzle.Format{},
			nodepgmigrate.Format{},
			liquibase.Format{},
			supabase.Format{},
			plain.Format{},
			dump.Format{},
			command.Format{},
		},
		languages: []reference.Language{
			golang.Language{},
			sql.Language{},
			python.Language{},
		},
		reports: []report.Format{
			text.Format{Color: p.wantsColor()},
			annotations.Format{},
			summary.Format{},
			json.Format{},
		},
	}
}

// named is anything of the registry.
type named interface{ Name() string }

func names[T named](list []T) []string {
	result := make([]string, len(list))
	for i, item := range list {
		result[i] = item.Name()
	}
	return result
}

// byName finds an entry of the registry; the name was checked before.
func byName[T named](list []T, name string) (found T) {
	for _, item := range list {
		if item.Name() == name {
			return item
		}
	}
	return found
}

// settings are all settings with the registry's names as their choices.
func (r registry) settings() []config.Setting {
	orders := make([]string, len(gate.Orders))
	for i, o := range gate.Orders {
		orders[i] = string(o.Order)
	}
	return config.Settings(config.Choices{Formats: names(r.formats), Orders: orders, Reports: names(r.reports)})
}

// version is the module's version as the Go command stamped it, or "devel".
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
