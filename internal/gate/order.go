package gate

// Order is when pending migrations run, relative to the code going live.
type Order string

// CodeFirst says that pending migrations run after the code, or apart from it.
const CodeFirst Order = "code-first"

// Orders are the orders that this release can prove, with one sentence on what each promises.
var Orders = []struct {
	Order   Order
	Promise string
}{
	{CodeFirst, "pending migrations run after the code goes live, or apart from it, so the new code must work on the released schema and on the proposed one"},
}

// Names of the cells: a code version against a schema.
const (
	cellAhead = "C1xS0" // proposed code on the released schema
	cellEnd   = "C1xS1" // proposed code on the proposed schema
)

// severity is how much a failure in a cell weighs.
func (o Order) severity(cell string) Severity {
	return severities[o][cell]
}

// severities is what each order fails on and warns of.
var severities = map[Order]map[string]Severity{
	CodeFirst: {cellAhead: Error, cellEnd: Error},
}
