package sqltext

import "strings"

// Unquote gives the name that an identifier token stands for: folded to lower case where it is
// unquoted, its quotes taken off where it is quoted (manual, section 4.1.1). U&"…" escapes are
// left as they stand.
func Unquote(ident string) string {
	if len(ident) > 3 && (ident[0]|0x20) == 'u' && ident[1] == '&' {
		ident = ident[2:]
	}
	if len(ident) >= 2 && ident[0] == '"' && ident[len(ident)-1] == '"' {
		return strings.ReplaceAll(ident[1:len(ident)-1], `""`, `"`)
	}
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, ident)
}
