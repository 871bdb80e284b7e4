package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scanKeys walks the file's own keys before viper sees them, because viper
// folds their case and would let `Listen` quietly stand beside `listen`. It
// returns the line of every path, and what is wrong with the keys.
func scanKeys(text []byte) (map[string]int, Problems) {
	lines := map[string]int{}
	var problems Problems
	var doc, second yaml.Node
	reader := yaml.NewDecoder(bytes.NewReader(text))
	err := reader.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		problems.add("file", "is empty", "start from config/example.yaml")
		return lines, problems
	case err != nil:
		problems.add("file", strings.TrimPrefix(err.Error(), "yaml: "), "write it as YAML")
		return lines, problems
	}
	if err := reader.Decode(&second); !errors.Is(err, io.EOF) {
		problems.add("file", "holds more than one document", "remove the --- line")
	}
	if root := doc.Content[0]; root.Kind == yaml.MappingNode {
		scanNode(root, "", lines, &problems)
	} else {
		problems.add("file", "must be a list of settings by name", "start from config/example.yaml")
	}
	return lines, problems
}

func scanNode(node *yaml.Node, path string, lines map[string]int, problems *Problems) {
	switch node.Kind {
	case yaml.MappingNode:
		scanMapping(node, path, lines, problems)
	case yaml.SequenceNode:
		for i, item := range node.Content {
			at := fmt.Sprintf("%s[%d]", path, i)
			lines[at] = item.Line
			scanNode(item, at, lines, problems)
		}
	case yaml.AliasNode:
		*problems = append(*problems, Problem{
			Path: path, Line: node.Line,
			What: "is an alias (*)", Mend: "write the value out: what is meant should stand where it is read",
		})
	default:
	}
}

func scanMapping(node *yaml.Node, path string, lines map[string]int, problems *Problems) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		lines[at] = key.Line
		folded := strings.ToLower(key.Value)
		switch {
		case seen[folded]:
			*problems = append(*problems, Problem{at, key.Line, "is set twice", "keep one"})
		case folded != key.Value || strings.ContainsAny(key.Value, ". ") || key.Value == "<<":
			*problems = append(*problems, Problem{at, key.Line, "is not a setting", "settings are in lower case, a-z and _"})
		}
		seen[folded] = true
		scanNode(value, at, lines, problems)
	}
}
