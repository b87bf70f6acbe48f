package golang

import (
	"go/ast"
	"strings"
)

// databaseCalls are the methods and functions that hand a text to a database, with the positions
// that the text can have among the arguments: with and without a context before it, and with the connection
// before it. database/sql, sqlx, pgx, GORM, bun and scany.
var databaseCalls = map[string][]int{
	"Exec": {0, 1}, "ExecContext": {1}, "MustExec": {0}, "MustExecContext": {1},
	"Query": {0, 1}, "QueryContext": {1}, "QueryRow": {0, 1}, "QueryRowContext": {1},
	"Queryx": {0, 1}, "QueryxContext": {1}, "QueryRowx": {0, 1}, "QueryRowxContext": {1},
	"Prepare": {0, 1, 2}, "PrepareContext": {1}, "Preparex": {0, 1}, "PreparexContext": {1},
	"PrepareNamed": {0}, "PrepareNamedContext": {1},
	"NamedExec": {0, 1}, "NamedExecContext": {1, 2}, "NamedQuery": {0, 1}, "NamedQueryContext": {1, 2},
	"Get": {1, 2, 3}, "GetContext": {2, 3}, "Select": {1, 2, 3}, "SelectContext": {2, 3},
	"Queue": {0}, "Raw": {0}, "NewRaw": {0}, "ExecSQL": {0, 1}, "QuerySQL": {0, 1},
}

// unmistakable are those of them whose names alone say that a text goes to a database, where the text itself is not known.
var unmistakable = map[string]bool{
	"ExecContext": true, "MustExec": true, "QueryContext": true, "QueryRow": true, "QueryRowContext": true,
	"Queryx": true, "QueryxContext": true, "QueryRowx": true, "QueryRowxContext": true,
	"NamedExec": true, "NamedExecContext": true, "NamedQuery": true, "NamedQueryContext": true,
	"PrepareContext": true, "Preparex": true, "PreparexContext": true, "Exec": true, "Query": true,
}

// passesThrough are the functions and methods that give a text back with its placeholders
// written in another way, with the position of the text.
var passesThrough = map[string][]int{
	"Rebind": {0, 1}, "In": {0}, "Named": {0}, "BindNamed": {0}, "TrimSpace": {0}, "Clean": {0}, "Dedent": {0},
}

// databaseLibraries are the import paths, or their beginnings, of libraries that talk to databases.
var databaseLibraries = []string{
	"database/sql", "github.com/jmoiron/sqlx", "github.com/jackc/pgx", "github.com/lib/pq", "gorm.io/gorm",
	"github.com/uptrace/bun", "github.com/go-pg/pg", "github.com/georgysavva/scany", "github.com/Masterminds/squirrel",
	"github.com/jackc/pgconn", "github.com/blockloop/scan", "github.com/gocraft/dbr", "github.com/jinzhu/gorm",
}

const squirrel = "github.com/Masterminds/squirrel"

func isDatabaseLibrary(path string) bool {
	for _, library := range databaseLibraries {
		if rest, ok := strings.CutPrefix(path, library); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// callee is the name of what is called, and for a method or a function of a package what stands
// before the dot.
func callee(call *ast.CallExpr) (on ast.Expr, name string) {
	fun := call.Fun
	for {
		switch x := fun.(type) {
		case *ast.ParenExpr:
			fun = x.X
		case *ast.IndexExpr: // a generic function
			fun = x.X
		case *ast.IndexListExpr:
			fun = x.X
		case *ast.SelectorExpr:
			return x.X, x.Sel.Name
		case *ast.Ident:
			return nil, x.Name
		default:
			return nil, ""
		}
	}
}

// isMessage tells whether the function's literal arguments are messages for people.
func isMessage(pkg, name string) bool {
	switch pkg {
	case "errors", "log", "slog", "zap", "logrus", "zerolog":
		return true
	case "fmt":
		return name == "Errorf" || strings.HasPrefix(name, "Print")
	case "":
		return name == "panic" || name == "print" || name == "println"
	}
	return false
}
