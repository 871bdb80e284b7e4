package core_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// fill gives every field that reflection can reach a value of its own, and every list and map
// something in it.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("s", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(uint64(*n % 200))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if _, ok := reflect.TypeAssert[time.Time](v); ok {
			v.Set(reflect.ValueOf(time.Unix(int64(*n), 0).UTC()))
			return
		}
		for field, value := range v.Fields() {
			if field.IsExported() {
				fill(value, n)
			}
		}
	default:
		panic("fill does not know " + v.Type().String())
	}
}

func fullOf[T any]() *T {
	var v T
	n := 0
	fill(reflect.ValueOf(&v).Elem(), &n)
	return &v
}

// shared names what two values of one type have in common in memory.
func shared(a, b reflect.Value, path string) (names []string) {
	switch a.Kind() {
	case reflect.Slice:
		if a.UnsafePointer() == b.UnsafePointer() {
			names = append(names, path)
		}
		for i := range min(a.Len(), b.Len()) {
			names = append(names, shared(a.Index(i), b.Index(i), path+"[]")...)
		}
	case reflect.Map:
		if a.UnsafePointer() == b.UnsafePointer() {
			names = append(names, path)
		}
	case reflect.Struct:
		if _, ok := reflect.TypeAssert[time.Time](a); ok {
			return nil
		}
		for i := range a.NumField() {
			names = append(names, shared(a.Field(i), b.Field(i), path+"."+a.Type().Field(i).Name)...)
		}
	}
	return names
}

func wantApart[T any](t *testing.T, given, copied *T) {
	t.Helper()
	if given == copied || !reflect.DeepEqual(given, copied) {
		t.Errorf("%T is no equal copy", *given)
	}
	if names := shared(reflect.ValueOf(*given), reflect.ValueOf(*copied), fmt.Sprintf("%T", *given)); len(names) > 0 {
		t.Errorf("a copy shares its memory: %v", names)
	}
}

// What Decide sees is a copy to its last list: a run that is repeated begins with clean rows,
// whatever the one before did to them.
func TestCopiesShareNothing(t *testing.T) {
	key, view := core.Key{Value: "k"}, core.NewView()
	o, idem, box, delivery := fullOf[core.Order](), fullOf[core.Idempotency](), fullOf[core.Inbox](), fullOf[core.Delivery]()
	view.SetOrder(key, o)
	view.SetIdempotency(key, idem)
	view.SetInbox(key, box)
	view.SetDelivery(key, delivery)
	wantApart(t, o, o.Clone())
	wantApart(t, o, view.Order(key))
	wantApart(t, idem, view.Idempotency(key))
	wantApart(t, box, view.Inbox(key))
	wantApart(t, delivery, view.Delivery(key))
}

// What a caller hands in stays as it is.
func TestRequestsStayAsTheyAre(t *testing.T) {
	w := newWorld(t)
	req := order("A1", "alipay", 100)
	req.Lines[0].Name = "咖\u200b啡"
	before := req.Lines[0]
	must(w.Checkout(t.Context(), shopCaller, req))
	must(w.Check("m1", req))
	if req.Lines[0] != before {
		t.Errorf("%+v", req.Lines[0])
	}
}

// spokenIn wants every word below v to be in one language, in both places.
func spokenIn(t *testing.T, v reflect.Value, want core.Language, path string) {
	t.Helper()
	if w, ok := reflect.TypeAssert[core.Words](v); ok {
		if said := "zh of " + w.ZH[len("zh of "):]; want == core.English && (w.ZH != w.EN || w.ZH[:2] != "en") || want == core.Chinese && (w.EN != said || w.ZH != said) {
			t.Errorf("%s in %s: %+v", path, want, w)
		}
		return
	}
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			spokenIn(t, v.Index(i), want, path+"[]")
		}
	case reflect.Struct:
		for field, value := range v.Fields() {
			spokenIn(t, value, want, path+"."+field.Name)
		}
	}
}

