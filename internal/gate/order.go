package gate

// Order is when pending migrations run, relative to the code going live.
type Order string

// The orders.
const (
	// CodeFirst says that pending migrations run after the code, or apart from it.
	CodeFirst Order = "code-first"
	// MigrateFirst says that the deploy runs pending migrations, then rolls the code.
	MigrateFirst Order = "migrate-first"
	// Either says that nobody promises an order.
	Either Order = "either"
	// RollbackSafe is MigrateFirst for a deploy whose code may be rolled back over the new schema.
	RollbackSafe Order = "rollback-safe"
)

// Orders are all orders, with one clause on what each promises.
var Orders = []struct {
	Order   Order
	Promise string
}{
	{CodeFirst, "pending migrations run after the code goes live, or apart from it, so the new code must work on the released schema and on the proposed one"},
	{MigrateFirst, "the deploy runs pending migrations and then rolls the code, so the code that is still running must work on the proposed schema, and so must the new code"},
	{Either, "nobody promises when pending migrations run, so the running code and the new code must both work on the released schema and on the proposed one"},
	{RollbackSafe, "the deploy runs pending migrations, then rolls the code, and may roll it back, so the released code must read and write the proposed schema without any new restriction"},
}

// SplitPromise is what takes the place of an order's promise where the pending migrations are split into those that expand the
// schema and those that contract it.
const SplitPromise = "the deploy runs the migrations that expand the schema, then rolls the code, then runs those that contract it, so the running code " +
	"and the new code must both work on the expanded schema, and the new code on the proposed one too"

// Names of the schemas, in the order in which a deploy reaches them.
const (
	SchemaReleased = "S0"
	SchemaExpanded = "SE" // after the migrations that expand, before those that contract
	SchemaProposed = "S1"
)

// Names of the code versions.
const (
	codeReleased = "C0"
	codeProposed = "C1"
)

func cellName(code, schema string) string { return code + "x" + schema }

// Cells of which rules speak by name.
const (
	cellAhead = "C1xS0" // proposed code on the released schema
	cellEnd   = "C1xS1" // proposed code on the proposed schema
)

// meeting is a code version that finds a schema during the deploy, or may find it, and how much a failure there weighs. The
// baseline's weighs nothing: what fails there was failing before.
type meeting struct {
	code   string
	schema int // index into the subject's schemas
	weight Severity
}

// severities is what each order fails on and warns of.
var severities = map[Order]map[string]Severity{
	CodeFirst:    {"C1xS0": Error, "C1xS1": Error, "C0xS1": Warning},
	MigrateFirst: {"C0xS1": Error, "C1xS1": Error, "C1xS0": Notice},
	Either:       {"C1xS0": Error, "C0xS1": Error, "C1xS1": Error},
	RollbackSafe: {"C0xS1": Error, "C1xS1": Error, "C1xS0": Notice},
}

// splitSeverities hold for every order where the pending migrations are split, since the split says when they run.
var splitSeverities = map[string]Severity{"C0xSE": Error, "C1xSE": Error, "C1xS1": Error}

// meetings lists who meets which schema, the released code first, each code version in the order of the deploy.
func (s *Subject) meetings() []meeting {
	weights := severities[s.Order]
	if s.split() {
		weights = splitSeverities
	}
	var all []meeting
	for _, code := range []string{codeReleased, codeProposed} {
		for i, schema := range s.Schemas {
			weight, met := weights[cellName(code, schema.Name)]
			if met || code == codeReleased && i == 0 {
				all = append(all, meeting{code, i, weight})
			}
		}
	}
	return all
}

// split tells whether the pending migrations are split into expanding and contracting ones.
func (s *Subject) split() bool {
	for _, schema := range s.Schemas {
		if schema.Name == SchemaExpanded {
			return true
		}
	}
	return false
}
