package gate

import (
	"strings"

	"github.com/headgate/headgate/internal/reference"
	"github.com/headgate/headgate/internal/schema"
	"github.com/headgate/headgate/internal/statement"
)

// made is what the code creates itself, by kind and name: temporary tables, and the bookkeeping of programs that bring
// their own tables. No migration has it, and that is no mistake.
type made map[statement.Created]bool

func madeByCode(references ...[]reference.Reference) made {
	m := made{}
	for _, list := range references {
		for _, r := range list {
			for _, c := range statement.Creates(r.SQL) {
				m[statement.Created{Kind: c.Kind, Name: c.Name}] = true
			}
		}
	}
	return m
}

// makes tells whether the code creates an object of this kind and name.
func (m made) makes(kind schema.Kind, name string) bool {
	name, _, _ = strings.Cut(name, "(")
	created, ok := createdKinds[kind]
	return ok && m[statement.Created{Kind: created, Name: name}]
}

// createdKinds are the kinds of object that code is seen to create.
var createdKinds = map[schema.Kind]statement.Kind{
	schema.Table: statement.Relation, schema.View: statement.Relation, schema.Sequence: statement.Relation,
	schema.Column: statement.ColumnOf, schema.Type: statement.Type, schema.Function: statement.Function, schema.Namespace: statement.Namespace,
}
