package alembic

import (
	"crypto/md5" // the digest that SQLAlchemy puts into shortened names
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/headgate/headgate/internal/syntax/python"
)

// spanAt is a node that stands nowhere, for calls that no source makes.
type spanAt struct{ python.Span }

// reserved are the words that SQLAlchemy's PGIdentifierPreparer quotes.
var reserved = names(`all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
	current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else end
	except false fetch for foreign from grant group having in initially intersect into leading limit localtime localtimestamp new not null
	of off offset old on only or order placing primary references returning select session_user some symmetric table then to trailing true
	union unique user using variadic when where window with authorization between binary cross current_schema freeze full ilike inner is
	isnull join left like natural notnull outer over overlaps right similar verbose`)

var legalName = regexp.MustCompile(`^[A-Z0-9_$]+$`)

// quote writes a name as SQLAlchemy's IdentifierPreparer does: quoted where it is reserved, has an upper-case letter or
// another character than letters, digits, _ and $, or begins with a digit or $.
func quote(name string) string {
	lowered := strings.ToLower(name)
	if name != "" && !reserved[lowered] && legalName.MatchString(strings.ToUpper(name)) && lowered == name &&
		!strings.ContainsRune("0123456789$", rune(name[0])) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// qualified writes a name with its schema.
func qualified(name string, schema value) string {
	if s, ok := schema.(str); ok && s.s != "" {
		return quote(s.s) + "." + quote(name)
	}
	return quote(name)
}

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	return strings.Join(quoted, ", ")
}

// literalSQL writes a string as an SQL literal.
func literalSQL(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// maxIdentifier is PostgreSQL's NAMEDATALEN - 1.
const maxIdentifier = 63

// shorten cuts a name that a convention made (SQLAlchemy's truncate_and_render_maxlen).
func shorten(name string) string {
	if len(name) <= maxIdentifier {
		return name
	}
	sum := md5.Sum([]byte(name))
	digest := hex.EncodeToString(sum[:])
	runes := []rune(name)
	return string(runes[:min(len(runes), maxIdentifier-8)]) + "_" + digest[len(digest)-4:]
}
