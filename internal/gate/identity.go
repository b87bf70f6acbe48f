package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/headgate/headgate/internal/sqltext"
)

// fingerprint names a finding by what it says and not by where it stands, so that it is still the same when
// lines shift: the rule, the cell, the file, the object and the statement without its white space and comments.
func fingerprint(f Finding, sql string) string {
	h := sha256.New()
	for _, part := range []string{f.Rule, f.Cell, f.File, fmt.Sprint(f.Object), bare(sql)} {
		io.WriteString(h, part) //nolint:errcheck // a hash takes everything
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// bare is the tokens of a statement, one space apart.
func bare(sql string) string {
	var tokens []string
	scan := sqltext.NewScanner(sql)
	for t := scan.Next(); t.Kind != sqltext.EOF; t = scan.Next() {
		if t.Kind != sqltext.Comment {
			tokens = append(tokens, sql[t.Start:t.End])
		}
	}
	return strings.Join(tokens, " ")
}

// distinguish numbers the findings of one file that would have the same fingerprint, in their order.
func distinguish(findings []Finding) {
	seen := map[string]int{}
	for i := range findings {
		f := &findings[i]
		seen[f.Fingerprint]++
		if n := seen[f.Fingerprint]; n > 1 {
			f.Fingerprint = fmt.Sprintf("%s-%d", f.Fingerprint, n)
		}
	}
}

// quote gives each finding the text of its line, from the tree that it stands in. A file that cannot be read is shown without.
func quote(findings []Finding, proposed, released fs.FS) {
	files := map[bool]map[string][]string{false: {}, true: {}}
	for i := range findings {
		f := &findings[i]
		sources := proposed
		if f.Released {
			sources = released
		}
		lines, read := files[f.Released][f.File]
		if !read {
			text, err := fs.ReadFile(sources, f.File)
			if err == nil {
				lines = strings.Split(string(text), "\n")
			}
			files[f.Released][f.File] = lines
		}
		if f.Line > 0 && f.Line <= len(lines) {
			f.Source = strings.TrimSuffix(lines[f.Line-1], "\r")
		}
	}
}
