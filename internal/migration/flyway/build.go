package flyway

import (
	"encoding/xml"
	"regexp"
	"strings"
)

// plugin is one of Maven's, as far as it matters here.
type plugin struct {
	ArtifactID    string `xml:"artifactId"`
	Configuration node   `xml:"configuration"`
}

type node struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
	Nodes   []node `xml:",any"`
}

// maven are the settings of flyway-maven-plugin in a pom.xml, and those among its properties. A file that is no such XML has none.
func maven(text []byte) map[string]string {
	var project struct {
		Properties node     `xml:"properties"`
		Plugins    []plugin `xml:"build>plugins>plugin"`
		Managed    []plugin `xml:"build>pluginManagement>plugins>plugin"`
	}
	if xml.Unmarshal(text, &project) != nil {
		return nil
	}
	found := map[string]string{}
	for _, p := range project.Properties.Nodes {
		if key, ok := strings.CutPrefix(p.XMLName.Local, "flyway."); ok && key != "version" {
			found[key] = strings.TrimSpace(p.Text)
		}
	}
	for _, p := range append(project.Managed, project.Plugins...) {
		if p.ArtifactID != "flyway-maven-plugin" {
			continue
		}
		for _, setting := range p.Configuration.Nodes {
			name := setting.XMLName.Local
			switch {
			case name == "placeholders":
				for _, n := range setting.Nodes {
					found["placeholders."+n.XMLName.Local] = strings.TrimSpace(n.Text)
				}
			case len(setting.Nodes) > 0:
				var parts []string
				for _, n := range setting.Nodes {
					parts = append(parts, strings.TrimSpace(n.Text))
				}
				found[name] = strings.Join(parts, ",")
			default:
				found[name] = strings.TrimSpace(setting.Text)
			}
		}
	}
	return found
}

var (
	gradleBlock   = regexp.MustCompile(`(?m)^\s*flyway\s*\{`)
	gradleSetting = regexp.MustCompile(`(?m)^\s*(\w+)\s*(?:=|\s)\s*(.+)$`)
	gradleString  = regexp.MustCompile(`"([^"]*)"|'([^']*)'`)
)

// gradle are the settings of the block `flyway` in a Gradle file, in Groovy or Kotlin: those that are plain values on one line.
func gradle(text string) map[string]string {
	at := gradleBlock.FindStringIndex(text)
	if at == nil {
		return nil
	}
	block := text[at[1]:]
	depth := 1
	for i, c := range block {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			block = block[:i]
			break
		}
	}
	found := map[string]string{}
	for _, m := range gradleSetting.FindAllStringSubmatch(block, -1) {
		value := strings.TrimSpace(m[2])
		if strings.HasPrefix(m[1], "placeholder") && strings.Contains(value, ":") {
			continue // a map
		}
		if strings.ContainsAny(value, `"'`) {
			var parts []string
			for _, s := range gradleString.FindAllStringSubmatch(value, -1) {
				parts = append(parts, s[1]+s[2])
			}
			value = strings.Join(parts, ",")
		}
		found[m[1]] = value
	}
	return found
}
