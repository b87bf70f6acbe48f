package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// fingerprint names a finding by what it says and not by where it stands, so that it is still the same when
// lines shift: the rule, the cell, the file, the object and the statement with its white space evened out.
func fingerprint(f Finding, sql string) string {
	h := sha256.New()
	for _, part := range []string{f.Rule, f.Cell, f.File, fmt.Sprint(f.Object), strings.Join(strings.Fields(sql), " ")} {
		io.WriteString(h, part) //nolint:errcheck // a hash takes everything
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
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

// QuoteReleased gives each finding in the released code the text of its line, from the base's tree.
func QuoteReleased(findings []Finding, base fs.FS) { quoteFrom(findings, true, base) }

// quote does so for the findings in the proposed code.
func quote(findings []Finding, sources fs.FS) { quoteFrom(findings, false, sources) }

// quoteFrom shows a file that cannot be read without its text.
func quoteFrom(findings []Finding, released bool, sources fs.FS) {
	files := map[string][]string{}
	for i := range findings {
		f := &findings[i]
		if f.Released != released {
			continue
		}
		lines, read := files[f.File]
		if !read {
			text, err := fs.ReadFile(sources, f.File)
			if err == nil {
				lines = strings.Split(string(text), "\n")
			}
			files[f.File] = lines
		}
		if f.Line > 0 && f.Line <= len(lines) {
			f.Source = strings.TrimSuffix(lines[f.Line-1], "\r")
		}
	}
}