// worded gives every word below v text of its own in both languages.
func worded(v reflect.Value, path string) {
	if _, ok := reflect.TypeAssert[core.Words](v); ok {
		v.Set(reflect.ValueOf(core.Words{ZH: "zh of " + path, EN: "en of " + path}))
		return
	}
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			worded(v.Index(i), fmt.Sprint(path, "[", i, "]"))
		}
	case reflect.Struct:
		for field, value := range v.Fields() {
			worded(value, path+"."+field.Name)
		}
	}
}

// Every word of a decision and of an offer is said in the language that is asked for, each its own,
// and the rulebook's own stay as they are.
func TestEveryWordIsSpoken(t *testing.T) {
	decision, offer := fullOf[core.Decision](), fullOf[core.Offer]()
	worded(reflect.ValueOf(decision).Elem(), "decision")
	worded(reflect.ValueOf(offer).Elem(), "offer")
	kept, keptOffer := fmt.Sprintf("%+v", *decision), fmt.Sprintf("%+v", *offer)
	for _, l := range []core.Language{core.Chinese, core.English} {
		said, offered := decision.In(l), offer.In(l)
		spokenIn(t, reflect.ValueOf(said), l, "decision")
		spokenIn(t, reflect.ValueOf(offered), l, "offer")
		if fmt.Sprintf("%+v", *decision) != kept || fmt.Sprintf("%+v", *offer) != keptOffer {
			t.Fatal("speaking changes what the rulebook has")
		}
		// Each word is its own: what is said differs from the given in the language alone.
		if got, want := fmt.Sprintf("%+v", said), strings.NewReplacer("zh of", string(l)+" of", "en of", string(l)+" of").Replace(kept); got != want {
			t.Errorf("said %s\nwant %s", got, want)
		}
		if got, want := fmt.Sprintf("%+v", offered), strings.NewReplacer("zh of", string(l)+" of", "en of", string(l)+" of").Replace(keptOffer); got != want {
			t.Errorf("said %s\nwant %s", got, want)
		}
	}
	if w := (core.Words{ZH: "zh", EN: "en"}); w.In("fr") != "zh" || w.Only("fr") != (core.Words{ZH: "zh", EN: "zh"}) {
		t.Error("Chinese is the default")
	}
	var read core.Words
	if err := read.UnmarshalText([]byte("x")); err != nil || read != (core.Words{ZH: "x", EN: "x"}) {
		t.Errorf("%+v %v", read, err)
	}
}

// Every list of a type's values has all of its constants.
func TestListsAreWhole(t *testing.T) {
	strs := func(list any) (all []string) {
		v := reflect.ValueOf(list)
		for i := range v.Len() {
			all = append(all, v.Index(i).String())
		}
		slices.Sort(all)
		return all
	}
	listed := map[string][]string{
		"Point": strs(core.Points()), "EventType": strs(core.EventTypes()), "DeliveryState": strs(core.DeliveryStates()),
		"LedgerAccount": strs(core.LedgerAccounts()), "PaymentStatus": strs(core.PaymentStatuses()), "PaymentStep": strs(core.PaymentSteps()),
		"AttemptState": strs(core.AttemptStates()), "RefundStatus": strs(core.RefundStatuses()),
	}
	found := map[string][]string{}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if name, ok := spec.Type.(*ast.Ident); ok && listed[name.Name] != nil && len(spec.Values) == 1 {
				found[name.Name] = append(found[name.Name], strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`))
			}
			return true
		})
	}
	for name, list := range listed {
		slices.Sort(found[name])
		if !slices.Equal(list, found[name]) {
			t.Errorf("%s: listed %v, declared %v", name, list, found[name])
		}
	}
	for _, a := range core.LedgerAccounts() {
		if want := a == core.LedgerTransit || a == core.LedgerSuspense; a.Clearing() != want {
			t.Errorf("%s clears: %v", a, a.Clearing())
		}
	}
}
