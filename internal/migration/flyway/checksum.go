package flyway

import (
	"hash/crc32"
	"strings"
)

const byteOrderMark = "\ufeff"

// lines are a file's as Java's BufferedReader.readLine has them: CR, LF and CRLF end one.
func lines(text string) []string {
	text = strings.TrimPrefix(text, byteOrderMark)
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// checksum is the CRC-32 of a file's lines without what ends them (ChecksumCalculator.java), signed as Flyway notes it. White
// space within a line counts, and so do comments.
func checksum(text string) int32 {
	sum := crc32.NewIEEE()
	for _, line := range lines(text) {
		_, _ = sum.Write([]byte(strings.ToValidUTF8(line, "\ufffd"))) // a hash does not fail
	}
	return int32(sum.Sum32())
}
