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

// decode reads a body into a request, strictly, before any handler acts on it: one object, no
// member unknown, twice or in another case, no null, no number that is not an integer, nothing
// after it (A04, A05, W04). Then it validates, and asks core about the values. All that is wrong is
// told at once, by the fields' names as the caller wrote them; what was found first about a field,
// or about something within it, is all that is said of it.
func (s *Server) decode(c *call, into any, ask func() core.Request) error {
	var found blame
	found.add(c.keyWrong)
	body := mendSurrogates(c.body)
	if err := scan(body); err != nil { // not JSON: what would be read of it is a guess
		found.add(err)
		return core.Mistaken(found.list)
	}
	walk(jsontext.Value(body), reflect.ValueOf(into).Elem(), "", &found)
	if request, ok := into.(interface{ leaveOutEmpty() }); ok {
		request.leaveOutEmpty()
	}
	for _, m := range s.check(into) {
		found.say(m)
	}
	if ask != nil {
		for _, m := range core.MistakesOf(s.Cashier.Mistakes(c.key.MerchantID, ask())) {
			// nothing is known of the sum then
			if m.Code != core.CodeAmountMismatch || !found.about("amount_fen") && !found.about("goods") {
				found.say(m)
			}
		}
	}
	return core.Mistaken(found.list)
}

// blame is what was found wrong so far.
type blame struct{ list []core.Mistake }

func (b *blame) add(err error) { b.list = append(b.list, core.MistakesOf(err)...) }

// say adds a mistake unless its field, or what holds it, is blamed already: what a wrong value is
// read as has mistakes of its own that nobody made.
func (b *blame) say(m core.Mistake) {
	for _, known := range b.list {
		rest, within := strings.CutPrefix(m.Field, known.Field)
		if known.Field != "" && within && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return
		}
	}
	b.list = append(b.list, m)
}

// about tells whether anything is wrong with a member or within it.
func (b *blame) about(member string) bool {
	for _, known := range b.list {
		rest, within := strings.CutPrefix(known.Field, member)
		if within && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

// scan walks the tokens: what is not JSON, whatever request it is, or nests too deeply to be looked
// at.
func scan(body []byte) error {
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
	if kind := dec.PeekKind(); kind != '{' && len(bytes.TrimSpace(body)) > 0 && kind != 0 {
		return &core.Error{Code: core.CodeInvalid, Message: "the body must be one JSON object"}
	}
	for {
		_, err := dec.ReadToken()
		switch {
		case errors.Is(err, io.EOF):
			return &core.Error{Code: core.CodeInvalid, Message: "the body is empty"}
		case err != nil:
			return malformed(err)
		case dec.StackDepth() > maxDepth:
			return &core.Error{Code: core.CodeInvalid, Message: "the body is nested too deeply"}
		case dec.StackDepth() == 0: // the object is over, and so must be the body
			if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
				return malformed(err)
			}
			return nil
		}
	}
}

// malformed says in our own words what is not JSON; the library's text would show more than helps.
func malformed(err error) error {
	out := &core.Error{Code: core.CodeInvalid, Message: "the body is not well-formed JSON in UTF-8", Err: err}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		out.Field = fieldOf(syntax.JSONPointer)
	}
	return out
}

// walk reads a value into its place, and goes on past what is wrong in it. The value is
// well-formed, and what it may be is what requests are made of: structs, lists, maps of text, text
// and integers, and pointers to them for what may be absent.
func walk(value jsontext.Value, into reflect.Value, path string, found *blame) {
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	kind := value.Kind()
	switch {
	case kind == 'n':
		found.add(invalidField(path, "is null; leave out what has no value"))
	case into.Kind() == reflect.Struct && kind == '{', into.Kind() == reflect.Map && kind == '{':
		walkMembers(value, into, path, found)
	case into.Kind() == reflect.Slice && kind == '[':
		dec := jsontext.NewDecoder(bytes.NewReader(value), jsontext.AllowDuplicateNames(true))
		_, _ = dec.ReadToken()
		for i := 0; dec.PeekKind() != ']'; i++ {
			item, err := dec.ReadValue()
			if err != nil { // the scan has read all of it
				return
			}
			into.Set(reflect.Append(into, reflect.Zero(into.Type().Elem())))
			walk(item.Clone(), into.Index(i), path+"["+strconv.Itoa(i)+"]", found)
		}
	default:
		if err := json.Unmarshal(value, into.Addr().Interface()); err != nil {
			into.SetZero()
			found.add(invalidField(path, wanted(into.Kind())))
		}
	}
}

