// Package report shows a check's outcome to people and machines. Each report format is a folder
// below; this package has what they share: the interface, the words, and the way in which hostile
// text is made harmless.
package report

import (
	"io"

	"github.com/headgate/headgate/internal/gate"
)

// Format writes one kind of report. What a format can be told (colour, links, a size) is fields of
// its type.
type Format interface {
	// Name is the format's name in settings, such as "json".
	Name() string
	// Write writes the whole report of r, which it does not change. File names, messages and
	// object names of r are taken for hostile. The error is the writer's.
	Write(w io.Writer, r *gate.Result) error
}
