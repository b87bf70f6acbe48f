package nodepgmigrate

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/migration"
)

// prefix is the number that a name begins with; empty where it begins with none.
func prefix(name string) string {
	end := strings.IndexFunc(name, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(name)
	}
	return name[:end]
}

// numberOf is the value of a name's number: 17 digits are a time in UTC, to the millisecond, and stand for its milliseconds
// since 1970 (utils/fileNameUtils.ts, getNumericPrefix). JavaScript counts in floating point. It is false where there is no
// number, or no such time.
func numberOf(name string) (value float64, ok bool) {
	digits := prefix(name)
	if len(digits) == len("20060102150405000") {
		return milliseconds(digits)
	}
	value, err := strconv.ParseFloat(digits, 64)
	return value, err == nil
}

// milliseconds reads a time as V8 reads the ISO format: each month has 31 days, of which those that it has not are the next
// month's first, and the hour 24 is the next day's beginning.
func milliseconds(digits string) (value float64, ok bool) {
	part := func(from, to int) int {
		n, _ := strconv.Atoi(digits[from:to])
		return n
	}
	year, month, day := part(0, 4), part(4, 6), part(6, 8)
	hour, minute, second, rest := part(8, 10), part(10, 12), part(12, 14), part(14, 17)
	midnight := hour == 24 && minute == 0 && second == 0 && rest == 0
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 && !midnight || minute > 59 || second > 59 {
		return 0, false
	}
	at := time.Date(year, time.Month(month), day, hour, minute, second, rest*int(time.Millisecond), time.UTC)
	return float64(at.UnixMilli()), true
}

// inOrder is the order of the files' numbers, and of their names where two are equal (utils/comparators.ts,
// compareMigrationFileNames; so since release 7.7). Names that are the same to localeCompare keep the order in which Node lists a folder, which
// is that of their bytes. Earlier releases had the plain localeCompare for names of one number, and those before 9 took a number
// that no underscore follows for 0: where each file has a number of its own before an underscore, all say the same.
func inOrder(a, b migration.Revision) int {
	first, second := fileName(a), fileName(b)
	x, xOK := numberOf(first)
	y, yOK := numberOf(second)
	byNumber := 0
	if xOK && yOK {
		byNumber = cmp.Compare(x, y)
	}
	return cmp.Or(byNumber, collate(first, second), strings.Compare(first, second), strings.Compare(a.File, b.File))
}

// collate compares two ASCII names as JavaScript's localeCompare does with numeric and ignorePunctuation (utils/comparators.ts,
// localeCompareStringsNumerically): punctuation, white space and control characters are nothing, a row of digits counts as
// the number that it is, and a capital letter comes after the small one where all else is the same. Where two names hold anything else, or Node
// runs in a language with an order of its own, ICU can tell otherwise: ambiguous refuses the former.
func collate(a, b string) int {
	capitals := 0
	for {
		var x, y element
		x, a = nextElement(a)
		y, b = nextElement(b)
		if different := x.compare(y); different != 0 {
			return different
		}
		if x.kind == nothing {
			return capitals
		}
		capitals = cmp.Or(capitals, cmp.Compare(x.capital, y.capital))
	}
}

// element is what a name is compared by, in the order of the kinds.
type element struct {
	kind kind
	// text is the letter as a small one, or the number without leading zeros; of a symbol, rank is its place among them.
	text    string
	rank    int
	capital int // 1 where the letter is one
}

type kind int

const (
	nothing kind = iota // the name's end
	symbol
	number
	letter
)

// symbols are the ASCII characters that are neither punctuation nor letters nor digits, in the order of the root collation
// (CLDR, allkeys_CLDR.txt).
const symbols = "`^+<=>|~$"

func (e element) compare(other element) int {
	byText := strings.Compare(e.text, other.text)
	if e.kind == number && other.kind == number {
		byText = cmp.Or(cmp.Compare(len(e.text), len(other.text)), byText)
	}
	return cmp.Or(cmp.Compare(e.kind, other.kind), cmp.Compare(e.rank, other.rank), byText)
}

// nextElement cuts the first element off a name.
func nextElement(name string) (e element, rest string) {
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= '0' && c <= '9':
			digits := prefix(name[i:])
			return element{kind: number, text: strings.TrimLeft(digits, "0")}, name[i+len(digits):]
		case c >= 'a' && c <= 'z' || c >= 0x80:
			return element{kind: letter, text: name[i : i+1]}, name[i+1:]
		case c >= 'A' && c <= 'Z':
			return element{kind: letter, text: strings.ToLower(name[i : i+1]), capital: 1}, name[i+1:]
		case strings.IndexByte(symbols, c) >= 0:
			return element{kind: symbol, rank: strings.IndexByte(symbols, c)}, name[i+1:]
		}
	}
	return element{}, ""
}

func isASCII(name string) bool {
	return strings.IndexFunc(name, func(r rune) bool { return r >= 0x80 }) < 0
}
