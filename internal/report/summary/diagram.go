package summary

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/gate"
)

// maxNodes is how many revisions a diagram shows; a larger one nobody can read.
const maxNodes = 60

// diagram draws the pending part of a graph of revisions, with the released ones that it hangs on, for GitHub to show
// (mermaid.js.org, "Flowcharts"). A history that is no graph has no parents, and nothing is drawn.
func diagram(b *strings.Builder, pending []gate.Pending) {
	nodes := map[string]int{}
	var lines []string
	node := func(version string) int {
		n, known := nodes[version]
		if !known {
			n = len(nodes)
			nodes[version] = n
		}
		return n
	}
	for _, m := range pending {
		for _, parent := range m.Parents {
			lines = append(lines, fmt.Sprintf("  n%d[\"%s\"] --> n%d[\"%s\"]", node(parent), label(parent), node(m.Version), label(m.Version)))
		}
	}
	if len(lines) == 0 || len(nodes) > maxNodes {
		return
	}
	b.WriteString("```mermaid\nflowchart LR\n")
	for _, line := range lines {
		b.WriteString(line + "\n")
	}
	for _, m := range pending {
		if n, drawn := nodes[m.Version]; drawn {
			fmt.Fprintf(b, "  class n%d pending\n", n)
		}
	}
	b.WriteString("  classDef pending stroke-dasharray: 5 5\n```\n\nRevisions with a dashed frame are pending.\n\n")
}

// label is a version without anything that has a meaning in a diagram or ends its fence.
func label(version string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r == '-', r == '.':
			return r
		}
		return '?'
	}, version)
	return clean[:min(len(clean), 40)]
}