// walkMembers reads an object's members, each once.
func walkMembers(value jsontext.Value, into reflect.Value, path string, found *blame) {
	dec := jsontext.NewDecoder(bytes.NewReader(value), jsontext.AllowDuplicateNames(true))
	_, _ = dec.ReadToken()
	seen := map[string]bool{}
	for dec.PeekKind() != '}' {
		token, err := dec.ReadToken()
		if err != nil {
			return
		}
		name := token.String()
		item, err := dec.ReadValue()
		if err != nil {
			return
		}
		at := strings.TrimPrefix(path+"."+clip(name), ".")
		member, known := memberOf(into, name)
		switch {
		case seen[name]:
			found.say(core.Mistake{Field: at, Code: core.CodeInvalid, Message: "is given twice"})
		case !known:
			found.add(invalidField(at, "is not a field of this request; names are in lower case"))
		default:
			walk(item.Clone(), member, at, found)
		}
		if into.Kind() == reflect.Map && !seen[name] {
			into.SetMapIndex(reflect.ValueOf(name), member)
		}
		seen[name] = true
	}
}

// memberOf finds where a member goes: the field of that name, to the letter, or a new entry of a
// map.
func memberOf(into reflect.Value, name string) (reflect.Value, bool) {
	if into.Kind() == reflect.Map {
		if into.IsNil() {
			into.Set(reflect.MakeMap(into.Type()))
		}
		return reflect.New(into.Type().Elem()).Elem(), true
	}
	for i := range into.NumField() {
		if into.Type().Field(i).Tag.Get("json") == name {
			return into.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// wanted says what a member must be.
func wanted(kind reflect.Kind) string {
	switch kind {
	case reflect.Int, reflect.Int64:
		return "must be an integer: no fraction, no exponent, no quotes, and within range"
	case reflect.String:
		return "must be a string"
	case reflect.Slice:
		return "must be a list"
	case reflect.Struct, reflect.Map:
		return "must be an object"
	default:
		return "must be of another type"
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

// check applies the validate tags and names all offenders by their JSON names.
func (s *Server) check(request any) []core.Mistake {
	var failures validator.ValidationErrors
	if !errors.As(s.validate.Struct(request), &failures) {
		return nil
	}
	list := make([]core.Mistake, len(failures))
	for i, f := range failures {
		_, field, _ := strings.Cut(f.Namespace(), ".")
		// an entry of the one map is named as a member is
		if key, within := strings.CutPrefix(field, "metadata["); within {
			field = "metadata." + strings.TrimSuffix(key, "]")
		}
		list[i] = core.Mistake{Field: clip(field), Code: core.CodeInvalid, Message: explain(f)}
	}
	return list
}

func explain(f validator.FieldError) string {
	counted := "" // what the bound counts
	switch f.Kind() {
	case reflect.String:
		counted = " characters"
	case reflect.Slice, reflect.Map:
		counted = " entries"
	default:
	}
	switch f.Tag() + counted {
	case "min characters":
		return "must be at least " + f.Param() + " characters"
	case "min entries":
		return "must be at least " + f.Param() + " entries"
	case "min":
		return "must be at least " + f.Param()
	case "max characters":
		return "must be at most " + f.Param() + " characters"
	case "max entries":
		return "must be at most " + f.Param() + " entries"
	case "max":
		return "must be at most " + f.Param()
	}
	switch f.Tag() {
	case "required":
		// the tag cannot tell zero from nothing
		if f.Kind() == reflect.Int || f.Kind() == reflect.Int64 {
			return "is missing, or zero"
		}
		return "is missing"
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
