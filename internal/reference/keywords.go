package reference

import "strings"

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// expectsOperand are the key words after which a value can come, so that they are not themselves the
// left operand of an operator. Words that are common column names and key words in rare places
// only (first, rows, groups, date, …) are left out: there the word after decides.
var expectsOperand = wordSet(`all and any array as asymmetric between both by call case collate conflict cross do
	distinct else escape except exists explain fetch for from full group having if ilike in inner insert
	intersect interval into is isnull join lateral leading left like limit merge natural not notnull offset
	on only or order outer over overlaps partition placing returning right select set similar some symmetric
	then to trailing truncate union update using values variadic when where window with delete`)

// neverBeginsOperand are the words with which no operand begins: they come after one.
var neverBeginsOperand = wordSet(`and any all as asc between by collate conflict cross desc do else end escape except
	fetch filter following for from full group having ilike in inner insert intersect into is isnull join
	left like limit natural nothing notnull nulls offset on only or order outer over overlaps partition
	preceding returning right row rows set similar then to union update using values when where window with`)

// continuesExpression are the words that may follow the first word of a select list.
var continuesExpression = wordSet(`all and any array as at between case cast collate current distinct else end except
	exists extract filter from group having ilike in intersect into is isnull like limit not notnull null offset
	on or order over row similar some then to union when where window with within precision varying time zone
	date timestamp interval character double coalesce count max min sum avg for true false`)
