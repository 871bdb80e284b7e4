package web

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"go.yaml.in/yaml/v3"
)

//go:embed openapi.yaml
var specText []byte

// The reference page is the OpenAPI document, read once at start-up and laid out for people. Only
// what the page shows is decoded.

type specDoc struct {
	Info struct {
		Title, Version, Description string
	}
	Tags       []struct{ Name, Description string }
	Paths      yaml.Node // in the document's order
	Webhooks   yaml.Node // in the document's order
	Components struct {
		Schemas         map[string]specSchema
		Parameters      map[string]specParameter
		SecuritySchemes map[string]struct{ Description string } `yaml:"securitySchemes"`
	}
}

type specOperation struct {
	OperationID string   `yaml:"operationId"`
	Tags        []string `yaml:"tags"`
	Summary     string
	Description string
	Permission  string `yaml:"x-permission"`
	Parameters  []specParameter
	RequestBody struct {
		Content map[string]struct{ Schema specSchema }
	} `yaml:"requestBody"`
	Responses map[string]yaml.Node
}

type specParameter struct {
	Ref                   string `yaml:"$ref"`
	Name, In, Description string
	Required              bool
}

type specSchema struct {
	Ref         string `yaml:"$ref"`
	Type        specType
	Format      string
	Description string
	Enum        []string
	Required    []string
	Properties  map[string]specSchema
	Items       *specSchema
}

// specType is a schema's type: one name, or several of which "null" is one.
type specType string

// UnmarshalYAML reads both spellings.
func (s *specType) UnmarshalYAML(node *yaml.Node) error {
	var several []string
	if node.Kind == yaml.SequenceNode {
		if err := node.Decode(&several); err != nil {
			return err
		}
		*s = specType(strings.Join(several, " or "))
		return nil
	}
	return node.Decode((*string)(s))
}

// What the template shows.

type reference struct {
	Title, Version, Description string
	Auth                        []string
	Groups                      []referenceGroup
	Events                      []referenceEvent
	Schemas                     []referenceSchema
	Codes                       []referenceCode
}

type referenceGroup struct {
	Name, Description string
	Operations        []referenceOperation
}

type referenceOperation struct {
	ID, Method, Path, Summary, Description, Permission, Body string
	Parameters                                               []specParameter
	Answers                                                  []string
}

type referenceEvent struct{ Name, Summary string }

type referenceSchema struct {
	Name, Description string
	Fields            []referenceField
}

type referenceField struct {
	Name, Type, Description string
	Required                bool
}

type referenceCode struct {
	Code   string
	Status int
	Title  string
}

// manual is the document that this program was built with, read once.
//
//nolint:gochecknoglobals // never changes: it is compiled in
var manual = sync.OnceValues(func() (reference, error) { return readReference(specText) })

// readReference decodes the document and orders it by tag and path.
func readReference(text []byte) (reference, error) {
	var doc specDoc
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return reference{}, fmt.Errorf("web: openapi.yaml: %w", err)
	}
	r := reference{Title: doc.Info.Title, Version: doc.Info.Version, Description: doc.Info.Description}
	for _, tag := range doc.Tags {
		group := referenceGroup{Name: tag.Name, Description: tag.Description}
		for i := 0; i+1 < len(doc.Paths.Content); i += 2 {
			operations, err := operationsOf(doc, doc.Paths.Content[i].Value, doc.Paths.Content[i+1], tag.Name)
			if err != nil {
				return reference{}, err
			}
			group.Operations = append(group.Operations, operations...)
		}
		r.Groups = append(r.Groups, group)
	}
	for i := 0; i+1 < len(doc.Webhooks.Content); i += 2 {
		var hook struct{ Post struct{ Summary string } }
		if err := doc.Webhooks.Content[i+1].Decode(&hook); err != nil {
			return reference{}, fmt.Errorf("web: openapi.yaml: webhooks: %w", err)
		}
		r.Events = append(r.Events, referenceEvent{doc.Webhooks.Content[i].Value, hook.Post.Summary})
	}
	for _, name := range sortedKeys(doc.Components.Schemas) {
		r.Schemas = append(r.Schemas, schemaOf(name, doc.Components.Schemas[name]))
	}
	for _, name := range sortedKeys(doc.Components.SecuritySchemes) {
		r.Auth = append(r.Auth, doc.Components.SecuritySchemes[name].Description)
	}
	all := kinds()
	for _, code := range sortedKeys(all) {
		r.Codes = append(r.Codes, referenceCode{string(code), all[code].status, all[code].title.EN})
	}
	return r, nil
}

