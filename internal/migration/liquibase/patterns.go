package liquibase

import "regexp"

// The patterns are those of AbstractFormattedChangeLogParser.java and FormattedSqlChangeLogParser.java, each for a whole line.
// "Alike" ones are what Liquibase refuses as a slip of the pen.
var (
	header = whole(`\s*--\s*liquibase\s*formatted.*`)

	propertyLine  = whole(`\s*--\s*property\s+(.*:.*)\s+(.*:.*).*`)
	alikeProperty = whole(`\s*?-+\s*property\s.*`)

	changeSetLine  = whole(`\s*--\s*changeset\s+("[^"]+"|[^:]+):\s*("[^"]+"|\S+).*`)
	alikeChangeSet = whole(`-\s*changeset\s.*|\s*--\s*changeset\s*.*`)

	ignoreLines      = whole(`--\s*ignoreLines:(\w+)`)
	alikeIgnoreLines = whole(`-\s*?ignoreLines:(\w+).*`)
	alikeIgnore      = whole(`-\s*?ignoreLines:(\w+).*|--\s*ignore:(\w+)`)

	commentLine  = whole(`--\s*comment:? (.*)`)
	alikeComment = whole(`-\s*comment:? (.*)|--\s*comments:? (.*)`)

	validLine  = whole(`--\s*validCheckSum:? (.*)`)
	alikeValid = whole(`-\s*validCheckSum(.*)`)

	rollbackLine  = whole(`\s*--\s*rollback (.*)`)
	alikeRollback = whole(`\s*-\s*rollback\s.*`)
	rollbackStart = whole(`\s*/\*\s*liquibase\s*rollback\s*`)
	rollbackEnd   = whole(`.*\s*\*/\s*`)

	preconditionsLine  = whole(`\s*--\s*preconditions(.*)`)
	alikePreconditions = whole(`\s*-\s*preconditions\s.*`)
	preconditionLine   = whole(`\s*--\s*precondition-([a-zA-Z0-9-]+) (.*)`)
	alikePrecondition  = whole(`\s*-\s*precondition(.*)`)
	emptyPrecondition  = whole(`\s*--\s*precondition-([a-zA-Z0-9-]+)`)

	// Patterns of Liquibase's commercial edition, which release 5 refuses without a license
	// (InvalidFormattedSqlPatternsForOssUtil.java) and release 4 takes for comments.
	commercial = whole(`\s*--\s*(rollbackSqlFile\s.*|tagDatabase:\s.*|include\s+file:.*|includeAll\s.*)`)
)

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`(?i)^(?:` + pattern + `)$`) }

// The attributes of a line. Of several of one name the last holds.
var (
	attributeStrip         = attribute(`stripComments`, `\w+`)
	attributeSplit         = attribute(`splitStatements`, `\w+`)
	attributeRollbackSplit = attribute(`rollbackSplitStatements`, `\w+`)
	attributeEnd           = attribute(`\bendDelimiter`, `\S*`)
	attributeRollbackEnd   = attribute(`\brollbackEndDelimiter`, `\S*`)
	attributeRunWith       = attribute(`runWith`, `[\w${}]+`)
	attributeRunOnChange   = attribute(`runOnChange`, `\w+`)
	attributeRunAlways     = attribute(`runAlways`, `\w+`)
	attributeContext       = attribute(`context`, `".*?"|\S*`)
	attributeContextFilter = attribute(`contextFilter`, `".*?"|\S*`)
	attributeLabels        = attribute(`labels`, `".*?"|\S*`)
	attributeLogicalPath   = attribute(`logicalFilePath`, `\S*`)
	attributeInTransaction = attribute(`runInTransaction`, `\w+`)
	attributeDBMS          = attribute(`dbms`, `[^,][\w!,]+`)
	attributeIgnore        = attribute(`ignore`, `\w*`)
	attributeFailOnError   = attribute(`failOnError`, `\w+`)
	attributeOnFail        = attribute(`onFail`, `\w+`)
	attributeOnError       = attribute(`onError`, `\w+`)
	attributeName          = attribute(`name`, `\s*\S+`)
	attributeValue         = attribute(`value`, `\s*\S+`)
	attributeGlobal        = attribute(`global`, `\S+`)
	attributeTable         = attribute(`table`, `\w+`)
	attributeView          = attribute(`view`, `\w+`)
	attributeSchema        = attribute(`schema`, `\w+`)
	attributeChangeSetID   = attribute(`changeSetId`, `\S+`)
	attributeChangeSetBy   = attribute(`changesetAuthor`, `\S+`)
	attributeChangeSetPath = attribute(`changesetPath`, `\S+`)
)

func attribute(name, value string) *regexp.Regexp {
	return regexp.MustCompile(`(?is)^.*` + name + `:(` + value + `).*$`)
}

// expectations are the ways to write what a sql-check expects.
var expectations = []*regexp.Regexp{
	regexp.MustCompile(`(?i)^(?:expectedResult:)?(\w+) (.*)$`),
	regexp.MustCompile(`(?i)^(?:expectedResult:)?'([^']+)' (.*)$`),
	regexp.MustCompile(`(?i)^(?:expectedResult:)?"([^"]+)" (.*)$`),
}
