package web

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-playground/validator/v10"

	"github.com/paymux/paymux/core"
)

// maxDepth is the deepest nesting of a request; ours need three (W21).
const maxDepth = 8

// decode reads a body into a request, strictly, before any handler sees it: one object, no member unknown, twice or in another case, no null, no number
// that is not an integer, nothing after it (A04, A05, W04). Then it validates. Errors name the field as the caller wrote it.
func (s *Server) decode(body []byte, into any) error {
	body = mendSurrogates(body)
	if err := scan(body); err != nil {
		return err
	}
	if err := json.Unmarshal(body, into, json.RejectUnknownMembers(true)); err != nil {
		return decodeProblem(err)
	}
	if request, ok := into.(interface{ leaveOutEmpty() }); ok {
		request.leaveOutEmpty()
	}
	return s.check(into)
}

// scan walks the tokens: what is wrong with any JSON of ours, whatever request it is.
func scan(body []byte) error {
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	if kind := dec.PeekKind(); kind != '{' && len(bytes.TrimSpace(body)) > 0 && kind != 0 {
		return &core.Error{Code: core.CodeInvalid, Message: "the body must be one JSON object"}
	}
	for empty := true; ; empty = false {
		token, err := dec.ReadToken()
		switch {
		case errors.Is(err, io.EOF) && !empty:
			return nil
		case errors.Is(err, io.EOF):
			return &core.Error{Code: core.CodeInvalid, Message: "the body is empty"}
		case err != nil:
			return decodeProblem(err)
		case token.Kind() == 'n':
			return invalidField(fieldOf(dec.StackPointer()), "is null; leave out what has no value")
		case dec.StackDepth() > maxDepth:
			return &core.Error{Code: core.CodeInvalid, Message: "the body is nested too deeply"}
		}
	}
}

// decodeProblem says what is wrong in our own words; the library's text would show Go types.
func decodeProblem(err error) error {
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &syntax):
		return invalidField(fieldOf(syntax.JSONPointer), "is given twice")
	case errors.Is(err, json.ErrUnknownName) && errors.As(err, &semantic):
		return invalidField(fieldOf(semantic.JSONPointer), "is not a field of this request; names are in lower case")
	case errors.As(err, &semantic):
		return invalidField(fieldOf(semantic.JSONPointer), "must be "+wanted(semantic.GoType))
	case errors.As(err, &syntax):
		return &core.Error{Code: core.CodeInvalid, Field: fieldOf(syntax.JSONPointer), Message: "the body is not well-formed JSON in UTF-8"}
	default:
		return &core.Error{Code: core.CodeInvalid, Message: "the body is not well-formed JSON in UTF-8", Err: err}
	}
}

func wanted(t reflect.Type) string {
	if t == nil {
		return "of another type"
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		return "an integer: no fraction, no exponent, no quotes, and within range"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	default:
		return "of another type"
	}
}

// fieldOf turns /goods/0/price_fen into goods[0].price_fen.
func fieldOf(pointer jsontext.Pointer) string {
	var b strings.Builder
	for token := range pointer.Tokens() {
		if _, err := strconv.ParseUint(token, 10, 32); err == nil && b.Len() > 0 {
			b.WriteString("[" + token + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(clip(token))
	}
	return b.String()
}

func newValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return name
	})
	return v
}

// check applies the validate tags and names the first offender by its JSON name.
func (s *Server) check(request any) error {
	err := s.validate.Struct(request)
	var failures validator.ValidationErrors
	if !errors.As(err, &failures) {
		return err
	}
	_, field, _ := strings.Cut(failures[0].Namespace(), ".")
	return invalidField(clip(field), explain(failures[0]))
}

func explain(f validator.FieldError) string {
	unit := ""
	switch f.Kind() {
	case reflect.String:
		unit = " characters"
	case reflect.Slice, reflect.Map:
		unit = " entries"
	default:
	}
	switch f.Tag() {
	case "required":
		if f.Kind() == reflect.Int || f.Kind() == reflect.Int64 { // the tag cannot tell zero from nothing
			return "is missing, or zero"
		}
		return "is missing"
	case "min":
		return "must be at least " + f.Param() + unit
	case "max":
		return "must be at most " + f.Param() + unit
	case "oneof":
		return "must be one of: " + f.Param()
	case "ip":
		return "must be an IP address"
	case "excluded_with", "required_without":
		return "give one of the two, not both and not neither"
	default:
		return "has a form that is not accepted"
	}
}
