package script

import (
	"strings"

	"github.com/headgate/headgate/internal/sqltext"
)

// StatementsAndRows makes a message of each statement in a file's text, for tools that send the rows which stand below a
// COPY … FROM STDIN, from the next line to one that is \. alone. Rows that no such line ends go up to the text's end.
func StatementsAndRows(text string) []Message {
	var messages []Message
	at := newLocator(text)
	for next := 0; next < len(text); {
		start := next
		next = len(text)
		for span := range sqltext.Statements(text[start:]) {
			m := at.message(start+span.Start, start+span.End)
			m.Copies = awaitsData(m.SQL)
			if m.Copies {
				m.Rows, next = rows(text, start+span.End)
			}
			messages = append(messages, m)
			if m.Copies {
				break
			}
		}
	}
	return messages
}

// rows are those below the line that a statement ends in, and where what follows them begins.
func rows(text string, end int) (data string, next int) {
	line := strings.IndexByte(text[end:], '\n')
	if line < 0 {
		return "", len(text)
	}
	start := end + line + 1
	for at := start; at < len(text); {
		length := strings.IndexByte(text[at:], '\n') + 1
		if length == 0 {
			length = len(text) - at
		}
		if strings.TrimSpace(text[at:at+length]) == `\.` {
			return text[start:at], at + length
		}
		at += length
	}
	return text[start:], len(text)
}
