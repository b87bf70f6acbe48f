package gate

import "embed"

// Rule is one kind of finding.
type Rule struct {
	// Name is stable for ever.
	Name string
	// Says is the rule in half a sentence.
	Says string
	// Default is how much a finding weighs where nothing is set.
	Default string
}

// Rules are all rules that this release checks.
var Rules = []Rule{
	{"code-ahead", "proposed code needs what only a pending migration brings", "by order"},
	{"breaks-released-code", "a pending migration removes or changes what released code uses", "by order"},
	{"unknown-reference", "proposed code needs what the proposed schema does not have", "error or warning"},
	{"required-column", "an INSERT leaves out what another schema of the deploy requires", "by order"},
	{"result-shape", "a statement returns other columns or types after a step of the deploy", "warning"},
	{"parameter-type", "the type of a parameter changes in a step of the deploy", "warning"},
	{"new-restriction", "a pending migration restricts a table that released code writes", "warning"},
	{"edited-migration", "a released migration was edited: deployed databases will not see it", "error"},
	{"deleted-migration", "a released migration is gone", "error"},
	{"duplicate-version", "two migrations claim one version or revision id", "error"},
	{"out-of-order", "a pending migration comes before a released one: the tool skips it or refuses to run", "error"},
	{"multiple-heads", "the history ends in more than one head", "error"},
	{"broken-history", "an unknown parent, a circle, an unreadable migration", "error"},
	{"migration-fails", "a migration does not apply, on the released schema or on an empty database", "error"},
	{"fresh-differs", "a database built from nothing differs from an upgraded one", "error"},
	{"not-reversible", "a way down is missing, fails, or does not give back the schema; only with `reversible`", "off"},
}

//go:embed rules/*.md
var pages embed.FS

// Page is the rule's documentation in Markdown: why, a bad and a good example, and what to do.
func (r Rule) Page() (string, error) {
	text, err := pages.ReadFile("rules/" + r.Name + ".md")
	return string(text), err
}