// operationsOf returns the operations of one path under one tag.
func operationsOf(doc specDoc, path string, node *yaml.Node, tag string) ([]referenceOperation, error) {
	var item map[string]yaml.Node
	if err := node.Decode(&item); err != nil {
		return nil, fmt.Errorf("web: openapi.yaml: %s: %w", path, err)
	}
	var shared []specParameter
	if node, ok := item["parameters"]; ok {
		if err := node.Decode(&shared); err != nil {
			return nil, fmt.Errorf("web: openapi.yaml: %s: %w", path, err)
		}
	}
	var found []referenceOperation
	for _, method := range []string{"post", "get"} {
		node, ok := item[method]
		if !ok {
			continue
		}
		var op specOperation
		if err := node.Decode(&op); err != nil {
			return nil, fmt.Errorf("web: openapi.yaml: %s %s: %w", method, path, err)
		}
		if !slices.Contains(op.Tags, tag) {
			continue
		}
		entry := referenceOperation{
			ID: op.OperationID, Method: strings.ToUpper(method), Path: path, Summary: op.Summary, Description: op.Description, Permission: op.Permission,
			Answers: sortedKeys(op.Responses),
		}
		for _, p := range slices.Concat(shared, op.Parameters) {
			if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
				p = doc.Components.Parameters[name]
			}
			entry.Parameters = append(entry.Parameters, p)
		}
		for _, content := range op.RequestBody.Content {
			if content.Schema.Ref != "" { // the others are described by their operation
				entry.Body = typeOf(content.Schema)
			}
		}
		found = append(found, entry)
	}
	return found, nil
}

func schemaOf(name string, schema specSchema) referenceSchema {
	out := referenceSchema{Name: name, Description: schema.Description}
	for _, field := range sortedKeys(schema.Properties) {
		p := schema.Properties[field]
		text := p.Description
		if len(p.Enum) > 0 {
			text = strings.TrimSpace(text + " " + strings.Join(p.Enum, " | "))
		}
		out.Fields = append(out.Fields, referenceField{field, typeOf(p), text, slices.Contains(schema.Required, field)})
	}
	if len(schema.Enum) > 0 {
		out.Description = strings.TrimSpace(out.Description + " " + strings.Join(schema.Enum, " | "))
	}
	return out
}

func typeOf(s specSchema) string {
	switch {
	case s.Ref != "":
		return strings.TrimPrefix(s.Ref, "#/components/schemas/")
	case s.Items != nil:
		return "list of " + typeOf(*s.Items)
	default:
		return string(s.Type)
	}
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// prose renders a description's Markdown. Raw HTML in it is left out.
func prose(text string) (template.HTML, error) {
	var out bytes.Buffer
	if err := goldmark.Convert([]byte(text), &out); err != nil {
		return "", fmt.Errorf("web: openapi.yaml: a description: %w", err)
	}
	return template.HTML(out.String()), nil //nolint:gosec // the document is ours, and goldmark escapes what is no Markdown
}

// inline renders a description that stands in a line: a paragraph without its frame.
func inline(text string) (template.HTML, error) {
	html, err := prose(text)
	inner, ok := strings.CutPrefix(strings.TrimSpace(string(html)), "<p>")
	if inner, closed := strings.CutSuffix(inner, "</p>"); ok && closed && !strings.Contains(inner, "<p>") {
		return template.HTML(inner), err //nolint:gosec // as above
	}
	return html, err
}

func (s *Server) openapi(c *call) error {
	c.Response().Header().Set("Cache-Control", "no-cache")
	s.write(c, http.StatusOK, "application/yaml; charset=utf-8", specText)
	return nil
}

func (s *Server) reference(c *call) error {
	return s.render(c, http.StatusOK, "reference.html", "'none'", sheet{Title: "paymux API", View: s.manual})
}
